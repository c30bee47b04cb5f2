from piccolo.columns import UUID, BigInt, Boolean, Bytea, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import Array
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.domain.conversations import CloseReason, ConversationState
from govern.domain.publications import XKind
from govern.tables.account import Account
from govern.tables.checks import one_of
from govern.tables.contact import Contact
from govern.tables.member import Member
from govern.tables.message import Message


class Conversation(Table, tablename="conversation"):
    """The thread of one account with one person, and who is on it. The clock's columns follow what comes and goes."""

    id = UUID(primary_key=True, default=None, null=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    contact = ForeignKey(Contact, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    state = Varchar(length=10, default=None, null=False)
    x_kind = Varchar(length=5, default=None, null=False)
    has_dm = Boolean(default=False, null=False)
    waiting_since = Timestamptz(default=None, null=True)
    due_at = Timestamptz(default=None, null=True)
    newest_at = Timestamptz(default=None, null=False)
    assigned_to = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    closed_for = Varchar(length=20, default=None, null=True)
    closed_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    version = Integer(default=1, null=False)

    conversation_unique = Unique(["account", "contact"])
    conversation_state_check = one_of("state", ConversationState)
    conversation_x_kind_check = one_of("x_kind", XKind)
    conversation_closed_for_check = one_of("closed_for", CloseReason)
    conversation_due_check = Check("state <> 'open' OR (waiting_since IS NOT NULL AND due_at IS NOT NULL)")
    conversation_closed_check = Check("state <> 'closed' OR closed_for IS NOT NULL")


class AnswerTime(Table, tablename="answer_time"):
    """One answer, and whether it came in time. Insert only; it names nobody."""

    id = UUID(primary_key=True, default=None, null=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    conversation = ForeignKey(
        Conversation, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None
    )
    message = ForeignKey(
        Message, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None, unique=True
    )
    waiting_since = Timestamptz(default=None, null=False)
    due_at = Timestamptz(default=None, null=False)
    answered_at = Timestamptz(default=None, null=False)


class WebhookDelivery(Table, tablename="webhook_delivery"):
    """What X sent us, once per event and account, as it came. An erasure empties the body; the key stays."""

    id = UUID(primary_key=True, default=None, null=False)
    event_uuid = Varchar(length=80, default=None, null=False)
    event_type = Varchar(length=60, default=None, null=False)
    about = Varchar(length=20, default="", null=False)
    """The X id of the account it is about, as X names it; empty of what is about the X app."""
    author = BigInt(default=None, null=True)
    """The X id of who wrote what is in it."""
    body = Bytea(default=None, null=True)
    received_at = Timestamptz(default=None, null=False)
    done_at = Timestamptz(default=None, null=True)
    outcome = Varchar(length=20, default=None, null=True)

    webhook_delivery_unique = Unique(["event_uuid", "event_type", "about"])


class Subscription(Table, tablename="subscription"):
    """Which events X sends about an account, as last compared with X; `fault` says what is missing."""

    account = ForeignKey(
        Account, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, primary_key=True, null=False, default=None
    )
    events = Array(base_column=Varchar(length=40), default=list, null=False)
    checked_at = Timestamptz(default=None, null=False)
    fault = Text(default=None, null=True)
