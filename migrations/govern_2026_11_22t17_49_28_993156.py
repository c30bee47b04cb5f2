"""What Piccolo's table operations cannot say: sequences, composite keys, partial indexes, triggers, rights.

Raw statements run before the table operations of the same file, so they have a file of their own. Each may run twice.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T17:49:28:993156"
VERSION = "1.38.0"
DESCRIPTION = "The main job: rights, triggers, indexes"

SEQUENCES = """
CREATE SEQUENCE IF NOT EXISTS message_number AS bigint START 1001;
CREATE SEQUENCE IF NOT EXISTS audit.entry_arrival AS bigint CACHE 1;
"""

COMPANY = """
INSERT INTO scope (key, kind, parent) VALUES ('company', 'company', NULL) ON CONFLICT DO NOTHING;
"""

# Four eyes as a constraint: author and editor come along by key, so that a CHECK on one row can compare them.
FOUR_EYES = """
ALTER TABLE message DROP CONSTRAINT IF EXISTS message_author_key CASCADE;
ALTER TABLE message ADD CONSTRAINT message_author_key UNIQUE (id, author);
ALTER TABLE revision DROP CONSTRAINT IF EXISTS revision_editor_key CASCADE;
ALTER TABLE revision ADD CONSTRAINT revision_editor_key UNIQUE (id, message, editor, edit_and_approve);
ALTER TABLE approval DROP CONSTRAINT IF EXISTS approval_message_author_fkey;
ALTER TABLE approval ADD CONSTRAINT approval_message_author_fkey
  FOREIGN KEY (message, message_author) REFERENCES message (id, author) ON DELETE RESTRICT;
ALTER TABLE approval DROP CONSTRAINT IF EXISTS approval_revision_editor_fkey;
ALTER TABLE approval ADD CONSTRAINT approval_revision_editor_fkey
  FOREIGN KEY (revision, message, revision_editor, edit_and_approve)
  REFERENCES revision (id, message, editor, edit_and_approve) ON DELETE RESTRICT;
"""

INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS account_handle ON account (lower(handle));
CREATE UNIQUE INDEX IF NOT EXISTS poll_cursor_source ON poll_cursor (account, source);
CREATE UNIQUE INDEX IF NOT EXISTS role_grant_once ON role_grant (member, role, scope) WHERE revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS role_grant_scope ON role_grant (scope) WHERE revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS contact_handle ON contact (lower(handle));
CREATE INDEX IF NOT EXISTS inbound_written ON inbound (account, written_at DESC);
CREATE INDEX IF NOT EXISTS inbound_contact ON inbound (contact, account, written_at DESC);
CREATE INDEX IF NOT EXISTS consent_event_contact ON consent_event (contact, occurred_at DESC);
CREATE INDEX IF NOT EXISTS session_member ON session (member) WHERE revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS api_token_member ON api_token (member) WHERE revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS message_account ON message (account, number DESC);
CREATE INDEX IF NOT EXISTS message_waiting ON message (deadline_at) WHERE state = 'pending_approval';
CREATE INDEX IF NOT EXISTS message_unknown ON message (account) WHERE state = 'outcome_unknown';
CREATE INDEX IF NOT EXISTS screening_revision ON screening (revision, created_at DESC);
CREATE INDEX IF NOT EXISTS approval_revision ON approval (revision);
CREATE INDEX IF NOT EXISTS approval_message ON approval (message);
CREATE UNIQUE INDEX IF NOT EXISTS approval_once ON approval (revision, approver)
  WHERE verdict = 'approved' AND withdrawn_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS publication_open ON publication (message) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS publication_due ON publication (account, lane, due_at) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS publication_wake ON publication (wake_at) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS attempt_publication ON attempt (publication);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due_at) WHERE enqueued_at IS NULL;
CREATE INDEX IF NOT EXISTS pause_active ON pause (scope) WHERE lifted_at IS NULL;
"""

# The promise of sending once, kept by the database whatever the code does.
SEND_ONCE = """
CREATE UNIQUE INDEX IF NOT EXISTS attempt_one_in_flight ON attempt (account) WHERE outcome IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS attempt_one_possible ON attempt (publication)
  WHERE outcome IS NULL OR outcome = 'sent' OR (outcome = 'unknown' AND resolved IS DISTINCT FROM 'not_sent');
"""

APPEND_ONLY = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are kept as they are: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE FUNCTION refuse_second_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE name text; was jsonb := to_jsonb(OLD); becomes jsonb := to_jsonb(NEW);
BEGIN
  FOR name IN SELECT jsonb_object_keys(was) LOOP
    IF was -> name IS DISTINCT FROM becomes -> name
       AND (was -> name <> 'null'::jsonb OR NOT name = ANY (TG_ARGV)) THEN
      RAISE EXCEPTION 'column % of % may be set once, from null, or not at all', name, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS revision_kept ON revision;
