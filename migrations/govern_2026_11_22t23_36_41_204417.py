"""Screening and the right to write: what Piccolo's table operations cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T23:36:41:204417"
VERSION = "1.38.0"
DESCRIPTION = "Screening: rights, triggers, indexes"

HOLDS = """
ALTER TABLE publication DROP CONSTRAINT IF EXISTS publication_hold_check;
ALTER TABLE publication ADD CONSTRAINT publication_hold_check
  CHECK (hold IN ('undo', 'access', 'pause', 'auth', 'credits', 'digest', 'screening'));
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS message_contact ON message (contact) WHERE contact IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_unsent ON message (id) WHERE state IN ('pending_approval', 'approved', 'scheduled');
CREATE INDEX IF NOT EXISTS revision_fingerprint ON revision (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX IF NOT EXISTS attempt_started ON attempt (started_at DESC);
"""

# Only what the service itself says to who said stop has no author; each of its revisions has no editor either.
AUTHORS = """
CREATE OR REPLACE FUNCTION revision_has_editor() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF (NEW.editor IS NULL) IS DISTINCT FROM
     (SELECT m.confirms IS NOT NULL FROM public.message m WHERE m.id = NEW.message) THEN
    RAISE EXCEPTION 'a revision has an editor, unless it confirms an opt-out'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'revision_editor_check';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS revision_has_editor ON revision;
CREATE TRIGGER revision_has_editor BEFORE INSERT ON revision FOR EACH ROW EXECUTE FUNCTION revision_has_editor();
"""

KEPT = """
DROP TRIGGER IF EXISTS suppression_kept ON suppression;
CREATE TRIGGER suppression_kept BEFORE UPDATE OR DELETE ON suppression FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS suppression_no_truncate ON suppression;
CREATE TRIGGER suppression_no_truncate BEFORE TRUNCATE ON suppression
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS acknowledgement_kept ON acknowledgement;
CREATE TRIGGER acknowledgement_kept BEFORE UPDATE OR DELETE ON acknowledgement
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS acknowledgement_no_truncate ON acknowledgement;
CREATE TRIGGER acknowledgement_no_truncate BEFORE TRUNCATE ON acknowledgement
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS message_told ON message;
CREATE CONSTRAINT TRIGGER message_told AFTER INSERT OR DELETE OR UPDATE OF id, account, kind, state, author, contact,
  in_reply_to, current_revision, approval_rule, approvals_required, deadline_at, scheduled_at, zone, confirms,
  withdrawn_for ON message
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('message');
"""

RIGHTS = """
REVOKE ALL ON suppression, acknowledgement FROM PUBLIC, govern_app;
GRANT SELECT, INSERT ON suppression, acknowledgement TO govern_app;
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
        for script in (HOLDS, INDEXES, AUTHORS, KEPT, RIGHTS):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
