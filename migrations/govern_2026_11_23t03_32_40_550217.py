from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

ID = "2026-11-23T03:32:40:550217"
VERSION = "1.38.0"
DESCRIPTION = "Times as their zone shows them: checks, once what was there is filled in"

CHECKS = (
    ("Message", "message", "message_wall_time_check", "(scheduled_at IS NULL) = (wall_time IS NULL)"),
    ("Message", "message", "message_fold_check", "(scheduled_at IS NULL) = (fold IS NULL) AND fold BETWEEN 0 AND 1"),
    ("Message", "message", "message_tz_version_check", "(scheduled_at IS NULL) = (tz_version IS NULL)"),
    ("SendingWatch", "sending_watch", "sending_watch_one_check", "id = 1"),
    (
        "SendingWatch",
        "sending_watch",
        "sending_watch_stop_check",
        "(stopped_at IS NULL) = (resumed_at IS NULL) AND stopped_at < resumed_at",
    ),
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="govern", description=DESCRIPTION)
    for table_class, table, name, condition in CHECKS:
        manager.add_constraint(
            table_class_name=table_class,
            tablename=table,
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
