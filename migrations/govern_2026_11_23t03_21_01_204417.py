"""Limits and money: what Piccolo's table operations cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T03:21:01:204417"
VERSION = "1.38.0"
DESCRIPTION = "Limits and money: rights, triggers, indexes"

HOLDS = """
ALTER TABLE publication DROP CONSTRAINT IF EXISTS publication_hold_check;
ALTER TABLE publication ADD CONSTRAINT publication_hold_check
  CHECK (hold IN ('undo', 'access', 'pause', 'auth', 'credits', 'digest', 'screening', 'limit', 'budget', 'rule',
                  'scope'));
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS publication_held ON publication (hold) WHERE closed_at IS NULL AND hold IS NOT NULL;
CREATE INDEX IF NOT EXISTS x_cost_account ON x_cost (account, counted_at);
"""

KEPT = """
DROP TRIGGER IF EXISTS x_cost_kept ON x_cost;
CREATE TRIGGER x_cost_kept BEFORE UPDATE OR DELETE ON x_cost FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS x_cost_no_truncate ON x_cost;
CREATE TRIGGER x_cost_no_truncate BEFORE TRUNCATE ON x_cost FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER IF EXISTS account_told ON account;
CREATE CONSTRAINT TRIGGER account_told AFTER INSERT OR DELETE OR UPDATE OF id, handle, name, brand, scope, kind, topic,
  objectives, zone, language, state, x_user_id, length_limit, undo_window_seconds, monthly_ceiling ON account
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.own_row_told('account');
"""

RIGHTS = """
REVOKE ALL ON rate_window, x_app, x_cost, x_spend FROM PUBLIC, govern_app;
GRANT SELECT, INSERT, UPDATE ON rate_window, x_app, x_spend TO govern_app;
GRANT SELECT, INSERT ON x_cost TO govern_app;
"""


def statements(script: str) -> list[str]:
    """Split a script at the semicolons that end a line."""
    return [f"{each};" for each in script.strip().removesuffix(";").split(";\n")]


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="govern", description=DESCRIPTION)

    async def run():
        engine = engine_finder()
        for script in (HOLDS, INDEXES, KEPT, RIGHTS):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
