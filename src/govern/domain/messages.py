"""The life of a message: its states, the one table that says how they change, its revisions and their digest."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

import msgspec

from govern.domain.media import Image
from govern.errors import N_, Conflict


class Kind(StrEnum):
    """What a message is on X."""

    POST = "post"
    """A post on the account's own timeline."""
    REPLY = "reply"
    """A public answer to a post."""
    QUOTE = "quote"
    """A post that carries another one."""
    DM = "dm"
    """A private message to one contact."""


class ReplyLevel(StrEnum):
    """Who will see an answer to a public post."""

    PRIVATE = "private"
    """It asks the person to write in private."""
    OPEN = "open"
    """Those who follow both sides."""
    EVERYONE = "everyone"
    """All followers: a quote, or a post that begins with the person's handle."""


class State(StrEnum):
    """Where a message is in its life."""

    DRAFT = "draft"
    """Being written."""
    BLOCKED = "blocked"
    """Screening forbids it; only another text or a new right to write helps."""
    PENDING_APPROVAL = "pending_approval"
    """Waits for the approvals its rule demands."""
    CHANGES_REQUESTED = "changes_requested"
    """An approver asked for another text."""
    REJECTED = "rejected"
    """An approver said no, for good."""
    EXPIRED = "expired"
    """Its time passed before it could go out."""
    APPROVED = "approved"
    """Has all approvals and goes out at once."""
    SCHEDULED = "scheduled"
    """Has all approvals and a time."""
    SENDING = "sending"
    """Handed to X; the answer is not in yet."""
    SENT = "sent"
    """On X."""
    FAILED = "failed"
    """X refused it; it is not out."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """Handed to X, and no answer says whether it is out: a person settles it."""
    WITHDRAWN = "withdrawn"
    """Taken back before it went out."""


class WithdrawnFor(StrEnum):
    """Why the service itself took a message back. Its author may copy it into a new draft."""

    PERMISSION_LOST = "permission_lost"
    """The right to write to the person ended."""
    OPTED_OUT = "opted_out"
    """The person said stop."""
    SCREENING_CHANGED = "screening_changed"
    """Screening is stricter than what was seen by those who let it pass."""


class Event(StrEnum):
    """What can happen to a message."""

    REVISE = "revise"
    """Somebody wrote a new revision."""
    BLOCK = "block"
    """Submitted, and screening forbids it."""
    QUEUE = "queue"
    """Submitted, and somebody must approve it."""
    PASS = "pass"  # noqa: S105 - the word, not a secret
    """Submitted, and no approval is needed."""
    APPROVE = "approve"
    """The last approval it needed was given."""
    REJECT = "reject"
    """An approver said no."""
    REQUEST_CHANGES = "request_changes"
    """An approver asked for another text."""
    UNDO = "undo"
    """The giver took an approval back before it was handed to X."""
    SCHEDULE = "schedule"
    """A time was chosen or changed."""
    CLAIM = "claim"
    """It is due, and a worker took it."""
    NOT_SENT = "not_sent"
    """Proof that nothing left for X; it goes again."""
    SUCCEED = "succeed"
    """X answered with an id."""
    REFUSE = "refuse"
    """X refused it."""
    LOSE = "lose"
    """No answer says what became of it."""
    SETTLE_SENT = "settle_sent"
    """A person or a reading of X found it is out."""
    SETTLE_NOT_SENT = "settle_not_sent"
    """A person or a reading of X found it is not out: send once more."""
    SURFACE = "surface"
    """X said late that an attempt settled as not out is out: it must not go again."""
    EXPIRE = "expire"
    """Its approval deadline or its sending window passed."""
    WITHDRAW = "withdraw"
    """Somebody took it back."""


_UNSENT = (
    State.DRAFT,
    State.BLOCKED,
    State.PENDING_APPROVAL,
    State.CHANGES_REQUESTED,
    State.APPROVED,
    State.SCHEDULED,
)

TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.DRAFT, Event.REVISE): State.DRAFT,
        (State.BLOCKED, Event.REVISE): State.DRAFT,
        (State.CHANGES_REQUESTED, Event.REVISE): State.DRAFT,
        (State.PENDING_APPROVAL, Event.REVISE): State.DRAFT,
        (State.EXPIRED, Event.REVISE): State.DRAFT,
        (State.DRAFT, Event.BLOCK): State.BLOCKED,
        (State.DRAFT, Event.QUEUE): State.PENDING_APPROVAL,
        (State.DRAFT, Event.PASS): State.APPROVED,
        (State.PENDING_APPROVAL, Event.APPROVE): State.APPROVED,
        (State.PENDING_APPROVAL, Event.REJECT): State.REJECTED,
        (State.PENDING_APPROVAL, Event.REQUEST_CHANGES): State.CHANGES_REQUESTED,
        (State.PENDING_APPROVAL, Event.EXPIRE): State.EXPIRED,
        (State.PENDING_APPROVAL, Event.SCHEDULE): State.PENDING_APPROVAL,
        (State.DRAFT, Event.SCHEDULE): State.DRAFT,
        (State.APPROVED, Event.SCHEDULE): State.SCHEDULED,
        (State.SCHEDULED, Event.SCHEDULE): State.SCHEDULED,
        (State.APPROVED, Event.UNDO): State.PENDING_APPROVAL,
        (State.SCHEDULED, Event.UNDO): State.PENDING_APPROVAL,
        (State.APPROVED, Event.CLAIM): State.SENDING,
        (State.SCHEDULED, Event.CLAIM): State.SENDING,
        (State.APPROVED, Event.EXPIRE): State.EXPIRED,
        (State.SCHEDULED, Event.EXPIRE): State.EXPIRED,
        (State.SENDING, Event.NOT_SENT): State.SCHEDULED,
        (State.SENDING, Event.SUCCEED): State.SENT,
        (State.SENDING, Event.REFUSE): State.FAILED,
        (State.SENDING, Event.LOSE): State.OUTCOME_UNKNOWN,
        (State.OUTCOME_UNKNOWN, Event.SETTLE_SENT): State.SENT,
        (State.OUTCOME_UNKNOWN, Event.SETTLE_NOT_SENT): State.APPROVED,
        # A slow answer of X that arrives after the deadline settles the question by itself.
        (State.OUTCOME_UNKNOWN, Event.SUCCEED): State.SENT,
        (State.APPROVED, Event.SURFACE): State.SENT,
        (State.SCHEDULED, Event.SURFACE): State.SENT,
        **{(state, Event.WITHDRAW): State.WITHDRAWN for state in _UNSENT},
    }
)
"""The only place that knows how a message may move."""

TERMINAL = frozenset({State.REJECTED, State.SENT, State.FAILED, State.WITHDRAWN})
DUE_STATES = frozenset(state for state, event in TRANSITIONS if event is Event.CLAIM)
WITHDRAWABLE = frozenset(state for state, event in TRANSITIONS if event is Event.WITHDRAW)


SERVICE = UUID(int=0)
"""Stands for author and editor of what the service itself writes: the confirmation of an opt-out. No member has it."""


class IllegalTransition(Conflict):
    code = "message.illegal_transition"
    template = N_("This message is {state}; it cannot {event} any more.")


class StaleRevision(Conflict):
    """The decision was about another revision than the current one. Data: `read`, `current`."""

    code = "message.stale_revision"
    template = N_("You decided on revision {read}, but revision {current} is the current one. Nothing was changed.")


class ChangedMeanwhile(Conflict):
    code = "message.changed_meanwhile"
    template = N_("Somebody changed this message a moment ago. Nothing of yours was saved; look again.")


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version of a message."""

    id: UUID
    number: int
    text: str
    digest: bytes
    editor: UUID
    editor_name: str
    edit_and_approve: bool
    created_at: datetime
    paid_partnership: bool = False
    """Somebody gave something for it."""
    ai_written: bool = False
    """A machine wrote the text; X is told."""
    images: tuple[Image, ...] = ()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something we want to send, with its current revision and what screening last said of it."""

    id: UUID
    number: int
    account: str
    """The handle."""
    account_id: UUID
    scope: str
    kind: Kind
    state: State
    author: UUID
    author_name: str
    author_email: str
    recipient: str | None
    """The contact's handle, of a DM."""
    contact_id: UUID | None
    in_reply_to: str | None
    """The post answered or quoted, by its id on X."""
    revision: Revision
    findings: tuple[Mapping[str, object], ...]
    decision: str | None
    """The strictest finding's: allow, warn, needs_approval, block; None before it was screened."""
    permission: str | None
    approvals: int
    approvals_required: int
    approval_rule: str | None
    deadline_at: datetime | None
    scheduled_at: datetime | None
    zone: str | None
    due_at: datetime | None
    hold: str | None
    failure: str | None
    """Why X refused it or why it was not sent, in plain words."""
    x_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    confirms: UUID | None = None
    """The opt-out that this message confirms: the service wrote it, and nobody is its author."""
    withdrawn_for: WithdrawnFor | None = None
    reply_level: ReplyLevel | None = None
    """Of a reply or a quote."""
    wall_time: str | None = None
    """What the clocks of `zone` show at `scheduled_at`; of a time that comes twice, `fold` says which one."""
    fold: int | None = None
    tz_version: str | None = None
    """The version of the time zone database by which that is so."""
    not_after: datetime | None = None
    """When it is too late to go out."""


def next_state(state: State, event: Event) -> State:
    """Return where the event leads.

    Raises:
        IllegalTransition: the table has no such step.
    """
    following = TRANSITIONS.get((state, event))
    if following is None:
        raise IllegalTransition(
            state=state.value.replace("_", " "), event=event.value.replace("_", " "), state_code=state.value
        )
    return following


def can(state: State, event: Event) -> bool:
    """Tell whether the table has this step."""
    return (state, event) in TRANSITIONS


def check_revision(current: int, read: int) -> None:
    """Refuse a decision about another revision than the current one.

    Raises:
        StaleRevision: the message was edited after the decider read it.
    """
    if current != read:
        raise StaleRevision(read=read, current=current)
