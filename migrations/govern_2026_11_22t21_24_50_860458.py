from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete
from piccolo.columns.base import OnUpdate
from piccolo.columns.column_types import Array
from piccolo.columns.column_types import BigInt
from piccolo.columns.column_types import Bytea
from piccolo.columns.column_types import ForeignKey
from piccolo.columns.column_types import Integer
from piccolo.columns.column_types import SmallInt
from piccolo.columns.column_types import Text
from piccolo.columns.column_types import Timestamptz
from piccolo.columns.column_types import UUID
from piccolo.columns.column_types import Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.constraints import Unique
from piccolo.table import Table


class AuditExport(Table, tablename="audit_export", schema=None):
    id = UUID(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


class Member(Table, tablename="member", schema=None):
    id = UUID(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


ID = "2026-11-22T21:24:50:860458"
VERSION = "1.38.0"
DESCRIPTION = "The log: tree, search, keys"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="govern", description=DESCRIPTION
    )

    manager.add_table(
        class_name="AuditExport",
        tablename="audit_export",
        schema=None,
        columns=None,
    )

    manager.add_table(
        class_name="SavedView", tablename="saved_view", schema=None, columns=None
    )

    manager.add_table(
        class_name="AuditLogState",
        tablename="log_state",
        schema="audit",
        columns=None,
    )

    manager.add_table(
        class_name="AuditSubjectKey",
        tablename="subject_key",
        schema="audit",
        columns=None,
    )

    manager.add_table(
        class_name="AuditLeaf", tablename="leaf", schema="audit", columns=None
    )

    manager.add_table(
        class_name="AuditExportPart",
        tablename="audit_export_part",
        schema=None,
        columns=None,
    )

    manager.add_table(
        class_name="AuditCheckpoint",
        tablename="checkpoint",
        schema="audit",
        columns=None,
    )

    manager.add_table(
        class_name="AuditSearch", tablename="search", schema="audit", columns=None
    )

    manager.add_table(
        class_name="AuditTile", tablename="tile", schema="audit", columns=None
    )

    manager.add_column(
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="id",
        db_column_name="id",
        column_class_name="UUID",
        column_class=UUID,
        params={
            "default": None,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="requested_by",
        db_column_name="requested_by",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Member,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.restrict,
            "target_column": None,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="filter",
        db_column_name="filter",
        column_class_name="Text",
        column_class=Text,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="format",
        db_column_name="format",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 10,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="reason",
        db_column_name="reason",
        column_class_name="Text",
        column_class=Text,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="state",
        db_column_name="state",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 10,
            "default": "queued",
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="progress",
        db_column_name="progress",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": 0,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="total",
        db_column_name="total",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": 0,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="sha256",
        db_column_name="sha256",
        column_class_name="Bytea",
        column_class=Bytea,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="error",
        db_column_name="error",
        column_class_name="Text",
        column_class=Text,
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="created_at",
        db_column_name="created_at",
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
        table_class_name="AuditExport",
        tablename="audit_export",
        column_name="finished_at",
        db_column_name="finished_at",
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
        table_class_name="SavedView",
        tablename="saved_view",
        column_name="id",
        db_column_name="id",
        column_class_name="UUID",
        column_class=UUID,
        params={
            "default": None,
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
        table_class_name="SavedView",
        tablename="saved_view",
        column_name="member",
        db_column_name="member",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Member,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.restrict,
            "target_column": None,
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
        table_class_name="SavedView",
        tablename="saved_view",
        column_name="page",
        db_column_name="page",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 40,
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
        table_class_name="SavedView",
        tablename="saved_view",
        column_name="name",
        db_column_name="name",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 60,
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
        table_class_name="SavedView",
        tablename="saved_view",
        column_name="query",
        db_column_name="query",
        column_class_name="Text",
        column_class=Text,
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
        table_class_name="SavedView",
        tablename="saved_view",
        column_name="created_at",
        db_column_name="created_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": TimestamptzNow(),
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
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="id",
        db_column_name="id",
        column_class_name="SmallInt",
        column_class=SmallInt,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="origin",
        db_column_name="origin",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="size",
        db_column_name="size",
        column_class_name="BigInt",
        column_class=BigInt,
        params={
            "default": 0,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="frontier",
        db_column_name="frontier",
        column_class_name="Bytea",
        column_class=Bytea,
        params={
            "default": b"",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="snap",
        db_column_name="snap",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": "1:1:",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="floor",
        db_column_name="floor",
        column_class_name="BigInt",
        column_class=BigInt,
        params={
            "default": 0,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="system_id",
        db_column_name="system_id",
        column_class_name="BigInt",
        column_class=BigInt,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="timeline",
        db_column_name="timeline",
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLogState",
        tablename="log_state",
        column_name="beat_at",
        db_column_name="beat_at",
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSubjectKey",
        tablename="subject_key",
        column_name="subject",
        db_column_name="subject",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 100,
            "default": None,
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSubjectKey",
        tablename="subject_key",
        column_name="key_id",
        db_column_name="key_id",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 40,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSubjectKey",
        tablename="subject_key",
        column_name="wrapped",
        db_column_name="wrapped",
        column_class_name="Bytea",
        column_class=Bytea,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSubjectKey",
        tablename="subject_key",
        column_name="hold_entry",
        db_column_name="hold_entry",
        column_class_name="UUID",
        column_class=UUID,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSubjectKey",
        tablename="subject_key",
        column_name="shredded_at",
        db_column_name="shredded_at",
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLeaf",
        tablename="leaf",
        column_name="leaf_index",
        db_column_name="leaf_index",
        column_class_name="BigInt",
        column_class=BigInt,
        params={
            "default": None,
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLeaf",
        tablename="leaf",
        column_name="arrival",
        db_column_name="arrival",
        column_class_name="BigInt",
        column_class=BigInt,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": True,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditLeaf",
        tablename="leaf",
        column_name="leaf_hash",
        db_column_name="leaf_hash",
        column_class_name="Bytea",
        column_class=Bytea,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditExportPart",
        tablename="audit_export_part",
        column_name="id",
        db_column_name="id",
        column_class_name="UUID",
        column_class=UUID,
        params={
            "default": None,
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
        table_class_name="AuditExportPart",
        tablename="audit_export_part",
        column_name="export",
        db_column_name="export",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": AuditExport,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.restrict,
            "target_column": None,
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
        table_class_name="AuditExportPart",
        tablename="audit_export_part",
        column_name="n",
        db_column_name="n",
        column_class_name="Integer",
        column_class=Integer,
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
        table_class_name="AuditExportPart",
        tablename="audit_export_part",
        column_name="content",
        db_column_name="content",
        column_class_name="Bytea",
        column_class=Bytea,
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
        table_class_name="AuditCheckpoint",
        tablename="checkpoint",
        column_name="size",
        db_column_name="size",
        column_class_name="BigInt",
        column_class=BigInt,
        params={
            "default": None,
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditCheckpoint",
        tablename="checkpoint",
        column_name="root",
        db_column_name="root",
        column_class_name="Bytea",
        column_class=Bytea,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditCheckpoint",
        tablename="checkpoint",
        column_name="note",
        db_column_name="note",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditCheckpoint",
        tablename="checkpoint",
        column_name="signed_at",
        db_column_name="signed_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": TimestamptzNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="leaf_index",
        db_column_name="leaf_index",
        column_class_name="BigInt",
        column_class=BigInt,
        params={
            "default": None,
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="arrival",
        db_column_name="arrival",
        column_class_name="BigInt",
        column_class=BigInt,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": True,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="entry_id",
        db_column_name="entry_id",
        column_class_name="UUID",
        column_class=UUID,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="at",
        db_column_name="at",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="action",
        db_column_name="action",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="actor_id",
        db_column_name="actor_id",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="object_kind",
        db_column_name="object_kind",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="object_id",
        db_column_name="object_id",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="scope",
        db_column_name="scope",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="outcome",
        db_column_name="outcome",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="rule",
        db_column_name="rule",
        column_class_name="Text",
        column_class=Text,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditSearch",
        tablename="search",
        column_name="refs",
        db_column_name="refs",
        column_class_name="Array",
        column_class=Array,
        params={
            "default": None,
            "base_column": Text(
                default="",
                null=False,
                primary_key=False,
                unique=False,
                index=False,
                index_method=IndexMethod.btree,
                choices=None,
                db_column_name=None,
                secret=False,
            ),
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditTile",
        tablename="tile",
        column_name="level",
        db_column_name="level",
        column_class_name="SmallInt",
        column_class=SmallInt,
        params={
            "default": None,
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditTile",
        tablename="tile",
        column_name="n",
        db_column_name="n",
        column_class_name="BigInt",
        column_class=BigInt,
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
        schema="audit",
    )

    manager.add_column(
        table_class_name="AuditTile",
        tablename="tile",
        column_name="hashes",
        db_column_name="hashes",
        column_class_name="Bytea",
        column_class=Bytea,
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
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditExport",
        tablename="audit_export",
        constraint_name="audit_export_format_check",
        constraint_class=Check,
        params={"condition": "\"format\" IN ('bundle', 'csv', 'jsonl')"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditExport",
        tablename="audit_export",
        constraint_name="audit_export_state_check",
        constraint_class=Check,
        params={
            "condition": "\"state\" IN ('queued', 'running', 'done', 'failed')"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditExport",
        tablename="audit_export",
        constraint_name="audit_export_filter_check",
        constraint_class=Check,
        params={"condition": 'char_length("filter") BETWEEN 0 AND 2000'},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditExport",
        tablename="audit_export",
        constraint_name="audit_export_reason_check",
        constraint_class=Check,
        params={"condition": 'char_length("reason") BETWEEN 3 AND 500'},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditExport",
        tablename="audit_export",
        constraint_name="audit_export_progress_check",
        constraint_class=Check,
        params={"condition": "progress >= 0 AND total >= 0"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditExport",
        tablename="audit_export",
        constraint_name="audit_export_finished_check",
        constraint_class=Check,
        params={
            "condition": "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditExport",
        tablename="audit_export",
        constraint_name="audit_export_sha256_check",
        constraint_class=Check,
        params={
            "condition": "(state = 'done') = (sha256 IS NOT NULL) AND octet_length(sha256) = 32"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="SavedView",
        tablename="saved_view",
        constraint_name="saved_view_name_check",
        constraint_class=Check,
        params={"condition": 'char_length("name") BETWEEN 1 AND 60'},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="SavedView",
        tablename="saved_view",
        constraint_name="saved_view_query_check",
        constraint_class=Check,
        params={"condition": 'char_length("query") BETWEEN 0 AND 2000'},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="SavedView",
        tablename="saved_view",
        constraint_name="saved_view_name_unique",
        constraint_class=Unique,
        params={"columns": ["member", "page", "name"], "nulls_distinct": True},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditLogState",
        tablename="log_state",
        constraint_name="log_state_one_row_check",
        constraint_class=Check,
        params={"condition": "id = 1"},
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditLogState",
        tablename="log_state",
        constraint_name="log_state_size_check",
        constraint_class=Check,
        params={"condition": "size >= 0 AND floor >= 0"},
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditLogState",
        tablename="log_state",
        constraint_name="log_state_frontier_check",
        constraint_class=Check,
        params={
            "condition": "octet_length(frontier) % 32 = 0 AND octet_length(frontier) <= 2016"
        },
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditSubjectKey",
        tablename="subject_key",
        constraint_name="subject_key_shredded_check",
        constraint_class=Check,
        params={"condition": "(wrapped IS NULL) = (shredded_at IS NOT NULL)"},
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditSubjectKey",
        tablename="subject_key",
        constraint_name="subject_key_wrapped_check",
        constraint_class=Check,
        params={"condition": "(wrapped IS NULL) = (key_id IS NULL)"},
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditLeaf",
        tablename="leaf",
        constraint_name="leaf_index_check",
        constraint_class=Check,
        params={"condition": "leaf_index >= 0"},
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditLeaf",
        tablename="leaf",
        constraint_name="leaf_hash_check",
        constraint_class=Check,
        params={"condition": "octet_length(leaf_hash) = 32"},
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditExportPart",
        tablename="audit_export_part",
        constraint_name="audit_export_part_n_check",
        constraint_class=Check,
        params={
            "condition": "n >= 0 AND octet_length(content) BETWEEN 1 AND 1048576"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditExportPart",
        tablename="audit_export_part",
        constraint_name="audit_export_part_unique",
        constraint_class=Unique,
        params={"columns": ["export", "n"], "nulls_distinct": True},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="AuditCheckpoint",
        tablename="checkpoint",
        constraint_name="checkpoint_size_check",
        constraint_class=Check,
        params={"condition": "size > 0 AND octet_length(root) = 32"},
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditTile",
        tablename="tile",
        constraint_name="tile_place_check",
        constraint_class=Check,
        params={"condition": "level BETWEEN 0 AND 63 AND n >= 0"},
        schema="audit",
    )

    manager.add_constraint(
        table_class_name="AuditTile",
        tablename="tile",
        constraint_name="tile_hashes_check",
        constraint_class=Check,
        params={
            "condition": "octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0"
        },
        schema="audit",
    )

    return manager
