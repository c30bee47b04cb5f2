"""A due publication that does not go now: it is held, or it expires, or it is withdrawn."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from govern.domain.actions import Decision
from govern.domain.audit import MessageExpired, MessageWithdrawn, ObjectRef, PublicationHeld, Recorded
from govern.domain.members import PUBLISHER, Actor
from govern.domain.messages import Event, Message, WithdrawnFor, next_state
from govern.domain.publications import Hold
from govern.services import audit
from govern.services.message_views import change_message, message_ref, state_change
from govern.services.publications import close_unsent
from govern.tables import Publication

HOLD_FOR = timedelta(seconds=15)
FAILURES: Mapping[WithdrawnFor, str] = {
    WithdrawnFor.PERMISSION_LOST: "The right to write to this person ended before it could be sent.",
    WithdrawnFor.OPTED_OUT: "This person said stop before it could be sent.",
    WithdrawnFor.SCREENING_CHANGED: "Screening is stricter now than when it was approved, so it was not sent.",
}


MISSED: Mapping[str, str] = {
    Hold.PAUSE.value: "Publishing was paused until its time to go out had passed.",
    Hold.RELEASE.value: "Nobody released it before its time to go out had passed.",
    Hold.ZONE.value: "Nobody decided which time is meant before its time to go out had passed.",
    Hold.AUTH.value: "The account was not connected until its time to go out had passed.",
}


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A publication that did not go now; the next one of the account may."""

    reason: str


async def hold_publication(
    publication: UUID,
    message: Message,
    hold: Hold,
    sentence: str,
    *,
    decision: Decision | None = None,
    wake_at: datetime | None = None,
    now: datetime,
) -> Passed:
    """Let it wait and say why; it is asked again soon, or at `wake_at`, and recorded once per cause."""
    again = message.hold == hold.value
    values: dict[Any, Any] = {Publication.wake_at: wake_at or now + HOLD_FOR, Publication.hold_reason: sentence}
    if not again:
        values |= {Publication.hold: hold.value, Publication.hold_since: now}
    await Publication.update(values).where(Publication.id == publication)
    if not again:
        await audit.record(
            PublicationHeld(hold=hold.value, rule=None if decision is None else decision.rule),
            actor=PUBLISHER,
            now=now,
            object=message_ref(message),
            refs=(ObjectRef(kind="publication", id=publication),),
            scope=message.scope,
            decision=decision,
        )
    return Passed(reason=hold.value)


async def expire_publication(message: Message, *, now: datetime) -> Passed:
    """Its time to go out passed: late never goes out by itself."""
    failure = MISSED.get(message.hold or "", "Its time to go out passed before it could be sent.")
    return await _close(message, Event.EXPIRE, MessageExpired(reason="window_passed"), failure, now=now)


async def withdraw_publication(message: Message, why: WithdrawnFor, *, now: datetime) -> Passed:
    """Screening or the right to write says no to what was approved."""
    await take_back(message, why, actor=PUBLISHER, now=now)
    return Passed(reason="withdrawn")


async def take_back(
    message: Message, why: WithdrawnFor, *, actor: Actor, now: datetime, refs: Sequence[ObjectRef] = ()
) -> None:
    """Withdraw a locked message that must not go out any more, in the caller's transaction; its author may copy it."""
    state = next_state(message.state, Event.WITHDRAW)
    await close_unsent(message, now=now, failure=FAILURES[why])
    await change_message(message, now, state=state.value, withdrawn_for=why.value)
    await audit.record(
        MessageWithdrawn(revision=message.revision.number, reason=why.value),
        actor=actor,
        now=now,
        object=message_ref(message),
        refs=refs,
        scope=message.scope,
        change=state_change(message, state),
    )


async def _close(message: Message, event: Event, entry: Recorded, failure: str, *, now: datetime) -> Passed:
    state = next_state(message.state, event)
    await close_unsent(message, now=now, failure=failure)
    await change_message(message, now, state=state.value)
    await audit.record(
        entry,
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        scope=message.scope,
        change=state_change(message, state),
    )
    return Passed(reason=state.value)
