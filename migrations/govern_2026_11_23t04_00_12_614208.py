"""What is looked for by message or revision is found without reading every publication and approval there ever was."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T04:00:12:614208"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of publications and approvals"

INDEXES = """
CREATE INDEX IF NOT EXISTS publication_message ON publication (message, created_at DESC);
CREATE INDEX IF NOT EXISTS approval_revision ON approval (revision);
"""


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="govern", description=DESCRIPTION)

    async def run():
        for statement in INDEXES.strip().splitlines():
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
