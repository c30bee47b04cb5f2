"""What an attempt came to: X's answer, or none before the deadline."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.audit import (
    PublicationFailed,
    PublicationRefused,
    PublicationSent,
    PublicationUnknown,
    Recorded,
)
from govern.domain.ids import uuid7
from govern.domain.members import PUBLISHER
from govern.domain.messages import Event, Message, next_state
from govern.domain.publications import Hold, Outcome
from govern.domain.x_limits import RateSeen
from govern.services import audit, outbox
from govern.services.attempts import AttemptRow, read_attempt
from govern.services.credentials import ACCOUNT_LOCKED, mark_auth_lost, mark_locked
from govern.services.late_answers import keep_late_answer
from govern.services.message_views import change_message, load_message, lock_message, message_ref, state_change
from govern.services.opt_outs import record_blocked
from govern.services.settling import known_elsewhere
from govern.services.use import record_use
from govern.services.use_case import use_case
from govern.tables import Attempt, Publication

DM_NOT_ALLOWED = "dm_not_allowed"
"""X's refusal of a DM by who takes none from this account (`xapi/reasons.py`)."""

PROBABLY_OUT = "X has this text already, after an attempt without an answer: it is probably out."
_MOST_OFFSET = 2**31 - 1
# Whose message is locked stands still in the middle of settling it: no other one waits for that.
_OVERDUE = """
SELECT t.id FROM attempt t JOIN publication p ON p.id = t.publication JOIN message m ON m.id = p.message
 WHERE t.outcome IS NULL AND t.deadline_at < {} ORDER BY t.deadline_at LIMIT 100 FOR NO KEY UPDATE OF m SKIP LOCKED
"""
_EARLIER_UNKNOWN = "SELECT id FROM attempt WHERE publication = {} AND id <> {} AND outcome = 'unknown' LIMIT 1"


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
    rates: tuple[RateSeen, ...] = ()
    """What X said of its limits."""
    clock_offset: timedelta | None = None
    """How far X's clock was behind ours when it answered."""
    key_version: int | None = None
    """Which version of the account's tokens X refused."""


NO_ANSWER = Result(
    outcome=Outcome.UNKNOWN, code="deadline", reason="The worker gave no answer before the attempt's deadline."
)


async def settle_attempt(attempt: UUID, result: Result, *, now: datetime) -> Message:
    """Write what X answered, move the message, and wake the account's next; an answer after the deadline counts too."""
    async with use_case(actor=PUBLISHER, now=now):
        message = await lock_message((await read_attempt(attempt)).message)
        row = await read_attempt(attempt)
        if row.outcome is not None:
            return await keep_late_answer(row, message, sent_as=_sent_as(row, result), now=now)
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
            refs=row.refs,
            scope=message.scope,
            change=state_change(message, state),
        )
        if result.duplicate and result.outcome is Outcome.REFUSED:
            await outbox.enqueue("reconcile", now=now, attempt=str(row.id))
        if result.code == DM_NOT_ALLOWED:
            await record_blocked(message, row.id, actor=PUBLISHER, now=now)
        await outbox.enqueue("publish", now=now, due_at=result.again_at, account=str(row.account))
        await record_use(row.id, message, outcome=result.outcome, code=result.code, rates=result.rates, now=now)
        return await load_message(message.id)


async def _read_duplicate(row: AttemptRow, result: Result) -> Result:
    """A duplicate after an attempt without an answer is probably out: X is read. On a first one it is a refusal."""
    if result.duplicate and rows(await Attempt.raw(_EARLIER_UNKNOWN, row.publication, row.id)):
        return msgspec.structs.replace(result, outcome=Outcome.UNKNOWN, reason=PROBABLY_OUT)
    return result


def _sent_as(row: AttemptRow, result: Result) -> str | None:
    """Return the id of what came out late, of an attempt whose outcome was unknown; all else is in the log already."""
    return result.x_id if result.outcome is Outcome.SENT and row.outcome == Outcome.UNKNOWN else None


def _event(result: Result) -> Event:
    if result.outcome is Outcome.SENT:
        return Event.SUCCEED
    if result.outcome is Outcome.UNKNOWN:
        return Event.LOSE
    return Event.NOT_SENT if result.again_at is not None else Event.REFUSE


async def _finish(row: AttemptRow, result: Result, *, now: datetime) -> None:
    await Attempt.update(
        {
            Attempt.outcome: result.outcome.value,
            Attempt.reason: result.reason,
            Attempt.x_id: int(result.x_id) if result.x_id else None,
            Attempt.connected: result.connected,
            Attempt.status: result.status,
            Attempt.transaction_id: (result.transaction_id or "")[:80] or None,
            Attempt.finished_at: now,
            Attempt.duplicate: result.duplicate or None,
            Attempt.clock_offset_ms: _milliseconds(result.clock_offset),
        }
    ).where(Attempt.id == row.id)


def _milliseconds(offset: timedelta | None) -> int | None:
    if offset is None:
        return None
    return max(-_MOST_OFFSET, min(offset // timedelta(milliseconds=1), _MOST_OFFSET))


async def _move_publication(row: AttemptRow, result: Result, *, now: datetime) -> None:
    values: dict[Any, Any] = {Publication.failure: result.reason}
    if result.outcome is Outcome.SENT and result.x_id:
        values = {Publication.x_id: int(result.x_id), Publication.closed_at: now, Publication.failure: None}
        if await known_elsewhere(row, [int(result.x_id)]):  # a reading took it for another message: X's word stands
            values.pop(Publication.x_id)
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
    if result.code == ACCOUNT_LOCKED:
        await mark_locked(row.account, actor=PUBLISHER, now=now)
    elif result.hold is Hold.AUTH:
        await mark_auth_lost(row.account, version=result.key_version, actor=PUBLISHER, now=now)


def _entry(row: AttemptRow, result: Result) -> Recorded:
    if result.outcome is Outcome.SENT and result.x_id:
        return PublicationSent(attempt=row.tries, x_id=result.x_id)
    if result.outcome is Outcome.UNKNOWN:
        return PublicationUnknown(attempt=row.tries, cause=result.code, status=result.status)
    if result.outcome is Outcome.NOT_SENT:
        return PublicationFailed(attempt=row.tries, cause=result.code)
    return PublicationRefused(attempt=row.tries, reason=result.code, status=result.status)


async def lose_overdue(*, now: datetime) -> int:
    """Mark attempts whose deadline passed without an answer: their outcome is unknown. Returns how many."""
    overdue = rows(await Attempt.raw(_OVERDUE, now))
    for row in overdue:
        await settle_attempt(row["id"], NO_ANSWER, now=now)
    return len(overdue)
