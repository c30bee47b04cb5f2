"""What a reading of X means for a message whose outcome is unknown: it is out, it goes once more, or a person decides."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from govern.database import rows
from govern.domain.audit import PublicationUndecided
from govern.domain.matching import Seen, matches
from govern.domain.members import RECONCILER
from govern.domain.messages import Event, Message, can
from govern.domain.publications import Found, Outcome, Settlement, retry_after
from govern.domain.readings import Reading, failures, may_send_again, next_reading
from govern.services import audit
from govern.services.attempts import AttemptRow, read_attempt
from govern.services.duplicates import tell_twin
from govern.services.message_views import lock_message, message_ref
from govern.services.passing import expire_publication
from govern.services.readings import Question, list_readings
from govern.services.settling import known_elsewhere, settle
from govern.services.use_case import use_case
from govern.settings import Settings
from govern.tables import Attempt, AttemptRead, AttemptSeen

MOST_SHOWN = 100
"""How much of the newest of what a reading saw is kept for the desk."""
_LAST_OUT = "X shows it."
_NEVER_OUT = "X did not show it in three readings."

_UNKNOWNS = """
SELECT count(*) AS n FROM attempt t JOIN publication p ON p.id = t.publication
 WHERE p.message = {} AND t.outcome = 'unknown'
"""
_NOT_AFTER = "SELECT not_after FROM publication WHERE id = {}"
# While a message of the same text is in flight nobody knows to which of the two a post belongs.
_TWIN_IN_FLIGHT = """
SELECT t.id FROM attempt t JOIN publication p ON p.id = t.publication JOIN revision r ON r.id = p.revision
 WHERE t.account = {} AND t.outcome IS NULL AND r.text = {} LIMIT 1
"""
_KEEP_SEEN = """
INSERT INTO attempt_seen (attempt, read_at, items) VALUES ({}, {}, {})
ON CONFLICT (attempt) DO UPDATE SET read_at = excluded.read_at, items = excluded.items
"""


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a reading came to; None where another one, or a person, was faster."""

    message: Message
    found: Found


async def keep_reading(
    question: Question, items: Sequence[Seen], *, at: datetime, settings: Settings, now: datetime
) -> Read | None:
    """Keep what a reading saw, and settle by it what it settles. `at` is when the reading began."""
    async with use_case(actor=RECONCILER, now=now):
        message = await lock_message(question.message)
        row = await read_attempt(question.attempt)
        before = await list_readings(row.id)
        if not _is_asked(row, message) or len(before) != question.reads:
            return None
        if await _twin_in_flight(row, message):
            await _keep(row, _failed("twin_in_flight", before, now=now))
            return Read(message=message, found=Found.FAILED)
        matched = [each for each in items if matches(question.sought, each)]
        if question.looks_back:
            await _keep(row, _reading(before, matched, items, at=at, counts=True))
            return Read(message=await tell_twin(message, row, matched, now=now), found=_found(matched))
        taken = await known_elsewhere(row, [int(each.x_id) for each in matched])
        matched = [each for each in matched if int(each.x_id) not in taken]
        return await _decide(message, row, before, matched, items, at=at, settings=settings, now=now)


async def keep_failed_reading(
    question: Question, fault: str, *, again_at: datetime | None = None, now: datetime
) -> None:
    """Keep that X could not be read: it is tried again, ever more rarely, and counts for nothing."""
    async with use_case(actor=RECONCILER, now=now):
        message = await lock_message(question.message)
        row = await read_attempt(question.attempt)
        before = await list_readings(row.id)
        if _is_asked(row, message) and len(before) == question.reads:
            await _keep(row, _failed(fault, before, again_at=again_at, now=now))


