"""Schema `audit`. What makes it a log stands in raw SQL migrations: sequence, `xid`, CHECK, triggers, rights, indexes."""

from piccolo.columns import UUID, BigInt, Bytea, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table


class AuditEntry(Table, tablename="entry", schema="audit"):
    """The log. Insert only, for every role; `arrival`, `recorded_at` and `xid` are the database's own."""

    arrival = BigInt(primary_key=True, default=None, null=False)
    entry = Text(default=None, null=False)
    """The canonical text: text and not JSONB, which loses order and spacing."""
    leaf_hash = Bytea(default=None, null=False)
    recorded_at = Timestamptz(default=TimestamptzNow(), null=False)


class AuditOpening(Table, tablename="opening", schema="audit"):
    """A personal field of an entry, sealed. The migrations make (`entry_id`, `field`) the primary key."""

    entry_id = UUID(primary_key=True, default=None, null=False)
    field = Varchar(length=80, default=None, null=False)
    subject = Varchar(length=100, default=None, null=False)
    sealed = Bytea(default=None, null=False)