CREATE TRIGGER revision_kept BEFORE UPDATE OR DELETE ON revision FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS screening_kept ON screening;
CREATE TRIGGER screening_kept BEFORE UPDATE OR DELETE ON screening FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS consent_event_kept ON consent_event;
CREATE TRIGGER consent_event_kept BEFORE UPDATE OR DELETE ON consent_event
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS attempt_not_deleted ON attempt;
CREATE TRIGGER attempt_not_deleted BEFORE DELETE ON attempt FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS attempt_set_once ON attempt;
CREATE TRIGGER attempt_set_once BEFORE UPDATE ON attempt FOR EACH ROW EXECUTE FUNCTION refuse_second_change(
  'connected', 'status', 'transaction_id', 'outcome', 'reason', 'x_id', 'finished_at',
  'resolved', 'resolved_by', 'resolved_reason', 'resolved_at');
DROP TRIGGER IF EXISTS approval_not_deleted ON approval;
CREATE TRIGGER approval_not_deleted BEFORE DELETE ON approval FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS approval_set_once ON approval;
CREATE TRIGGER approval_set_once BEFORE UPDATE ON approval
  FOR EACH ROW EXECUTE FUNCTION refuse_second_change('withdrawn_at');
DROP TRIGGER IF EXISTS role_grant_not_deleted ON role_grant;
CREATE TRIGGER role_grant_not_deleted BEFORE DELETE ON role_grant FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS role_grant_set_once ON role_grant;
CREATE TRIGGER role_grant_set_once BEFORE UPDATE ON role_grant
  FOR EACH ROW EXECUTE FUNCTION refuse_second_change('revoked_at', 'revoked_by', 'revoke_reason');
"""

AUDIT = """
ALTER TABLE audit.entry ALTER COLUMN arrival SET DEFAULT nextval('audit.entry_arrival');
ALTER SEQUENCE audit.entry_arrival OWNED BY audit.entry.arrival;
ALTER TABLE audit.entry ALTER COLUMN recorded_at SET DEFAULT clock_timestamp();
ALTER TABLE audit.entry ADD COLUMN IF NOT EXISTS xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX IF NOT EXISTS entry_xid ON audit.entry (xid);

ALTER TABLE audit.entry DROP CONSTRAINT IF EXISTS entry_format;
ALTER TABLE audit.entry ADD CONSTRAINT entry_format CHECK (
  octet_length(entry) <= 65535 AND octet_length(leaf_hash) = 32 AND jsonb_typeof(entry::jsonb) = 'object'
);

ALTER TABLE audit.opening DROP CONSTRAINT IF EXISTS opening_pkey;
ALTER TABLE audit.opening ADD CONSTRAINT opening_pkey PRIMARY KEY (entry_id, field);

CREATE OR REPLACE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER IF EXISTS entry_append_only ON audit.entry;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON audit.entry
  FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS entry_no_truncate ON audit.entry;
CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON audit.entry
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_append_only;
ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_no_truncate;

-- Search until the `search` table of the log's own issue. Times are text: `COLLATE "C"` sorts them like times.
CREATE UNIQUE INDEX IF NOT EXISTS entry_id ON audit.entry ((entry::jsonb ->> 'id'));
CREATE INDEX IF NOT EXISTS entry_at ON audit.entry (((entry::jsonb ->> 'at') COLLATE "C"));
CREATE INDEX IF NOT EXISTS entry_actor ON audit.entry ((entry::jsonb #>> ARRAY['actor', 'id']), arrival);
CREATE INDEX IF NOT EXISTS entry_action ON audit.entry ((entry::jsonb ->> 'action'), arrival);
CREATE INDEX IF NOT EXISTS entry_object ON audit.entry ((entry::jsonb #>> ARRAY['object', 'id']), arrival);
CREATE INDEX IF NOT EXISTS entry_scope ON audit.entry ((entry::jsonb ->> 'scope'), arrival);
CREATE INDEX IF NOT EXISTS entry_outcome ON audit.entry ((entry::jsonb ->> 'outcome'), arrival);
CREATE INDEX IF NOT EXISTS entry_refs ON audit.entry USING gin (jsonb_path_query_array(entry::jsonb, '$.refs[*].id'));
"""

# Least rights: the application changes rows where a use case does, and deletes only wake-ups and spent keys.
RIGHTS = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'govern_app') THEN CREATE ROLE govern_app NOLOGIN; END IF;
END $$;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, govern_app;
GRANT USAGE ON SCHEMA public, audit TO govern_app;
GRANT USAGE ON SEQUENCE message_number TO govern_app;
GRANT SELECT, INSERT ON scope, revision, screening, consent_event, inbound TO govern_app;
GRANT SELECT, INSERT, UPDATE ON member, session, api_token, brand, account, account_credential, poll_cursor,
  role_grant, contact, message, approval, publication, attempt, pause TO govern_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, idempotency_key TO govern_app;
REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM PUBLIC, govern_app;
GRANT USAGE ON SCHEMA audit TO govern_app;
GRANT USAGE ON SEQUENCE audit.entry_arrival TO govern_app;
GRANT SELECT, INSERT (entry, leaf_hash) ON audit.entry TO govern_app;
GRANT SELECT, INSERT ON audit.opening TO govern_app;
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
        for script in (SEQUENCES, COMPANY, FOUR_EYES, INDEXES, SEND_ONCE, APPEND_ONLY, AUDIT, RIGHTS):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
