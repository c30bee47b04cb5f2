"""A publication's hold may be a longer word: the trigger that names the column steps aside, and the next file brings it back."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Varchar
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T03:31:05:627114"
VERSION = "1.38.0"
DESCRIPTION = "A publication's hold may be a longer word"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="govern", description=DESCRIPTION)

    async def run():
        await engine_finder().run_ddl("DROP TRIGGER IF EXISTS publication_told ON publication")

    manager.add_raw(run)
    manager.alter_column(
        table_class_name="Publication",
        tablename="publication",
        column_name="hold",
        db_column_name="hold",
        params={"length": 20},
        old_params={"length": 10},
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )
    return manager
