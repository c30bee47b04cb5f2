"""Saying no to a revision: for good, or until it is written anew."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.domain.actions import Action
from govern.domain.approvals import (
    Verdict,
)
from govern.domain.audit import (
    MessageChangesRequested,
    MessageRejected,
)
from govern.domain.drafts import ReasonRequired, check_reason
from govern.domain.members import Actor
from govern.domain.messages import Event, Message, check_revision, next_state
from govern.services import audit
from govern.services.message_rights import require
from govern.services.message_views import change_message, load_message, lock_message, message_ref, state_change
from govern.services.use_case import use_case
from govern.services.verdicts import approve_target, insert_verdict


class _No(msgspec.Struct, frozen=True):
    """What tells one way of saying no from the other."""

    verdict: Verdict
    event: Event
    action: Action
    entry: type[MessageRejected | MessageChangesRequested]


_REJECT = _No(Verdict.REJECTED, Event.REJECT, Action.MESSAGE_REJECT, MessageRejected)
_CHANGES = _No(
    Verdict.CHANGES_REQUESTED, Event.REQUEST_CHANGES, Action.MESSAGE_REQUEST_CHANGES, MessageChangesRequested
)


async def reject_message(
    message_id: UUID | str,
    *,
    revision: int,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Say no to a revision, for good."""
    return await _refuse(_REJECT, message_id, revision=revision, reason=reason, actor=actor, access=access, now=now)


async def request_changes(
    message_id: UUID | str,
    *,
    revision: int,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Send a revision back to its author, saying what should change."""
    return await _refuse(_CHANGES, message_id, revision=revision, reason=reason, actor=actor, access=access, now=now)


async def _refuse(
    no: _No,
    message_id: UUID | str,
    *,
    revision: int,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    given = check_reason(reason)
    if given is None:
        raise ReasonRequired(why="the author must know what to do", field="reason")
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await require(
            message,
            no.action,
            approve_target(message, edit_and_approve=False),
            called=message_id,
            actor=actor,
            access=access,
        )
        check_revision(message.revision.number, revision)
        state = next_state(message.state, no.event)
        await insert_verdict(message, no.verdict, given, actor=actor, now=now)
        await change_message(message, now, state=state.value)
        await audit.record(
            no.entry(revision=message.revision.number, digest=message.revision.digest.hex(), comment=given),
            actor=actor,
            now=now,
            object=message_ref(message),
            scope=message.scope,
            change=state_change(message, state),
            decision=decision,
        )
        return await load_message(message.id)
