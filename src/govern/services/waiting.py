"""What waits for a person: came due under a pause that was lifted since, or moved by new time zone data; and what missed its time."""

from datetime import datetime
from uuid import UUID

from govern.database import rows
from govern.domain.backlog import PACE, next_turn
from govern.domain.members import Actor, Via, system_actor
from govern.domain.messages import DUE_STATES, Event, Message, can
from govern.domain.publications import DECISIONS, Hold
from govern.domain.schedules import instant_of, time_data_version
from govern.errors import Invalid
from govern.services.message_views import lock_message
from govern.services.passing import Passed, expire_publication, hold_publication
from govern.services.pauses import is_paused
from govern.services.use_case import use_case
from govern.tables import Message as MessageTable
from govern.tables import Pause, Publication

SWEEP: Actor = system_actor("sweep", via=Via.JOB)

_LIFTED_SINCE = """
WITH RECURSIVE above(key, parent) AS (
  SELECT key, parent FROM scope WHERE key = {} UNION ALL SELECT s.key, s.parent FROM scope s JOIN above a ON s.key = a.parent
)
SELECT p.id FROM pause p JOIN above a ON a.key = p.scope WHERE p.lifted_at > {} AND {} = ANY(p.kinds) LIMIT 1
"""
_LAST_SENT = "SELECT max(started_at) AS at FROM attempt WHERE account = {} AND started_at > {}"
_OPEN = "SELECT id, due_at, not_after, hold FROM publication WHERE message = {} AND closed_at IS NULL"
_MISSED = """
SELECT p.message FROM publication p JOIN message m ON m.id = p.message
 WHERE p.closed_at IS NULL AND p.not_after < {} AND m.state IN ('approved', 'scheduled') ORDER BY p.not_after LIMIT 200
"""
_OTHER_DATA = """
SELECT id FROM message WHERE state = 'scheduled' AND tz_version IS NOT NULL AND tz_version <> {} ORDER BY id LIMIT 500
"""


async def wait_longer(
    publication: UUID, message: Message, *, due_at: datetime, hold_since: datetime | None, now: datetime
) -> Passed | None:
    """Let a due publication wait in its claim, for a person or for its turn; None if it has no reason to."""
    waits = await wait_for_person(publication, message, due_at=due_at, now=now)
    return waits or await wait_for_turn(publication, message, hold_since=hold_since, now=now)


async def wait_for_person(publication: UUID, message: Message, *, due_at: datetime, now: datetime) -> Passed | None:
    """Hold a due publication that only a person may let go on, in the caller's transaction; None if there is no reason."""
    if (sentence := moved_sentence(message)) is not None:
        return await hold_publication(publication, message, Hold.ZONE, sentence, now=now)
    lifted = rows(await Pause.raw(_LIFTED_SINCE, message.scope, due_at, message.kind.value))
    if not lifted:
        return None
    sentence = "It came due while publishing was paused: a person decides whether it still goes out."
    return await hold_publication(publication, message, Hold.RELEASE, sentence, now=now)


async def wait_for_turn(
    publication: UUID, message: Message, *, hold_since: datetime | None, now: datetime
) -> Passed | None:
    """Move on what was held for long until its turn, so that what one hold kept back never leaves in a burst."""
    hold = Hold(message.hold) if message.hold else None
    last = rows(await Publication.raw(_LAST_SENT, message.account_id, now - PACE))[0]["at"]
    at = next_turn(hold, hold_since, last_sent=last, now=now)
    if at is None:
        return None
    await Publication.update({Publication.wake_at: at}).where(Publication.id == publication)
    return Passed(reason="paced")


def moved_sentence(message: Message) -> str | None:
    """Return what to say of a message whose wall time is another instant now than when it was chosen; None if it is not."""
    at = moved_to(message)
    if at is None or message.scheduled_at is None:
        return None
    chosen, now = (moment.strftime("%Y-%m-%d %H:%M UTC") for moment in (message.scheduled_at, at))
    return (
        f"New time zone data: {message.wall_time} in {message.zone} was {chosen} when it was chosen and is {now} now. "
        "A person decides which one is meant."
    )


def moved_to(message: Message) -> datetime | None:
    """Return the instant a scheduled message's wall time is now, if that is another one than it was."""
    if message.wall_time is None or message.zone is None or message.tz_version in {None, time_data_version()}:
        return None
    try:
        at = instant_of(message.wall_time, message.zone, message.fold or 0)
    except Invalid:
        return None  # a zone that is gone: the instant that was chosen stands
    return None if at == message.scheduled_at else at


async def hold_moved_times(*, now: datetime) -> int:
    """Hold what new time zone data moved, each in its own transaction; what did not move is noted as read again."""
    held = 0
    for row in rows(await MessageTable.raw(_OTHER_DATA, time_data_version())):
        async with use_case(actor=SWEEP, now=now):
            message = await lock_message(row["id"])
            found = rows(await Publication.raw(_OPEN, message.id))
            if message.state not in DUE_STATES or not found:
                continue
            sentence = moved_sentence(message)
            if sentence is None:
                version = time_data_version()
                await MessageTable.update({MessageTable.tz_version: version}).where(MessageTable.id == message.id)
            elif found[0]["hold"] != Hold.ZONE:
                await hold_publication(found[0]["id"], message, Hold.ZONE, sentence, now=now)
                held += 1
    return held


async def expire_missed(*, now: datetime) -> int:
    """Let expire what is past its window, whatever held it, each in its own transaction; returns how many."""
    expired = 0
    for row in rows(await Publication.raw(_MISSED, now)):
        async with use_case(actor=SWEEP, now=now):
            expired += await _expire(row["message"], now=now)
    return expired


async def hold_for_release(message_id: UUID, *, now: datetime) -> Hold | None:
    """Decide about a message that a lifted pause had stopped: it expires (None), or waits for its release.

    Returns its hold as it is if another pause still stops it, or it is none of these any more.
    """
    async with use_case(actor=SWEEP, now=now):
        if await _expire(message_id, now=now):
            return None
        message = await lock_message(message_id)
        hold = Hold(message.hold) if message.hold else None
        found = rows(await Publication.raw(_OPEN, message.id))
        if message.state not in DUE_STATES or not found or found[0]["due_at"] > now or hold in DECISIONS:
            return hold or Hold.PAUSE
        if await is_paused(message.scope, message.kind):
            return Hold.PAUSE
        await wait_for_person(found[0]["id"], message, due_at=found[0]["due_at"], now=now)
        return Hold.RELEASE


async def _expire(message_id: UUID, *, now: datetime) -> bool:
    message = await lock_message(message_id)
    found = rows(await Publication.raw(_OPEN, message.id))
    # Sent, moved or taken back while we waited for its lock.
    if not can(message.state, Event.CLAIM) or not found or found[0]["not_after"] >= now:
        return False
    await expire_publication(message, now=now)
    return True
