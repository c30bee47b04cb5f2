from decimal import Decimal

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    Numeric,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.domain.approvals import Verdict
from govern.domain.messages import Kind, ReplyLevel, State, WithdrawnFor
from govern.tables.account import Account
from govern.tables.checks import length, one_of
from govern.tables.contact import ConsentEvent, Contact
from govern.tables.member import Member


class Message(Table, tablename="message"):
    """Something we want to send. `number` is what people call it by; `version` rises with every change.

    The confirmation of an opt-out has no author: nobody wrote it, and `confirms` is the event it answers, once.
    """

    id = UUID(primary_key=True, default=None, null=False)
    number = BigInt(default=None, null=False, unique=True)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    kind = Varchar(length=5, default=None, null=False)
    state = Varchar(length=18, default=None, null=False)
    author = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    contact = ForeignKey(Contact, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    in_reply_to = BigInt(default=None, null=True)
    current_revision = Integer(default=1, null=False)
    approval_rule = Varchar(length=40, default=None, null=True)
    approvals_required = Integer(default=1, null=False)
    deadline_at = Timestamptz(default=None, null=True)
    scheduled_at = Timestamptz(default=None, null=True)
    zone = Varchar(length=64, default=None, null=True)
    wall_time = Varchar(length=26, default=None, null=True)
    fold = Integer(default=None, null=True)
    tz_version = Varchar(length=20, default=None, null=True)
    form_key = UUID(default=None, null=True, unique=True)
    confirms = ForeignKey(
        ConsentEvent, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None, unique=True
    )
    withdrawn_for = Varchar(length=20, default=None, null=True)
    reply_level = Varchar(length=8, default=None, null=True)
    created_at = Timestamptz(default=None, null=False)
    updated_at = Timestamptz(default=None, null=False)
    version = Integer(default=1, null=False)

    message_kind_check = one_of("kind", Kind)
    message_state_check = one_of("state", State)
    message_contact_check = Check("(kind = 'dm') = (contact IS NOT NULL)")
    message_reply_level_check = one_of("reply_level", ReplyLevel)
    message_level_kind_check = Check(
        "reply_level IS NULL OR kind = 'reply' OR (kind = 'quote' AND reply_level = 'everyone')"
    )
    message_target_check = Check("(kind IN ('reply', 'quote')) = (in_reply_to IS NOT NULL)")
    message_zone_check = Check("(scheduled_at IS NULL) = (zone IS NULL)")
    message_wall_time_check = Check("(scheduled_at IS NULL) = (wall_time IS NULL)")
    message_fold_check = Check("(scheduled_at IS NULL) = (fold IS NULL) AND fold BETWEEN 0 AND 1")
    message_tz_version_check = Check("(scheduled_at IS NULL) = (tz_version IS NULL)")
    message_approvals_check = Check("approvals_required BETWEEN 0 AND 5")
    message_author_check = Check("(author IS NULL) = (confirms IS NOT NULL)")
    message_confirms_check = Check("confirms IS NULL OR kind = 'dm'")
    message_withdrawn_for_check = one_of("withdrawn_for", WithdrawnFor)


class Revision(Table, tablename="revision"):
    """One immutable version of a message. Insert only."""

    id = UUID(primary_key=True, default=None, null=False)
    message = ForeignKey(Message, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    number = Integer(default=None, null=False)
    text = Text(default=None, null=False)
    digest = Bytea(default=None, null=False)
    editor = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    edit_and_approve = Boolean(default=False, null=False)
    paid_partnership = Boolean(default=False, null=False)
    ai_written = Boolean(default=False, null=False)
    fingerprint = Varchar(length=32, default=None, null=True)
    created_at = Timestamptz(default=None, null=False)

    revision_number_unique = Unique(["message", "number"])
    revision_text_check = length("text", 1, 25000)
    revision_digest_check = Check("octet_length(digest) = 32")


class Screening(Table, tablename="screening"):
    """What screening said of a revision, at one moment. It holds no text and no value. Insert only."""

    id = UUID(primary_key=True, default=None, null=False)
    revision = ForeignKey(Revision, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    moment = Varchar(length=10, default=None, null=False)
    policy_digest = Varchar(length=80, default=None, null=False)
    engine = JSONB(default="{}", null=False)
    decision = Varchar(length=16, default=None, null=False)
    klass = Varchar(length=12, default=None, null=False)
    points = Numeric(digits=(8, 2), default=Decimal(0), null=False)
    permission = Varchar(length=24, default=None, null=True)
    permission_until = Timestamptz(default=None, null=True)
    findings = JSONB(default="[]", null=False)
    created_at = Timestamptz(default=None, null=False)

    screening_moment_check = one_of("moment", ("submit", "send", "rescreen"))
    screening_decision_check = one_of("decision", ("allow", "warn", "needs_approval", "block"))
    screening_class_check = one_of("klass", ("clean", "suspected", "promotional"))


class Acknowledgement(Table, tablename="acknowledgement"):
    """A warning its author saw before handing a revision in: which rule, and where in the text. Insert only."""

    id = UUID(primary_key=True, default=None, null=False)
    revision = ForeignKey(Revision, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    rule = Varchar(length=80, default=None, null=False)
    span_start = Integer(default=None, null=True)
    span_end = Integer(default=None, null=True)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    created_at = Timestamptz(default=None, null=False)

    acknowledgement_unique = Unique(["revision", "rule", "span_start", "span_end", "member"], nulls_distinct=False)
    acknowledgement_span_check = Check(
        "(span_start IS NULL) = (span_end IS NULL) AND (span_start IS NULL OR 0 <= span_start AND span_start < span_end)"
    )


class Approval(Table, tablename="approval"):
    """A member's verdict on one revision.

    Author and editor are carried along by composite foreign keys (in the migrations), so that four eyes is a CHECK
    which no policy edit opens. Only `withdrawn_at` may be set, once.
    """

    id = UUID(primary_key=True, default=None, null=False)
    message = ForeignKey(Message, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    revision = ForeignKey(Revision, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    screening = ForeignKey(
        Screening, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None
    )
    approver = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    verdict = Varchar(length=18, default=None, null=False)
    reason = Text(default=None, null=True)
    digest = Bytea(default=None, null=False)
    message_author = UUID(default=None, null=False)
    revision_editor = UUID(default=None, null=False)
    edit_and_approve = Boolean(default=False, null=False)
    created_at = Timestamptz(default=None, null=False)
    withdrawn_at = Timestamptz(default=None, null=True)

    approval_verdict_check = one_of("verdict", Verdict)
    approval_reason_check = length("reason", 1, 500)
    approval_four_eyes_author = Check("verdict <> 'approved' OR approver <> message_author")
    approval_four_eyes_editor = Check("verdict <> 'approved' OR approver <> revision_editor OR edit_and_approve")
    approval_reason_given = Check("verdict = 'approved' OR reason IS NOT NULL")
