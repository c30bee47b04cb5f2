"""Who is on a conversation, and closing one without an answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from govern.access import Access
from govern.domain.actions import Action, Decision, Target
from govern.domain.audit import (
    Change,
    ConversationAssigned,
    ConversationClosed,
    ConversationReleased,
    ConversationReopened,
    ObjectRef,
    Recorded,
)
from govern.domain.conversations import (
    CHOOSABLE,
    CloseReason,
    Conversation,
    ConversationState,
    NotClosed,
    NotWaiting,
    OnItAlready,
)
from govern.domain.drafts import ReasonRequired, check_reason
from govern.domain.members import Actor
from govern.errors import Denied, Invalid
from govern.services import audit
from govern.services.conversation_threads import load_conversation, refuse_unread
from govern.services.use_case import about, use_case
from govern.tables import Conversation as ConversationTable

_LOCK = "SELECT id FROM conversation WHERE id = {} FOR NO KEY UPDATE"


async def take_conversation(
    conversation: UUID, *, was: UUID | None = None, actor: Actor, access: Access, now: datetime
) -> Conversation:
    """Say that the actor is on it. `was` is who was on it as far as they know: nobody is pushed aside unawares.

    Raises:
        OnItAlready: somebody else took it meanwhile.
    """
    async with use_case(actor=actor, now=now):
        found, decision = await _lock(conversation, Action.CONVERSATION_ASSIGN, actor=actor, access=access)
        if found.assigned_to not in {was, actor.member, None}:
            raise OnItAlready(name=found.assigned_name)
        if actor.member is None or found.assigned_to == actor.member:
            return found
        entry = ConversationAssigned(
            member=actor.member, account=found.account_id, contact=found.contact, previous=found.assigned_to
        )
        return await _change(found, entry, {"assigned_to": actor.member}, actor=actor, now=now, decision=decision)


async def release_conversation(conversation: UUID, *, actor: Actor, access: Access, now: datetime) -> Conversation:
    """Say that nobody is on it any more."""
    async with use_case(actor=actor, now=now):
        found, decision = await _lock(conversation, Action.CONVERSATION_ASSIGN, actor=actor, access=access)
        if found.assigned_to is None:
            return found
        entry = ConversationReleased(account=found.account_id, contact=found.contact)
        return await _change(found, entry, {"assigned_to": None}, actor=actor, now=now, decision=decision)


async def close_conversation(
    conversation: UUID, *, reason: CloseReason, note: str = "", actor: Actor, access: Access, now: datetime
) -> Conversation:
    """Say that no answer is due; who writes again starts the clock again. The note is sealed in the log.

    Raises:
        ReasonRequired: "another reason" needs a note.
        NotWaiting: it was answered or closed meanwhile.
    """
    if reason not in CHOOSABLE:
        raise Invalid(reason="This reason is not for people to choose.", field="reason")
    comment = check_reason(note) if note.strip() else None
    if reason is CloseReason.OTHER and comment is None:
        raise ReasonRequired(why="nobody else can tell why no answer was due", field="note")
    async with use_case(actor=actor, now=now):
        found, decision = await _lock(conversation, Action.CONVERSATION_CLOSE, actor=actor, access=access)
        if found.state is not ConversationState.OPEN:
            raise NotWaiting
        entry = ConversationClosed(
            account=found.account_id, contact=found.contact, reason=reason.value, due=found.due_at, comment=comment
        )
        values = {"state": ConversationState.CLOSED.value, "closed_for": reason.value, "closed_by": actor.member}
        return await _change(found, entry, values, actor=actor, now=now, decision=decision)


async def reopen_conversation(conversation: UUID, *, actor: Actor, access: Access, now: datetime) -> Conversation:
    """Undo a closing: the person waits as before, since when they wrote.

    Raises:
        NotClosed: a member did not close it, or the person wrote again since.
    """
    async with use_case(actor=actor, now=now):
        found, decision = await _lock(conversation, Action.CONVERSATION_CLOSE, actor=actor, access=access)
        if found.state is not ConversationState.CLOSED or found.due_at is None:
            raise NotClosed
        entry = ConversationReopened(account=found.account_id, contact=found.contact)
        values = {"state": ConversationState.OPEN.value, "closed_for": None, "closed_by": None}
        return await _change(found, entry, values, actor=actor, now=now, decision=decision)


async def _lock(conversation: UUID, action: Action, *, actor: Actor, access: Access) -> tuple[Conversation, Decision]:
    await ConversationTable.raw(_LOCK, conversation)
    found = await load_conversation(conversation)
    about(ObjectRef(kind="conversation", id=found.id))
    try:
        return found, await access.require(actor, action, Target(scope=found.scope))
    except Denied as denied:
        await refuse_unread(found, denied, actor=actor, access=access)
        raise


async def _change(
    found: Conversation,
    entry: Recorded,
    values: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
    decision: Decision,
) -> Conversation:
    columns: dict[Any, Any] = {**values, "version": found.version + 1}
    await ConversationTable.update(columns).where(ConversationTable.id == found.id)
    change = {}
    if "state" in values:
        change = {"state": Change(before=found.state.value, after=values["state"])}
    await audit.record(
        entry,
        actor=actor,
        now=now,
        object=ObjectRef(kind="conversation", id=found.id),
        refs=(ObjectRef(kind="contact", id=found.contact),),
        scope=found.scope,
        change=change,
        decision=decision,
    )
    return await load_conversation(found.id)
