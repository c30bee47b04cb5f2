"""Answers of X that come after everybody gave them up: success is a fact, whatever was settled meanwhile."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Decision
from govern.domain.audit import PublicationLateClosed, PublicationSent, PublicationSentLate
from govern.domain.drafts import MAX_REASON, ReasonRequired
from govern.domain.members import PUBLISHER, Actor
from govern.domain.messages import Event, Message, can, next_state
from govern.domain.publications import Settlement
from govern.errors import N_, Denied, NotFound
from govern.services import audit
from govern.services.attempts import AttemptRow, read_attempt, resolve_attempt
from govern.services.message_rights import require
from govern.services.message_views import change_message, load_message, lock_message, message_ref, state_change
from govern.services.settling import forget_seen, known_elsewhere
from govern.services.use_case import use_case
from govern.tables import Attempt, Publication

_LATE = """
SELECT t.id AS attempt, m.number, a.handle AS account, t.late_at, t.resolved,
       t.late_x_id::text AS x_id, p.x_id::text AS known_as, m.state
  FROM attempt t JOIN publication p ON p.id = t.publication JOIN message m ON m.id = p.message
  JOIN account a ON a.id = m.account
 WHERE t.late_at IS NOT NULL AND t.late_closed_at IS NULL AND a.scope = ANY({}) ORDER BY t.late_at
"""


class UnknownIncident(NotFound):
    code = "publication.no_late_answer"
    template = N_("There is no such late answer of X, or it was closed.")


class LateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """X said late that a message is out which had been settled otherwise: it may be out twice."""

    attempt: UUID
    number: int
    account: str
    late_at: datetime
    resolved: str
    x_id: str
    known_as: str | None
    """The id under which the message is known; another one means that it is out twice."""
    state: str


async def keep_late_answer(row: AttemptRow, message: Message, *, sent_as: str | None, now: datetime) -> Message:
    """Keep X's word for an attempt that was given up, in the caller's transaction.

    An open question is settled by it. What was settled as not out is stopped, if it is not on its way again, and is an
    incident; so is what was found under another id.
    """
    if sent_as is None or str(row.x_id) == sent_as or row.late_at is not None:
        return message
    await _learn_id(row, sent_as)
    if row.resolved is None and can(message.state, Event.SUCCEED):
        await resolve_attempt(row.id, Settlement.SENT, "X answered after the deadline.", actor=None, now=now)
        return await _becomes_sent(row, message, Event.SUCCEED, sent_as, now=now)
    if row.resolved == Settlement.SENT and row.x_id is None:
        await _write_out(row, sent_as, now=now)
        await _tell_sent(row, message, sent_as, now=now)
        return message
    await _tell_incident(row, message, sent_as, now=now)
    if can(message.state, Event.SURFACE):
        return await _becomes_sent(row, message, Event.SURFACE, sent_as, now=now)
    return message


async def list_late_answers(*, actor: Actor, access: Access) -> list[LateAnswer]:
    """Return the late answers that nobody closed, oldest first, of the accounts whose outcomes the actor settles."""
    settles = await access.where_can(actor, Action.MESSAGE_SETTLE)
    return [msgspec.convert(row, LateAnswer) for row in rows(await Attempt.raw(_LATE, sorted(settles)))]


async def count_late_answers(*, actor: Actor, access: Access) -> int:
    """Return how many there are: for who settles them, and who reads the log."""
    settles = await access.where_can(actor, Action.MESSAGE_SETTLE)
    reads = await access.where_can(actor, Action.AUDIT_READ)
    return len(rows(await Attempt.raw(_LATE, sorted(settles | reads))))


async def close_late_answer(attempt: UUID, *, reason: str, actor: Actor, access: Access, now: datetime) -> None:
    """Say that a late answer was looked at, and what was done.

    Raises:
        ReasonRequired
        UnknownIncident: there is none, it was closed already, or the actor may not know of it.
    """
    if not reason.strip():
        raise ReasonRequired(why="it is kept as what was done about it", field="reason")
    async with use_case(actor=actor, now=now):
        found = rows(await Attempt.select(Attempt.id).where(Attempt.id == attempt))
        if not found:
            raise UnknownIncident
        message = await lock_message((await read_attempt(attempt)).message)
        decision = await _require(message, actor=actor, access=access)
        closed = (
            await Attempt.update({Attempt.late_closed_by: actor.member, Attempt.late_closed_at: now})
            .where((Attempt.id == attempt) & Attempt.late_at.is_not_null() & Attempt.late_closed_at.is_null())
            .returning(Attempt.id)
        )
        if not closed:
            raise UnknownIncident
        row = await read_attempt(attempt)
        await audit.record(
            PublicationLateClosed(attempt=row.tries, comment=reason.strip()[:MAX_REASON]),
            actor=actor,
            now=now,
            object=message_ref(message),
            refs=row.refs,
            scope=message.scope,
            decision=decision,
        )


async def _require(message: Message, *, actor: Actor, access: Access) -> Decision:
    """Ask for the right to settle; who may not read the message hears that there is no such late answer."""
    try:
        return await require(message, Action.MESSAGE_SETTLE, called=message.id, actor=actor, access=access)
    except Denied as denied:
        if denied.unseen is not None:
            denied.unseen = UnknownIncident()
        raise


async def _learn_id(row: AttemptRow, x_id: str) -> None:
    if row.x_id is None:
        await Attempt.update({Attempt.x_id: int(x_id)}).where(Attempt.id == row.id)


async def _becomes_sent(row: AttemptRow, message: Message, event: Event, x_id: str, *, now: datetime) -> Message:
    state = next_state(message.state, event)
    await _write_out(row, x_id, now=now)
    await change_message(message, now, state=state.value)
    await forget_seen(row.id)
    await audit.record(
        PublicationSent(attempt=row.tries, x_id=x_id),
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        refs=row.refs,
        scope=message.scope,
        change=state_change(message, state),
    )
    return await load_message(message.id)


async def _write_out(row: AttemptRow, x_id: str, *, now: datetime) -> None:
    values: dict[Any, Any] = {
        Publication.closed_at: now,
        Publication.failure: None,
        Publication.hold: None,
        Publication.hold_reason: None,
        Publication.hold_since: None,
    }
    if not await known_elsewhere(row, [int(x_id)]):
        values[Publication.x_id] = int(x_id)
    await Publication.update(values).where(Publication.id == row.publication)


async def _tell_sent(row: AttemptRow, message: Message, x_id: str, *, now: datetime) -> None:
    await audit.record(
        PublicationSent(attempt=row.tries, x_id=x_id),
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        refs=row.refs,
        scope=message.scope,
    )


async def _tell_incident(row: AttemptRow, message: Message, x_id: str, *, now: datetime) -> None:
    await Attempt.update({Attempt.late_at: now, Attempt.late_x_id: int(x_id)}).where(Attempt.id == row.id)
    await audit.record(
        PublicationSentLate(attempt=row.tries, x_id=x_id, settled=row.resolved or message.state.value),
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        refs=row.refs,
        scope=message.scope,
    )
