"""Access and identity: what Piccolo's table operations cannot say.

Every change of who may do what raises one number, in the transaction of the change: also for SQL typed by hand.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T20:13:07:412806"
VERSION = "1.38.0"
DESCRIPTION = "Access and identity: versions, history, rights"

KEYS = """
ALTER TABLE access_change DROP CONSTRAINT IF EXISTS access_change_pkey;
ALTER TABLE access_change ADD CONSTRAINT access_change_pkey PRIMARY KEY (version, subject);
ALTER TABLE access_denial DROP CONSTRAINT IF EXISTS access_denial_pkey;
ALTER TABLE access_denial ADD CONSTRAINT access_denial_pkey PRIMARY KEY (actor, action, scope, rule, window_at);
CREATE SEQUENCE IF NOT EXISTS scope_parent_id AS bigint;
ALTER TABLE scope_parent ALTER COLUMN id SET DEFAULT nextval('scope_parent_id');
ALTER SEQUENCE scope_parent_id OWNED BY scope_parent.id;
CREATE UNIQUE INDEX IF NOT EXISTS scope_parent_open ON scope_parent (scope) WHERE valid_to IS NULL;
CREATE INDEX IF NOT EXISTS access_change_old ON access_change (changed_at);
CREATE INDEX IF NOT EXISTS access_denial_open ON access_denial (window_at) WHERE summed_at IS NULL;
CREATE INDEX IF NOT EXISTS policy_activation_at ON policy_activation (activated_at);
CREATE INDEX IF NOT EXISTS passkey_member ON passkey (member) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS member_link_member ON member_link (member) WHERE used_at IS NULL;
CREATE INDEX IF NOT EXISTS challenge_old ON challenge (expires_at);
"""

HISTORY = """
DROP TRIGGER IF EXISTS scope_parent_by_trigger ON scope_parent;
INSERT INTO scope_parent (scope, parent, valid_from)
  SELECT s.key, s.parent, coalesce(a.created_at, b.created_at, now())
    FROM scope s LEFT JOIN account a ON a.scope = s.key LEFT JOIN brand b ON b.scope = s.key
   WHERE s.parent IS NOT NULL AND NOT EXISTS (SELECT FROM scope_parent p WHERE p.scope = s.key);
INSERT INTO access_state (id, version) VALUES (1, 1) ON CONFLICT DO NOTHING;
"""

# The gate is the advisory lock of services/gate.py ("gate" in ASCII): who changes access waits for those who decide.
VERSIONS = """
CREATE OR REPLACE FUNCTION access_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1734440037);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION access_bump(what text, subjects text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE raised bigint;
BEGIN
  IF cardinality(subjects) = 0 THEN
    RETURN;
  END IF;
  IF cardinality(subjects) > 500 THEN
    what := 'all';
    subjects := ARRAY['*'];
  END IF;
  UPDATE access_state SET version = version + 1 WHERE id = 1 RETURNING version INTO raised;
  INSERT INTO access_change (version, subject, kind) SELECT raised, each, what FROM unnest(subjects) AS each;
  DELETE FROM access_change WHERE changed_at < now() - interval '7 days';
  PERFORM pg_notify('access', raised::text);
END $$;
REVOKE ALL ON FUNCTION access_bump(text, text[]) FROM PUBLIC;
CREATE OR REPLACE FUNCTION access_grants_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM access_bump('grant', ARRAY(SELECT DISTINCT member::text FROM changed));
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION access_member_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM access_bump('grant', ARRAY[NEW.id::text]);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION member_suspended_at() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  NEW.suspended_at := CASE WHEN NEW.state = 'suspended' THEN now() END;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION access_scopes_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE scope_parent p SET valid_to = now() FROM changed c LEFT JOIN scope s ON s.key = c.key
     WHERE p.scope = c.key AND p.valid_to IS NULL AND p.parent IS DISTINCT FROM s.parent;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO scope_parent (scope, parent, valid_from)
      SELECT c.key, c.parent, now() FROM changed c
       WHERE c.parent IS NOT NULL
         AND NOT EXISTS (SELECT FROM scope_parent p WHERE p.scope = c.key AND p.valid_to IS NULL);
  END IF;
  PERFORM access_bump('scope', ARRAY(SELECT key::text FROM changed));
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION access_policy_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE access_state SET policy_digest = NEW.digest WHERE id = 1;
  PERFORM access_bump('policy', ARRAY[NEW.digest::text]);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION access_all_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM access_bump('all', ARRAY['*']);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION refuse_by_hand() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'rows of % are written by a trigger: % is refused', TG_TABLE_NAME, TG_OP
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
"""

TRIGGERS = """
DROP TRIGGER IF EXISTS role_grant_gate ON role_grant;
CREATE TRIGGER role_grant_gate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON role_grant
  FOR EACH STATEMENT EXECUTE FUNCTION access_gate();
DROP TRIGGER IF EXISTS role_grant_inserted ON role_grant;
CREATE TRIGGER role_grant_inserted AFTER INSERT ON role_grant REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_grants_changed();
DROP TRIGGER IF EXISTS role_grant_updated ON role_grant;
CREATE TRIGGER role_grant_updated AFTER UPDATE ON role_grant REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_grants_changed();
DROP TRIGGER IF EXISTS role_grant_deleted ON role_grant;
CREATE TRIGGER role_grant_deleted AFTER DELETE ON role_grant REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_grants_changed();
DROP TRIGGER IF EXISTS role_grant_no_truncate ON role_grant;
CREATE TRIGGER role_grant_no_truncate BEFORE TRUNCATE ON role_grant
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS member_gate ON member;
CREATE TRIGGER member_gate BEFORE UPDATE OF state OR DELETE OR TRUNCATE ON member
  FOR EACH STATEMENT EXECUTE FUNCTION access_gate();
DROP TRIGGER IF EXISTS member_state_changed ON member;
CREATE TRIGGER member_state_changed AFTER UPDATE OF state ON member
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION access_member_changed();
DROP TRIGGER IF EXISTS member_suspended ON member;
CREATE TRIGGER member_suspended BEFORE UPDATE OF state, suspended_at ON member
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.suspended_at IS DISTINCT FROM NEW.suspended_at)
  EXECUTE FUNCTION member_suspended_at();
