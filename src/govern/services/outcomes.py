"""What became of an attempt: X's answer, the deadline, or a person's word at the desk."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import AccountState
from govern.domain.actions import Action, Target
from govern.domain.audit import (
    ObjectRef,
    PublicationFailed,
    PublicationRefused,
    PublicationSent,
    PublicationSettled,
    PublicationUnknown,
    Recorded,
)
from govern.domain.ids import uuid7
from govern.domain.members import PUBLISHER, Actor
from govern.domain.messages import BadTarget, Event, Message, ReasonRequired, can, next_state
from govern.domain.publications import Hold, Outcome, Settlement
from govern.errors import Conflict, N_
from govern.services import audit, outbox
from govern.services.message_views import (
    VIEW,
    change_message,
    load_message,
    lock_message,
    message_ref,
    state_change,
    to_message,
)
from govern.services.use_case import use_case
from govern.tables import Account as AccountTable
from govern.tables import AccountCredential, Attempt, Publication
from govern.tables import Message as MessageTable

_ATTEMPT = """
SELECT t.id, t.publication, t.account, t.outcome, t.resolved, p.message, p.tries
  FROM attempt t JOIN publication p ON p.id = t.publication WHERE t.id = {}
"""
_OVERDUE = "SELECT id FROM attempt WHERE outcome IS NULL AND deadline_at < {} ORDER BY deadline_at LIMIT 100"
_EARLIER_UNKNOWN = "SELECT id FROM attempt WHERE publication = {} AND id <> {} AND outcome = 'unknown' LIMIT 1"
_OPEN_UNKNOWN = """
SELECT t.id FROM attempt t JOIN publication p ON p.id = t.publication
 WHERE p.message = {} AND t.outcome = 'unknown' AND t.resolved IS NULL ORDER BY t.started_at DESC LIMIT 1
"""
_UNKNOWN = VIEW + " WHERE m.state = 'outcome_unknown' AND a.scope = ANY({}) ORDER BY m.updated_at"


class SettledMeanwhile(Conflict):
    code = "publication.settled_meanwhile"
    template = N_("The outcome of this message was settled a moment ago. Nothing of yours was saved.")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one POST came to, in the words of the table of errors.

    `again_at` is set where nothing is out and it may go again; `hold` where something must be mended first.
    """

    outcome: Outcome
    reason: str | None = None
    code: str = "sent"
    x_id: str | None = None
    again_at: datetime | None = None
    hold: Hold | None = None
    duplicate: bool = False
    connected: bool | None = None
    status: int | None = None
    transaction_id: str | None = None


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    publication: UUID
    account: UUID
    outcome: str | None
    resolved: str | None
    message: UUID
    tries: int


async def settle_attempt(attempt: UUID, result: Result, *, now: datetime) -> Message:
    """Write what X answered, move the message, and wake the account's next; an answer after the deadline counts too."""
    async with use_case(actor=PUBLISHER, now=now):
        row = msgspec.convert(rows(await Attempt.raw(_ATTEMPT, attempt))[0], _Row)
        message = await lock_message(row.message)
        row = msgspec.convert(rows(await Attempt.raw(_ATTEMPT, attempt))[0], _Row)
        if row.outcome is not None:
            return await _late_answer(row, message, result, now=now)
        result = await _read_duplicate(row, result)
        await _finish(row, result, now=now)
        event = _event(result)
        state = next_state(message.state, event)
        await _move_publication(row, result, now=now)
        await change_message(message, now, state=state.value)
        await audit.record(
            _entry(row, result),
            actor=PUBLISHER,
            now=now,
            object=message_ref(message),
            refs=_refs(row),
            scope=message.scope,
            change=state_change(message, state),
        )
        await outbox.enqueue("publish", now=now, due_at=result.again_at, account=str(row.account))
        return await load_message(message.id)


async def _read_duplicate(row: _Row, result: Result) -> Result:
    """A duplicate after an attempt without an answer is probably out: a person looks. On a first one it is a refusal."""
    if result.duplicate and rows(await Attempt.raw(_EARLIER_UNKNOWN, row.publication, row.id)):
        return msgspec.structs.replace(result, outcome=Outcome.UNKNOWN)
    return result


def _event(result: Result) -> Event:
    if result.outcome is Outcome.SENT:
        return Event.SUCCEED
    if result.outcome is Outcome.UNKNOWN:
        return Event.LOSE
    return Event.NOT_SENT if result.again_at is not None else Event.REFUSE


async def _finish(row: _Row, result: Result, *, now: datetime) -> None:
    await Attempt.update(
        {
            Attempt.outcome: result.outcome.value,
            Attempt.reason: result.reason,
            Attempt.x_id: int(result.x_id) if result.x_id else None,
            Attempt.connected: result.connected,
            Attempt.status: result.status,
            Attempt.transaction_id: (result.transaction_id or "")[:80] or None,
            Attempt.finished_at: now,
        }
    ).where(Attempt.id == row.id)


