"""Schema `audit`. What makes it a log stands in raw SQL migrations: sequence, `xid`, CHECK, triggers, rights, indexes."""

from piccolo.columns import UUID, Array, BigInt, Bytea, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check
from piccolo.table import Table


class AuditEntry(Table, tablename="entry", schema="audit"):
    """The log. Insert only, for every role; `arrival`, `recorded_at` and `xid` are the database's own."""

    arrival = BigInt(primary_key=True, default=None, null=False)
    entry = Text(default=None, null=False)
    """The canonical text: text and not JSONB, which loses order and spacing."""
    leaf_hash = Bytea(default=None, null=False)
    recorded_at = Timestamptz(default=TimestamptzNow(), null=False)


class AuditLeaf(Table, tablename="leaf", schema="audit"):
    """The place of an entry in the tree. Insert only, by the sequencer; no foreign key, so that retention may come."""

    leaf_index = BigInt(primary_key=True, default=None, null=False)
    arrival = BigInt(default=None, null=False, unique=True)
    leaf_hash = Bytea(default=None, null=False)

    leaf_index_check = Check("leaf_index >= 0")
    leaf_hash_check = Check("octet_length(leaf_hash) = 32")


class AuditTile(Table, tablename="tile", schema="audit"):
    """256 hashes of one level, or fewer so far: it only grows. The migrations make (`level`, `n`) the primary key."""

    level = SmallInt(primary_key=True, default=None, null=False)
    n = BigInt(default=None, null=False)
    hashes = Bytea(default=None, null=False)

    tile_place_check = Check("level BETWEEN 0 AND 63 AND n >= 0")
    tile_hashes_check = Check("octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0")


class AuditLogState(Table, tablename="log_state", schema="audit"):
    """One row, made by the migrations: how far the log was placed, and in which database."""

    id = SmallInt(primary_key=True, default=1, null=False)
    origin = Text(default=None, null=True)
    """Null until the log is created; the name its checkpoints bear."""
    size = BigInt(default=0, null=False)
    frontier = Bytea(default=b"", null=False)
    """The hashes of the complete subtrees, largest first, one after the other."""
    snap = Text(default="1:1:", null=False)
    """The `pg_snapshot` up to which every committed entry was placed; the first one sees nothing."""
    floor = BigInt(default=0, null=False)
    """Arrivals up to here were placed before the database was moved: their `xid`s say nothing any more."""
    system_id = BigInt(default=None, null=True)
    timeline = Integer(default=None, null=True)
    beat_at = Timestamptz(default=None, null=True)

    log_state_one_row_check = Check("id = 1")
    log_state_size_check = Check("size >= 0 AND floor >= 0")
    log_state_frontier_check = Check("octet_length(frontier) % 32 = 0 AND octet_length(frontier) <= 2016")


class AuditCheckpoint(Table, tablename="checkpoint", schema="audit"):
    """A signed note over the first `size` leaves. Insert only."""

    size = BigInt(primary_key=True, default=None, null=False)
    root = Bytea(default=None, null=False)
    note = Text(default=None, null=False)
    signed_at = Timestamptz(default=TimestamptzNow(), null=False)

    checkpoint_size_check = Check("size > 0 AND octet_length(root) = 32")


class AuditSearch(Table, tablename="search", schema="audit"):
    """What entries are found by, read from their text by `audit.index_to()`; what cannot be read is null.

    `words` (tsvector) is the migrations' own. Times stay text under COLLATE "C", so that no cast can fail.
    """

    leaf_index = BigInt(primary_key=True, default=None, null=False)
    arrival = BigInt(default=None, null=False, unique=True)
    entry_id = UUID(default=None, null=True)
    at = Text(default=None, null=True)
    action = Text(default=None, null=True)
    actor_id = Text(default=None, null=True)
    object_kind = Text(default=None, null=True)
    object_id = Text(default=None, null=True)
    scope = Text(default=None, null=True)
    outcome = Text(default=None, null=True)
    rule = Text(default=None, null=True)
    refs = Array(base_column=Text(), default=None, null=True)
    """The ids of the objects an entry touched beside its own."""


class AuditOpening(Table, tablename="opening", schema="audit"):
    """A personal field of an entry, sealed. The migrations make (`entry_id`, `field`) the primary key."""

    entry_id = UUID(primary_key=True, default=None, null=False)
    field = Varchar(length=80, default=None, null=False)
    subject = Varchar(length=100, default=None, null=False)
    sealed = Bytea(default=None, null=False)


class AuditSubjectKey(Table, tablename="subject_key", schema="audit"):
    """The wrapped key of a contact, member or message: without it their openings are noise.

    Changed only by `audit.shred()`, `audit.rewrap()` and `audit.hold()`.
    """

    subject = Varchar(length=100, primary_key=True, default=None, null=False)
    key_id = Varchar(length=40, default=None, null=True)
    """Which key-encryption key wraps it."""
    wrapped = Bytea(default=None, null=True)
    hold_entry = UUID(default=None, null=True)
    """The entry that set a legal hold: while it stands, nothing of the subject is erased."""
    shredded_at = Timestamptz(default=None, null=True)

    subject_key_shredded_check = Check("(wrapped IS NULL) = (shredded_at IS NOT NULL)")
    subject_key_wrapped_check = Check("(wrapped IS NULL) = (key_id IS NULL)")