async def _decide(
    message: Message,
    row: AttemptRow,
    before: Sequence[Reading],
    matched: Sequence[Seen],
    items: Sequence[Seen],
    *,
    at: datetime,
    settings: Settings,
    now: datetime,
) -> Read:
    delays = settings.reconcile_reads
    due = next_reading(row.finished_at or now, before, delays)
    reading = _reading(before, matched, items, at=at, counts=due is not None and due <= at)
    await _keep(row, reading)
    if reading.result is Found.ONE:
        x_id = matched[0].x_id
        message = await settle(
            message, row, Settlement.SENT, _LAST_OUT, x_id=x_id, reading=reading.n, actor=RECONCILER, now=now
        )
        return Read(message=message, found=reading.result)
    await _show(row, items, now=now)
    if due is not None and next_reading(row.finished_at or now, [*before, reading], delays) is None:
        message = await _end_readings(message, row, reading, settings=settings, now=now)
    return Read(message=message, found=reading.result)


async def _end_readings(
    message: Message, row: AttemptRow, reading: Reading, *, settings: Settings, now: datetime
) -> Message:
    """After the last reading: what is surely a plain post nobody has goes once more, all else waits for a person."""
    unknowns = rows(await Attempt.raw(_UNKNOWNS, message.id))[0]["n"]
    again = reading.result is Found.NONE and may_send_again(
        message.kind, unknown_before=unknowns > 1, duplicate=row.duplicate, switched_on=settings.auto_resend
    )
    if not again:
        await _hand_over(message, row, reading, now=now)
        return message
    message = await settle(message, row, Settlement.NOT_SENT, _NEVER_OUT, reading=reading.n, actor=RECONCILER, now=now)
    if rows(await Attempt.raw(_NOT_AFTER, row.publication))[0]["not_after"] < now:
        await expire_publication(message, now=now)
    return message


async def _hand_over(message: Message, row: AttemptRow, reading: Reading, *, now: datetime) -> None:
    await audit.record(
        PublicationUndecided(attempt=row.tries, found=reading.result.value, reading=reading.n),
        actor=RECONCILER,
        now=now,
        object=message_ref(message),
        refs=row.refs,
        scope=message.scope,
    )


def _is_asked(row: AttemptRow, message: Message) -> bool:
    if row.outcome == Outcome.UNKNOWN:
        return row.resolved is None and can(message.state, Event.SETTLE_SENT)
    return row.outcome == Outcome.REFUSED and row.duplicate


async def _twin_in_flight(row: AttemptRow, message: Message) -> bool:
    return bool(rows(await Attempt.raw(_TWIN_IN_FLIGHT, row.account, message.revision.text)))


def _found(matched: Sequence[Seen]) -> Found:
    return (Found.NONE, Found.ONE)[len(matched)] if len(matched) < 2 else Found.SEVERAL


def _reading(
    before: Sequence[Reading], matched: Sequence[Seen], items: Sequence[Seen], *, at: datetime, counts: bool
) -> Reading:
    return Reading(
        n=len(before) + 1,
        at=at,
        result=_found(matched),
        counts=counts,
        matched=tuple(int(each.x_id) for each in matched),
        seen=tuple(int(each.x_id) for each in items[-MOST_SHOWN:]),
    )


def _failed(fault: str, before: Sequence[Reading], *, again_at: datetime | None = None, now: datetime) -> Reading:
    rest = now + retry_after(failures(before) + 1)
    return Reading(
        n=len(before) + 1,
        at=now,
        result=Found.FAILED,
        counts=False,
        fault=fault[:40],
        again_at=max(rest, again_at) if again_at else rest,
    )


async def _keep(row: AttemptRow, reading: Reading) -> None:
    values = msgspec.structs.asdict(reading)
    values["read_at"] = values.pop("at")
    values |= {name: list(values[name]) for name in ("seen", "matched")}
    await AttemptRead.insert(AttemptRead(attempt=row.id, **values))


async def _show(row: AttemptRow, items: Sequence[Seen], *, now: datetime) -> None:
    """Keep the newest of what was seen for who settles it."""
    kept = msgspec.json.encode(items[-MOST_SHOWN:]).decode()
    await AttemptSeen.raw(_KEEP_SEEN, row.id, now, kept)
