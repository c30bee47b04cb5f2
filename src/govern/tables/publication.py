from piccolo.columns import JSONB, UUID, Array, BigInt, Boolean, Bytea, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.domain.publications import Found, Hold, Outcome, Settlement, XKind
from govern.tables.account import Account
from govern.tables.checks import one_of
from govern.tables.member import Member
from govern.tables.message import Message, Revision


class Publication(Table, tablename="publication"):
    """The sending of one approved revision. `next_attempt` is the id of the next attempt and of its wake-up."""

    id = UUID(primary_key=True, default=None, null=False)
    message = ForeignKey(Message, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    revision = ForeignKey(
        Revision, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None, unique=True
    )
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    content_digest = Bytea(default=None, null=False)
    lane = Integer(default=2, null=False)
    due_at = Timestamptz(default=None, null=False)
    not_after = Timestamptz(default=None, null=False)
    next_attempt = UUID(default=None, null=False, unique=True)
    wake_at = Timestamptz(default=None, null=False)
    tries = Integer(default=0, null=False)
    hold = Varchar(length=20, default=None, null=True)
    hold_reason = Text(default=None, null=True)
    hold_since = Timestamptz(default=None, null=True)
    x_kind = Varchar(length=5, default=None, null=False)
    x_id = BigInt(default=None, null=True)
    failure = Text(default=None, null=True)
    created_at = Timestamptz(default=None, null=False)
    closed_at = Timestamptz(default=None, null=True)

    publication_lane_check = Check("lane BETWEEN 0 AND 2")
    publication_window_check = Check("not_after > due_at")
    publication_hold_check = one_of("hold", Hold)
    publication_hold_since_check = Check("(hold IS NULL) = (hold_since IS NULL)")
    publication_x_kind_check = one_of("x_kind", XKind)
    publication_x_unique = Unique(["x_kind", "x_id"])
    publication_digest_check = Check("octet_length(content_digest) = 32")


class Attempt(Table, tablename="attempt"):
    """One try to hand a publication to X. Append only: a column changes once, from null."""

    id = UUID(primary_key=True, default=None, null=False)
    publication = ForeignKey(
        Publication, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None
    )
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    content_digest = Bytea(default=None, null=False)
    started_at = Timestamptz(default=None, null=False)
    write_before = Timestamptz(default=None, null=False)
    deadline_at = Timestamptz(default=None, null=False)
    worker = Varchar(length=80, default=None, null=False)
    cost = JSONB(default=None, null=True)
    """What it costs if it goes out, by the prices when it was claimed."""
    connected = Boolean(default=None, null=True)
    status = Integer(default=None, null=True)
    transaction_id = Varchar(length=80, default=None, null=True)
    outcome = Varchar(length=10, default=None, null=True)
    reason = Text(default=None, null=True)
    x_id = BigInt(default=None, null=True)
    finished_at = Timestamptz(default=None, null=True)
    resolved = Varchar(length=10, default=None, null=True)
    resolved_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    resolved_reason = Text(default=None, null=True)
    resolved_at = Timestamptz(default=None, null=True)
    clock_offset_ms = Integer(default=None, null=True)
    """How far X's clock was behind ours when it answered."""
    duplicate = Boolean(default=None, null=True)
    """X claimed to have this text already."""
    late_at = Timestamptz(default=None, null=True)
    """When X said that it is out after all, although it had been settled as not out: an incident."""
    late_x_id = BigInt(default=None, null=True)
    """Under which id."""
    late_closed_by = ForeignKey(
        Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None
    )
    late_closed_at = Timestamptz(default=None, null=True)

    attempt_outcome_check = one_of("outcome", Outcome)
    attempt_resolved_check = one_of("resolved", Settlement)
    attempt_finished_check = Check("(outcome IS NULL) = (finished_at IS NULL)")
    attempt_resolved_at_check = Check("(resolved IS NULL) = (resolved_at IS NULL)")
    attempt_late_check = Check(
        "(late_at IS NULL) = (late_x_id IS NULL) AND (late_closed_at IS NULL OR late_at IS NOT NULL)"
    )


class SendingWatch(Table, tablename="sending_watch"):
    """One row: when workers last could send, and the last time they could not for long."""

    id = Integer(primary_key=True, default=1, null=False)
    beat_at = Timestamptz(default=None, null=False)
    stopped_at = Timestamptz(default=None, null=True)
    resumed_at = Timestamptz(default=None, null=True)

    sending_watch_one_check = Check("id = 1")
    sending_watch_stop_check = Check("(stopped_at IS NULL) = (resumed_at IS NULL) AND stopped_at < resumed_at")


class AttemptRead(Table, tablename="attempt_read"):
    """One reading of X to learn what became of an attempt. Insert only.

    `seen` are the ids it saw, `matched` those that are this message. Only what `counts` was made at its time: a "none"
    of such a one says something.
    """

    attempt = ForeignKey(
        Attempt, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, primary_key=True, null=False, default=None
    )
    n = Integer(default=None, null=False)
    read_at = Timestamptz(default=None, null=False)
    result = Varchar(length=10, default=None, null=False)
    counts = Boolean(default=False, null=False)
    seen = Array(base_column=BigInt(), default=list, null=False)
    matched = Array(base_column=BigInt(), default=list, null=False)
    fault = Varchar(length=40, default=None, null=True)
    again_at = Timestamptz(default=None, null=True)
    """Of a reading that failed: when to try again."""

    attempt_read_result_check = one_of("result", Found)
    attempt_read_fault_check = Check("(result = 'failed') = (fault IS NOT NULL)")
    attempt_read_counts_check = Check("NOT (counts AND result = 'failed')")


class AttemptSeen(Table, tablename="attempt_seen"):
    """What the last reading saw, for who settles it; gone once it is settled. In a private thread: others' words too."""

    attempt = ForeignKey(
        Attempt, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, primary_key=True, null=False, default=None
    )
    read_at = Timestamptz(default=None, null=False)
    items = JSONB(default=None, null=False)
