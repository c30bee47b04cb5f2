"""Reading X back: what Piccolo's table operations cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T03:11:40:208315"
VERSION = "1.38.0"
DESCRIPTION = "Reading X back: keys, triggers, rights"

KEYS = """
ALTER TABLE attempt_read DROP CONSTRAINT IF EXISTS attempt_read_pkey;
ALTER TABLE attempt_read ADD CONSTRAINT attempt_read_pkey PRIMARY KEY (attempt, n);
CREATE INDEX IF NOT EXISTS attempt_unsettled ON attempt (finished_at)
  WHERE (outcome = 'unknown' AND resolved IS NULL) OR (outcome = 'refused' AND duplicate);
CREATE INDEX IF NOT EXISTS attempt_late ON attempt (late_at) WHERE late_at IS NOT NULL AND late_closed_at IS NULL;
CREATE INDEX IF NOT EXISTS attempt_x_id ON attempt (x_id) WHERE x_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS attempt_late_x_id ON attempt (late_x_id) WHERE late_x_id IS NOT NULL;
"""

KEPT = """
DROP TRIGGER IF EXISTS attempt_set_once ON attempt;
CREATE TRIGGER attempt_set_once BEFORE UPDATE ON attempt FOR EACH ROW EXECUTE FUNCTION refuse_second_change(
  'connected', 'status', 'transaction_id', 'outcome', 'reason', 'x_id', 'finished_at',
  'resolved', 'resolved_by', 'resolved_reason', 'resolved_at',
  'clock_offset_ms', 'duplicate', 'late_at', 'late_x_id', 'late_closed_by', 'late_closed_at');
DROP TRIGGER IF EXISTS attempt_read_kept ON attempt_read;
CREATE TRIGGER attempt_read_kept BEFORE UPDATE OR DELETE ON attempt_read
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS attempt_read_no_truncate ON attempt_read;
CREATE TRIGGER attempt_read_no_truncate BEFORE TRUNCATE ON attempt_read
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

RIGHTS = """
REVOKE ALL ON attempt_read, attempt_seen FROM PUBLIC, govern_app;
GRANT SELECT, INSERT ON attempt_read TO govern_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON attempt_seen TO govern_app;
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
        for script in (KEYS, KEPT, RIGHTS):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
