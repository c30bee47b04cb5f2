"""Conversations: the thread of one account with one person, and the clock of what waits for an answer."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from govern.domain.messages import State
from govern.errors import N_, Conflict, NotFound

OLD_AFTER = timedelta(days=7)
"""What we learn of so late starts no clock: a first poll brings back months."""
REPLAYED_AFTER = timedelta(hours=48)
"""A delivery carries no time of its own: an object older than this may be a replay, and only makes us look at X."""
LEAST_TO_APPROVE = timedelta(minutes=5)
"""With less left, an answer has the approval rule's own time: late, it is still worth more than none."""

ANSWERING = frozenset({State.SENT})
"""In these states a message is an answer the person has."""


class ConversationState(StrEnum):
    """Where a conversation stands. Values are stored."""

    OPEN = "open"
    """Somebody wrote and waits."""
    ANSWERED = "answered"
    """Our answer is on X."""
    CLOSED = "closed"
    """A member said that no answer is due."""


class CloseReason(StrEnum):
    """Why no answer is due. Values are stored."""

    NO_ANSWER_NEEDED = "no_answer_needed"
    """Thanks, a greeting, a remark."""
    ELSEWHERE = "elsewhere"
    """It was answered in another place."""
    SPAM = "spam"
    """Nobody meant us."""
    OTHER = "other"
    """The note says."""
    OLD = "old"
    """We learnt of it too late; nobody's choice."""
    ERASED = "erased"
    """The person was erased; nobody's choice."""


CHOOSABLE = (CloseReason.NO_ANSWER_NEEDED, CloseReason.ELSEWHERE, CloseReason.SPAM, CloseReason.OTHER)
"""Reasons a member may give."""


class EventKind(StrEnum):
    """What X tells webhooks that we listen to."""

    MENTION = "post.mention.create"
    """A post names the account with its @."""
    REPLY = "post.reply.create"
    """A post answers one of the account's."""
    DM = "dm.received"
    """Somebody wrote in private."""
    REVOKED = "oauth.revoke"
    """The account's owner took our permission back at X; told of the whole X app."""


SCOPE_OF = {EventKind.MENTION: "tweet.read", EventKind.REPLY: "tweet.read", EventKind.DM: "dm.read"}
"""Events of one account, each with what X must have granted."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """The thread of one account with one person."""

    id: UUID
    account: str
    account_id: UUID
    scope: str
    brand: str
    contact: UUID
    contact_handle: str
    contact_name: str
    state: ConversationState
    x_kind: str
    """How they wrote last: `post` or `dm`."""
    has_dm: bool
    waiting_since: datetime | None
    due_at: datetime | None
    newest_at: datetime
    assigned_to: UUID | None
    assigned_name: str | None
    closed_for: CloseReason | None
    closed_by: UUID | None
    version: int

    def is_late(self, now: datetime) -> bool:
        """Tell whether an answer is overdue."""
        return self.state is ConversationState.OPEN and self.due_at is not None and self.due_at <= now


class UnknownConversation(NotFound):
    code = "conversation.unknown"
    template = N_("There is no such conversation.")


class OnItAlready(Conflict):
    code = "conversation.taken"
    template = N_("{name} took this conversation a moment ago. Nothing was changed; speak with them before you answer.")


class NotWaiting(Conflict):
    code = "conversation.not_waiting"
    template = N_("Nobody waits for an answer here any more. Nothing was changed.")


class NotClosed(Conflict):
    code = "conversation.not_closed"
    template = N_("This conversation is not closed: there is nothing to undo.")
