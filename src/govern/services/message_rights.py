"""Deciding what somebody may do with a message: who may not even read it hears that there is none."""

from datetime import datetime
from uuid import UUID

from govern.access import Access
from govern.domain.actions import Action, Decision, Target
from govern.domain.members import Actor
from govern.domain.messages import Message
from govern.errors import Denied
from govern.services.message_views import UnknownMessage, get_message, message_ref, reading
from govern.services.screening import WRITE_ACTION
from govern.services.use_case import about, use_case


async def require(
    message: Message,
    action: Action,
    target: Target | None = None,
    *,
    called: UUID | str,
    actor: Actor,
    access: Access,
) -> Decision:
    """Return the decision that allows an action on a message, `called` as whoever asked called it.

    Raises:
        Denied: `unseen` if they may not read it.
    """
    try:
        return await access.require(actor, action, target or Target(scope=message.scope))
    except Denied as denied:
        seen = await access.decide(actor, reading(message, actor), Target(scope=message.scope))
        if not seen.allowed:
            denied.unseen = UnknownMessage(name=str(called)[:40])
        raise


async def get_for_writing(message_id: UUID | str, *, actor: Actor, access: Access, now: datetime) -> Message:
    """Return a message to whoever may write a new text for it.

    Raises:
        UnknownMessage: there is none, or the actor may not read it.
        Denied
    """
    message = await get_message(message_id, actor=actor, access=access, now=now)
    async with use_case(actor=actor, now=now):
        about(message_ref(message))
        await access.require(actor, WRITE_ACTION[message.kind], Target(scope=message.scope))
    return message
