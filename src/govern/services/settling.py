"""Writing down what became of a message whose outcome was unknown: the same for a person and for a reading of X."""

from datetime import datetime
from typing import Any
from uuid import UUID

from govern.database import rows
from govern.domain.actions import Decision
from govern.domain.audit import PublicationSettled
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import Event, Message, next_state
from govern.domain.publications import Settlement
from govern.services import audit, outbox
from govern.services.attempts import AttemptRow, resolve_attempt
from govern.services.message_views import change_message, load_message, message_ref, state_change
from govern.tables import Attempt, AttemptSeen, Publication

_FORGET_OF = """
DELETE FROM attempt_seen WHERE attempt IN (
  SELECT t.id FROM attempt t JOIN publication p ON p.id = t.publication JOIN message m ON m.id = p.message
   WHERE m.contact = {})
"""
_TAKEN = """
SELECT p.x_id FROM publication p WHERE p.x_kind = {} AND p.x_id = ANY({}) AND p.id <> {}
UNION SELECT t.x_id FROM attempt t JOIN publication p ON p.id = t.publication
       WHERE p.x_kind = {} AND t.x_id = ANY({}) AND t.id <> {}
UNION SELECT t.late_x_id FROM attempt t JOIN publication p ON p.id = t.publication
       WHERE p.x_kind = {} AND t.late_x_id = ANY({}) AND t.id <> {}
"""


async def settle(
    message: Message,
    row: AttemptRow,
    settlement: Settlement,
    reason: str,
    *,
    x_id: str | None = None,
    not_after: datetime | None = None,
    comment: str | None = None,
    reading: int | None = None,
    actor: Actor,
    decision: Decision | None = None,
    now: datetime,
) -> Message:
    """Settle an open question about a locked message, in the caller's transaction.

    Not out means that it goes once more, until `not_after` where that is given. `comment` is a person's, `reading` the
    number of the reading that showed it.
    """
    is_out = settlement is Settlement.SENT
    state = next_state(message.state, Event.SETTLE_SENT if is_out else Event.SETTLE_NOT_SENT)
    await resolve_attempt(row.id, settlement, reason, actor=actor, now=now)
    if x_id is not None and row.x_id is None:
        await Attempt.update({Attempt.x_id: int(x_id)}).where(Attempt.id == row.id)
    values = _out(x_id, now=now) if is_out else _again(not_after, now=now)
    await Publication.update(values).where(Publication.id == row.publication)
    await change_message(message, now, state=state.value)
    await forget_seen(row.id)
    await audit.record(
        PublicationSettled(attempt=row.tries, settlement=settlement.value, x_id=x_id, comment=comment, reading=reading),
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


async def forget_seen(attempt: UUID) -> None:
    """Forget what the last reading saw: it was kept for who had to settle it."""
    await AttemptSeen.delete().where(AttemptSeen.attempt == attempt)


async def forget_seen_of(contact: UUID) -> None:
    """Forget what readings saw of a person's private thread, in the caller's transaction."""
    await AttemptSeen.raw(_FORGET_OF, contact)


async def known_elsewhere(row: AttemptRow, x_ids: list[int]) -> set[int]:
    """Return those that another publication, or another attempt, is known to have become."""
    of_attempts = (row.x_kind, x_ids, row.id)
    found = rows(await Publication.raw(_TAKEN, row.x_kind, x_ids, row.publication, *of_attempts, *of_attempts))
    return {each["x_id"] for each in found}


def _out(x_id: str | None, *, now: datetime) -> dict[Any, Any]:
    return {Publication.closed_at: now, Publication.x_id: int(x_id) if x_id else None, Publication.failure: None}


def _again(not_after: datetime | None, *, now: datetime) -> dict[Any, Any]:
    values: dict[Any, Any] = {
        Publication.next_attempt: uuid7(now),
        Publication.wake_at: now,
        Publication.failure: None,
    }
    return values | ({Publication.not_after: not_after} if not_after else {})