DROP TRIGGER IF EXISTS scope_gate ON scope;
CREATE TRIGGER scope_gate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON scope
  FOR EACH STATEMENT EXECUTE FUNCTION access_gate();
DROP TRIGGER IF EXISTS scope_inserted ON scope;
CREATE TRIGGER scope_inserted AFTER INSERT ON scope REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_scopes_changed();
DROP TRIGGER IF EXISTS scope_updated ON scope;
CREATE TRIGGER scope_updated AFTER UPDATE ON scope REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_scopes_changed();
DROP TRIGGER IF EXISTS scope_deleted ON scope;
CREATE TRIGGER scope_deleted AFTER DELETE ON scope REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_scopes_changed();
DROP TRIGGER IF EXISTS scope_truncated ON scope;
CREATE TRIGGER scope_truncated AFTER TRUNCATE ON scope FOR EACH STATEMENT EXECUTE FUNCTION access_all_changed();
DROP TRIGGER IF EXISTS scope_parent_by_trigger ON scope_parent;
CREATE TRIGGER scope_parent_by_trigger BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON scope_parent
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_by_hand();
DROP TRIGGER IF EXISTS policy_activation_gate ON policy_activation;
CREATE TRIGGER policy_activation_gate BEFORE INSERT ON policy_activation
  FOR EACH STATEMENT EXECUTE FUNCTION access_gate();
DROP TRIGGER IF EXISTS policy_activation_inserted ON policy_activation;
CREATE TRIGGER policy_activation_inserted AFTER INSERT ON policy_activation
  FOR EACH ROW EXECUTE FUNCTION access_policy_changed();
DROP TRIGGER IF EXISTS policy_activation_kept ON policy_activation;
CREATE TRIGGER policy_activation_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_activation
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS policy_bundle_kept ON policy_bundle;
CREATE TRIGGER policy_bundle_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_bundle
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# `UPDATE (id)` is what FOR SHARE asks for; the CHECK leaves it nothing to change.
RIGHTS = """
REVOKE ALL ON scope_parent, access_state, access_change, access_denial, policy_bundle, policy_activation,
  totp, recovery_code, passkey, challenge, member_link, sign_in_failure FROM PUBLIC, govern_app;
GRANT SELECT ON scope_parent, access_state, access_change TO govern_app;
GRANT UPDATE (id) ON access_state TO govern_app;
GRANT SELECT, INSERT ON policy_bundle, policy_activation TO govern_app;
GRANT SELECT, INSERT, UPDATE ON passkey, member_link TO govern_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON totp, recovery_code, challenge, sign_in_failure, access_denial TO govern_app;
"""


def statements(script: str) -> list[str]:
    """Split a script at the semicolons that end a line, outside of function bodies."""
    found, current, in_body = [], [], False
    for line in script.strip().splitlines():
        if line.strip().startswith("--"):
            continue
        current.append(line)
        in_body ^= line.count("$$") % 2 == 1
        if line.rstrip().endswith(";") and not in_body:
            found.append("\n".join(current))
            current = []
    return found


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="govern", description=DESCRIPTION)

    async def run():
        engine = engine_finder()
        for script in (KEYS, HISTORY, VERSIONS, TRIGGERS, RIGHTS):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
