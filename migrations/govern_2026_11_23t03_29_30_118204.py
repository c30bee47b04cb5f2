"""A column that a trigger names cannot become wider: it goes for the next file, and the one after puts it back."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T03:29:30:118204"
VERSION = "1.38.0"
DESCRIPTION = "Makes room for a wider column"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="govern", description=DESCRIPTION)

    async def run():
        await engine_finder().run_ddl("DROP TRIGGER IF EXISTS publication_told ON publication")

    manager.add_raw(run)
    return manager
