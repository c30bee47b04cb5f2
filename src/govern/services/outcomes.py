"""The desk: what nobody knows about a message, a person settles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action
from govern.domain.audit import PublicationSettled
from govern.domain.drafts import MAX_REASON, BadTarget, ReasonRequired
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import Event, Message, next_state
from govern.domain.publications import ANSWER_WINDOW, Settlement
from govern.errors import N_, Conflict
from govern.services import audit, outbox
from govern.services.attempts import AttemptRow, read_attempt, resolve_attempt
from govern.services.message_rights import require
from govern.services.message_views import (
    READABLE,
    VIEW,
    change_message,
    load_message,
    lock_message,
    message_ref,
    readable,
    state_change,
    to_message,
)
from govern.services.private_reading import without_private_text
from govern.services.use_case import use_case
from govern.tables import Attempt, Publication
from govern.tables import Message as MessageTable

_OPEN_UNKNOWN = """
SELECT t.id FROM attempt t JOIN publication p ON p.id = t.publication
 WHERE p.message = {} AND t.outcome = 'unknown' AND t.resolved IS NULL ORDER BY t.started_at DESC LIMIT 1
"""
_TAKEN = "SELECT message FROM publication WHERE x_kind = {} AND x_id = {} AND id <> {}"
_UNKNOWN = VIEW + " WHERE m.state = 'outcome_unknown' AND " + READABLE + " ORDER BY m.updated_at"


class SettledMeanwhile(Conflict):
    code = "publication.settled_meanwhile"
    template = N_("The outcome of this message was settled a moment ago. Nothing of yours was saved.")


class AnotherMessage(Conflict):
    code = "publication.x_id_taken"
    template = N_("{x_id} is another message of ours on X. Look again which one this became.")


async def list_unknown(*, actor: Actor, access: Access) -> list[Message]:
    """Return the messages whose outcome nobody knows, of those the actor may read, oldest first.

    DMs of others come without their text: reading one is `get_message`, and an entry of the log.
    """
    found = rows(await MessageTable.raw(_UNKNOWN, *await readable(actor, access)))
    return without_private_text([to_message(row) for row in found], actor)


async def settle_outcome(
    message_id: UUID | str,
    *,
    is_out: bool,
    x_id: str | None = None,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Say what became of a message whose outcome is unknown: it is out, or it is not out and goes once more.

    Raises:
        ReasonRequired, BadTarget: what was said cannot be kept.
        SettledMeanwhile: somebody else, or a late answer of X, was faster.
        AnotherMessage: `x_id` is another message of ours.
    """
    x_id = _check(reason, x_id if is_out else None)
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await require(message, Action.MESSAGE_SETTLE, called=message_id, actor=actor, access=access)
        state = next_state(message.state, Event.SETTLE_SENT if is_out else Event.SETTLE_NOT_SENT)
        row = await _open_question(message, x_id)
        settlement = Settlement.SENT if is_out else Settlement.NOT_SENT
        comment = reason.strip()[:MAX_REASON]
        await resolve_attempt(row.id, settlement, comment, actor=actor, now=now)
        await Publication.update(_settled(is_out=is_out, x_id=x_id, now=now)).where(Publication.id == row.publication)
        await change_message(message, now, state=state.value)
        await audit.record(
            PublicationSettled(attempt=row.tries, settlement=settlement.value, x_id=x_id, comment=comment),
            actor=actor,
            now=now,
            object=message_ref(message),
            refs=row.refs,
            scope=message.scope,
            change=state_change(message, state),
            decision=decision,
        )
        if not is_out:
            await outbox.enqueue("publish", now=now, account=str(row.account))
        return await load_message(message.id)


def _check(reason: str, x_id: str | None) -> str | None:
    if not reason.strip():
        raise ReasonRequired(why="it is kept as the ground of what you decided", field="reason")
    if x_id is not None and not (x_id.isascii() and x_id.isdigit() and int(x_id) < 2**63):
        raise BadTarget(value=x_id[:40], field="x_id")
    return x_id


async def _open_question(message: Message, x_id: str | None) -> AttemptRow:
    found = rows(await Attempt.raw(_OPEN_UNKNOWN, message.id))
    if not found:
        raise SettledMeanwhile
    row = await read_attempt(found[0]["id"])
    if x_id is not None and rows(await Publication.raw(_TAKEN, row.x_kind, int(x_id), row.publication)):
        raise AnotherMessage(x_id=x_id, field="x_id")
    return row


def _settled(*, is_out: bool, x_id: str | None, now: datetime) -> dict[Any, Any]:
    if is_out:
        return {Publication.closed_at: now, Publication.x_id: int(x_id) if x_id else None, Publication.failure: None}
    return {
        Publication.next_attempt: uuid7(now),
        Publication.wake_at: now,
        Publication.not_after: now + ANSWER_WINDOW,
        Publication.failure: None,
    }
