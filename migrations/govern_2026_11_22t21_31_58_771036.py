"""Completeness: a governed row that changes without an entry in the same transaction cannot be committed.

Not by the application, nor by hand. At COMMIT an entry of this transaction must name the row's object in `object` or
`refs`. Columns that only steer the work (wake-ups, counters, a page's colours) are left out of the `UPDATE OF` lists.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T21:31:58:771036"
VERSION = "1.38.0"
DESCRIPTION = "The log: completeness"

# SECURITY DEFINER: who may only append could not look. The plan is made on an empty table: without `enable_seqscan`
# off, it would read the whole log for ever.
# The last `"object":` of a canonical text begins the objects: text in a string has its quotes escaped, and after it
# only refs follow. So most changes are found told without parsing; what is not found so is looked for thoroughly.
TOLD = """
CREATE OR REPLACE FUNCTION audit.require_entry(changed text, objects text[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog SET enable_seqscan = off AS $$
BEGIN
  PERFORM FROM audit.entry e CROSS JOIN LATERAL (SELECT e.entry::jsonb) AS t (j)
    WHERE e.xid = pg_current_xact_id()
      AND ((j #>> ARRAY['object', 'kind']) || ':' || (j #>> ARRAY['object', 'id']) = ANY (objects)
           OR EXISTS (SELECT FROM jsonb_path_query(j, '$.refs[*]') AS each
                       WHERE (each ->> 'kind') || ':' || (each ->> 'id') = ANY (objects)));
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a change of % needs an entry in the audit log: none of this transaction names %',
      changed, array_to_string(objects, ' or ') USING ERRCODE = 'integrity_constraint_violation',
      CONSTRAINT = changed || '_told';
  END IF;
END $$;
CREATE OR REPLACE FUNCTION audit.own_row_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET enable_seqscan = off AS $$
BEGIN
  PERFORM FROM audit.entry e WHERE e.xid = pg_current_xact_id() AND strpos(split_part(e.entry, '"object":', -1),
    '{"id":"' || coalesce(NEW.id, OLD.id) || '","kind":"' || TG_ARGV[0] || '"') > 0;
  IF NOT FOUND THEN
    PERFORM audit.require_entry(TG_TABLE_NAME, ARRAY[TG_ARGV[0] || ':' || coalesce(NEW.id, OLD.id)]);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit.message_part_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET enable_seqscan = off AS $$
BEGIN
  PERFORM FROM audit.entry e WHERE e.xid = pg_current_xact_id() AND strpos(split_part(e.entry, '"object":', -1),
    '{"id":"' || coalesce(NEW.message, OLD.message) || '","kind":"message"') > 0;
  IF NOT FOUND THEN
    PERFORM audit.require_entry(TG_TABLE_NAME, ARRAY['message:' || coalesce(NEW.message, OLD.message)]);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit.publication_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
  PERFORM audit.require_entry('publication', ARRAY['message:' || coalesce(NEW.message, OLD.message),
    'publication:' || coalesce(NEW.id, OLD.id)]);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit.scope_parent_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE place text := coalesce(NEW.scope, OLD.scope);
BEGIN
  PERFORM audit.require_entry('scope_parent', ARRAY['scope:' || place]
    || ARRAY(SELECT 'brand:' || b.id FROM public.brand b WHERE b.scope = place)
    || ARRAY(SELECT 'account:' || a.id FROM public.account a WHERE a.scope = place));
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit.policy_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
  PERFORM audit.require_entry('policy_activation', ARRAY['policy:access']);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit.require_entry(text, text[]), audit.own_row_told(), audit.message_part_told(),
  audit.publication_told(), audit.scope_parent_told(), audit.policy_told() FROM PUBLIC;
"""

MESSAGES = """
DROP TRIGGER IF EXISTS message_told ON message;
CREATE CONSTRAINT TRIGGER message_told AFTER INSERT OR DELETE OR UPDATE OF id, account, kind, state, author, contact,
  in_reply_to, current_revision, approval_rule, approvals_required, deadline_at, scheduled_at, zone ON message
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('message');
DROP TRIGGER IF EXISTS revision_told ON revision;
CREATE CONSTRAINT TRIGGER revision_told AFTER INSERT OR DELETE OR UPDATE ON revision
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.message_part_told();
DROP TRIGGER IF EXISTS approval_told ON approval;
CREATE CONSTRAINT TRIGGER approval_told AFTER INSERT OR DELETE OR UPDATE ON approval
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.message_part_told();
DROP TRIGGER IF EXISTS publication_told ON publication;
CREATE CONSTRAINT TRIGGER publication_told AFTER INSERT OR DELETE OR UPDATE OF id, message, revision, account,
  content_digest, due_at, not_after, hold, x_kind, x_id, failure, closed_at ON publication
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.publication_told();
DROP TRIGGER IF EXISTS pause_told ON pause;
CREATE CONSTRAINT TRIGGER pause_told AFTER INSERT OR DELETE OR UPDATE ON pause
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('pause');
DROP TRIGGER IF EXISTS consent_event_told ON consent_event;
CREATE CONSTRAINT TRIGGER consent_event_told AFTER INSERT OR DELETE OR UPDATE ON consent_event
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('consent_event');
"""

PEOPLE = """
DROP TRIGGER IF EXISTS member_told ON member;
CREATE CONSTRAINT TRIGGER member_told AFTER INSERT OR DELETE OR UPDATE OF id, email, name, password_hash, state
  ON member DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('member');
DROP TRIGGER IF EXISTS api_token_told ON api_token;
CREATE CONSTRAINT TRIGGER api_token_told AFTER INSERT OR DELETE OR UPDATE ON api_token
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('token');
DROP TRIGGER IF EXISTS role_grant_told ON role_grant;
CREATE CONSTRAINT TRIGGER role_grant_told AFTER INSERT OR DELETE OR UPDATE ON role_grant
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('grant');
DROP TRIGGER IF EXISTS scope_parent_told ON scope_parent;
CREATE CONSTRAINT TRIGGER scope_parent_told AFTER INSERT OR DELETE OR UPDATE ON scope_parent
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.scope_parent_told();
DROP TRIGGER IF EXISTS policy_activation_told ON policy_activation;
CREATE CONSTRAINT TRIGGER policy_activation_told AFTER INSERT OR DELETE OR UPDATE ON policy_activation
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.policy_told();
DROP TRIGGER IF EXISTS account_told ON account;
CREATE CONSTRAINT TRIGGER account_told AFTER INSERT OR DELETE OR UPDATE OF id, handle, name, brand, scope, kind, topic,
  objectives, zone, language, state, x_user_id, length_limit, undo_window_seconds ON account
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('account');
DROP TRIGGER IF EXISTS brand_told ON brand;
CREATE CONSTRAINT TRIGGER brand_told AFTER INSERT OR DELETE OR UPDATE OF id, slug, name, scope ON brand
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('brand');
"""

# No row trigger sees a TRUNCATE. Those of role_grant, scope_parent and policy_activation stand already.
NO_TRUNCATE = """
DROP TRIGGER IF EXISTS message_no_truncate ON message;
CREATE TRIGGER message_no_truncate BEFORE TRUNCATE ON message FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS revision_no_truncate ON revision;
CREATE TRIGGER revision_no_truncate BEFORE TRUNCATE ON revision FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS approval_no_truncate ON approval;
CREATE TRIGGER approval_no_truncate BEFORE TRUNCATE ON approval FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS publication_no_truncate ON publication;
CREATE TRIGGER publication_no_truncate BEFORE TRUNCATE ON publication
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS pause_no_truncate ON pause;
CREATE TRIGGER pause_no_truncate BEFORE TRUNCATE ON pause FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS consent_event_no_truncate ON consent_event;
CREATE TRIGGER consent_event_no_truncate BEFORE TRUNCATE ON consent_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS member_no_truncate ON member;
CREATE TRIGGER member_no_truncate BEFORE TRUNCATE ON member FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS api_token_no_truncate ON api_token;
CREATE TRIGGER api_token_no_truncate BEFORE TRUNCATE ON api_token FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS account_no_truncate ON account;
CREATE TRIGGER account_no_truncate BEFORE TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS brand_no_truncate ON brand;
CREATE TRIGGER brand_no_truncate BEFORE TRUNCATE ON brand FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
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
        for script in (TOLD, MESSAGES, PEOPLE, NO_TRUNCATE):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
