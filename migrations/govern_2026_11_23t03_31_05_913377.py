"""Times as their zone shows them, decisions about what came due, the watch over sending: rights, checks, indexes."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T03:31:05:913377"
VERSION = "1.38.0"
DESCRIPTION = "Times as their zone shows them: rights, checks, indexes"

# PostgreSQL's own zones may differ from ours: what is filled in has no version, so workers read each once more.
FILLED = """
UPDATE message SET wall_time = to_char(scheduled_at AT TIME ZONE zone, 'YYYY-MM-DD"T"HH24:MI:SS'), fold = 0,
  tz_version = '' WHERE scheduled_at IS NOT NULL AND wall_time IS NULL;
"""

HOLDS = """
ALTER TABLE publication DROP CONSTRAINT IF EXISTS publication_hold_check;
ALTER TABLE publication ADD CONSTRAINT publication_hold_check CHECK (hold IN (
  'undo', 'access', 'pause', 'auth', 'credits', 'digest', 'screening', 'limit',
  'budget', 'rule', 'scope', 'release_needed', 'zone_changed'));
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS message_tz_version ON message (tz_version) WHERE state = 'scheduled' AND tz_version IS NOT NULL;
CREATE INDEX IF NOT EXISTS publication_not_after ON publication (not_after) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS publication_decision ON publication (account, due_at)
  WHERE closed_at IS NULL AND hold IN ('release_needed', 'zone_changed');
"""

TOLD = """
DROP TRIGGER IF EXISTS message_told ON message;
CREATE CONSTRAINT TRIGGER message_told AFTER INSERT OR DELETE OR UPDATE OF id, account, kind, state, author, contact,
  in_reply_to, current_revision, approval_rule, approvals_required, deadline_at, scheduled_at, zone, wall_time, fold,
  confirms, withdrawn_for ON message
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('message');
DROP TRIGGER IF EXISTS publication_told ON publication;
CREATE CONSTRAINT TRIGGER publication_told AFTER INSERT OR DELETE OR UPDATE OF id, message, revision, account,
  content_digest, due_at, not_after, hold, x_kind, x_id, failure, closed_at ON publication
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.publication_told();
"""

RIGHTS = """
REVOKE ALL ON sending_watch FROM PUBLIC, govern_app;
GRANT SELECT, INSERT, UPDATE ON sending_watch TO govern_app;
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
        for script in (FILLED, HOLDS, INDEXES, TOLD, RIGHTS):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