async def _move_publication(row: _Row, result: Result, *, now: datetime) -> None:
    values: dict[Any, Any] = {Publication.failure: result.reason}
    if result.outcome is Outcome.SENT and result.x_id:
        values = {Publication.x_id: int(result.x_id), Publication.closed_at: now, Publication.failure: None}
    elif result.again_at is not None:
        values |= {
            Publication.next_attempt: uuid7(now),
            Publication.wake_at: result.again_at,
            Publication.hold: result.hold.value if result.hold else None,
            Publication.hold_reason: result.reason if result.hold else None,
            Publication.hold_since: now if result.hold else None,
        }
    elif result.outcome is not Outcome.UNKNOWN:
        values |= {Publication.closed_at: now}
    await Publication.update(values).where(Publication.id == row.publication)
    if result.hold is Hold.AUTH:
        await AccountTable.update({AccountTable.state: AccountState.NEEDS_REAUTH.value}).where(
            AccountTable.id == row.account
        )
        await AccountCredential.update(
            {AccountCredential.state: "needs_reauth", AccountCredential.reason: result.reason}
        ).where(AccountCredential.account == row.account)


def _entry(row: _Row, result: Result) -> Recorded:
    if result.outcome is Outcome.SENT and result.x_id:
        return PublicationSent(attempt=row.tries, x_id=result.x_id)
    if result.outcome is Outcome.UNKNOWN:
        return PublicationUnknown(attempt=row.tries, cause=result.code, status=result.status)
    if result.outcome is Outcome.NOT_SENT:
        return PublicationFailed(attempt=row.tries, cause=result.code)
    return PublicationRefused(attempt=row.tries, reason=result.code, status=result.status)


def _refs(row: _Row) -> tuple[ObjectRef, ...]:
    return (ObjectRef(kind="publication", id=row.publication), ObjectRef(kind="attempt", id=row.id))


async def _late_answer(row: _Row, message: Message, result: Result, *, now: datetime) -> Message:
    """An answer that comes after the deadline: success settles the question if nobody did; all else is in the log already."""
    open_question = row.outcome == Outcome.UNKNOWN and row.resolved is None and can(message.state, Event.SUCCEED)
    if result.outcome is not Outcome.SENT or result.x_id is None or not open_question:
        return message
    await _resolve(row.id, Settlement.SENT, "X answered after the deadline.", actor=None, now=now)
    state = next_state(message.state, Event.SUCCEED)
    await _move_publication(row, result, now=now)
    await change_message(message, now, state=state.value)
    await audit.record(
        PublicationSent(attempt=row.tries, x_id=result.x_id),
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        refs=_refs(row),
        scope=message.scope,
        change=state_change(message, state),
    )
    return await load_message(message.id)


async def lose_overdue(*, now: datetime) -> int:
    """Mark attempts whose deadline passed without an answer: their outcome is unknown. Returns how many."""
    overdue = rows(await Attempt.raw(_OVERDUE, now))
    for row in overdue:
        await settle_attempt(
            row["id"],
            Result(
                outcome=Outcome.UNKNOWN,
                code="deadline",
                reason="The worker gave no answer before the attempt's deadline.",
            ),
            now=now,
        )
    return len(overdue)


async def list_unknown(*, actor: Actor, access: Access) -> list[Message]:
    """Return the messages whose outcome nobody knows, oldest first."""
    scopes = sorted(await access.where_can(actor, Action.MESSAGE_READ))
    return [to_message(row) for row in rows(await MessageTable.raw(_UNKNOWN, scopes))]


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
    """Say what became of a message whose outcome is unknown: it is out, or it is not out and goes once more."""
    if not reason.strip():
        raise ReasonRequired(why="it is kept as the ground of what you decided", field="reason")
    if x_id is not None and not (x_id.isascii() and x_id.isdigit()):
        raise BadTarget(value=x_id[:40], field="x_id")
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await access.require(actor, Action.MESSAGE_SETTLE, Target(scope=message.scope))
        state = next_state(message.state, Event.SETTLE_SENT if is_out else Event.SETTLE_NOT_SENT)
        found = rows(await Attempt.raw(_OPEN_UNKNOWN, message.id))
        if not found:
            raise SettledMeanwhile
        row = msgspec.convert(rows(await Attempt.raw(_ATTEMPT, found[0]["id"]))[0], _Row)
        settlement = Settlement.SENT if is_out else Settlement.NOT_SENT
        await _resolve(row.id, settlement, reason.strip()[:500], actor=actor, now=now)
        await Publication.update(_settled(is_out=is_out, x_id=x_id, now=now)).where(Publication.id == row.publication)
        await change_message(message, now, state=state.value)
        await audit.record(
            PublicationSettled(attempt=row.tries, settlement=settlement.value, x_id=x_id, comment=reason.strip()[:500]),
            actor=actor,
            now=now,
            object=message_ref(message),
            refs=_refs(row),
            scope=message.scope,
            change=state_change(message, state),
            decision=decision,
        )
        if not is_out:
            await outbox.enqueue("publish", now=now, account=str(row.account))
        return await load_message(message.id)


def _settled(*, is_out: bool, x_id: str | None, now: datetime) -> dict[Any, Any]:
    if is_out:
        return {Publication.closed_at: now, Publication.x_id: int(x_id) if x_id else None, Publication.failure: None}
    window = now + timedelta(hours=2)
    return {
        Publication.next_attempt: uuid7(now),
        Publication.wake_at: now,
        Publication.not_after: window,
        Publication.failure: None,
    }


async def _resolve(attempt: UUID, settlement: Settlement, reason: str, *, actor: Actor | None, now: datetime) -> None:
    await Attempt.update(
        {
            Attempt.resolved: settlement.value,
            Attempt.resolved_by: actor.member if actor else None,
            Attempt.resolved_reason: reason,
            Attempt.resolved_at: now,
        }
    ).where(Attempt.id == attempt)
