from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Integer, Timestamptz, Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-23T03:30:12:481530"
VERSION = "1.38.0"
DESCRIPTION = "Times as their zone shows them; when workers could not send"

CHECKS = (
    ("Message", "message", "message_wall_time_check", "wall_time IS NULL OR scheduled_at IS NOT NULL"),
    ("Message", "message", "message_fold_check", "(wall_time IS NULL) = (fold IS NULL) AND fold BETWEEN 0 AND 1"),
    ("Message", "message", "message_tz_version_check", "(wall_time IS NULL) = (tz_version IS NULL)"),
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

    manager.add_table(
        class_name="SendingWatch",
        tablename="sending_watch",
        schema=None,
        columns=None,
    )

    manager.add_column(
        table_class_name="SendingWatch",
        tablename="sending_watch",
        column_name="id",
        db_column_name="id",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": 1,
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="SendingWatch",
        tablename="sending_watch",
        column_name="beat_at",
        db_column_name="beat_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="SendingWatch",
        tablename="sending_watch",
        column_name="stopped_at",
        db_column_name="stopped_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="SendingWatch",
        tablename="sending_watch",
        column_name="resumed_at",
        db_column_name="resumed_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Message",
        tablename="message",
        column_name="wall_time",
        db_column_name="wall_time",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 26,
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Message",
        tablename="message",
        column_name="fold",
        db_column_name="fold",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Message",
        tablename="message",
        column_name="tz_version",
        db_column_name="tz_version",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 20,
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

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
