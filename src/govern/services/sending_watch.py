"""Watching that somebody can send: after a stop, what was missed leaves in turns, waits for a person, or expires."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern import log
from govern.database import rows
from govern.domain.backlog import LATE, Fate, Missed, Turn, after_stop
from govern.domain.publications import Hold
from govern.services.message_views import lock_message
from govern.services.passing import hold_publication
from govern.services.publications import FREE
from govern.services.use_case import use_case
from govern.services.waiting import SWEEP, expire_missed
from govern.tables import Publication, SendingWatch

logger = log.get(__name__)

# A stop is longer than two minutes: `LATE`. A clock that is behind another worker's moves nothing back.
_BEAT = """
INSERT INTO sending_watch (id, beat_at) VALUES (1, {})
ON CONFLICT (id) DO UPDATE SET beat_at = greatest(sending_watch.beat_at, excluded.beat_at)
 WHERE excluded.beat_at - sending_watch.beat_at <= interval '2 minutes' RETURNING id
"""
_LOCK = "SELECT beat_at FROM sending_watch FOR UPDATE"
_RESUMED = "UPDATE sending_watch SET beat_at = {}, stopped_at = {}, resumed_at = {} WHERE id = 1"
_MISSED = (
    """
SELECT p.id, p.account, p.not_after FROM publication p JOIN message m ON m.id = p.message
 WHERE p.closed_at IS NULL AND p.wake_at < {} AND m.state IN ('approved', 'scheduled') AND """
    + FREE
    + " ORDER BY p.account, p.lane, p.due_at, p.id"
)
_MOVE = """
UPDATE publication p SET wake_at = t.at FROM unnest({}::uuid[], {}::timestamptz[]) AS t(id, at)
 WHERE p.id = t.id AND p.closed_at IS NULL
"""
_OPEN = """
SELECT p.message FROM publication p JOIN message m ON m.id = p.message
 WHERE p.id = {} AND p.closed_at IS NULL AND m.state IN ('approved', 'scheduled')
"""


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """What a stop left behind."""

    stopped_at: datetime
    going: int
    waiting: int
    expired: int


async def keep_watch(*, now: datetime) -> Resumed | None:
    """Note that there is somebody to send; after a stop first decide about all that was missed, then return that.

    No claim is made before: it asks for a sign of life that is no older than two minutes.
    """
    if await _beat(now):
        return None
    async with use_case(actor=SWEEP, now=now):
        stopped_at = rows(await SendingWatch.raw(_LOCK))[0]["beat_at"]
        if now - stopped_at <= LATE:
            return None  # another worker was first
        # What is no more than two minutes late goes as ever.
        missed = rows(await Publication.raw(_MISSED, now - LATE))
        turns = after_stop((msgspec.convert(row, Missed) for row in missed), now=now)
        await _give_turns(turns)
        await SendingWatch.raw(_RESUMED, now, stopped_at, now)
    waiting = [turn for turn in turns if turn.fate is Fate.DECIDE]
    for turn in waiting:
        await _hold(turn.missed.id, now=now)
    expired = await expire_missed(now=now)
    resumed = Resumed(
        stopped_at=stopped_at,
        going=sum(turn.fate is Fate.GO for turn in turns),
        waiting=len(waiting),
        expired=expired,
    )
    logger.warning("sending.resumed", **msgspec.to_builtins(resumed))
    return resumed


async def _beat(now: datetime) -> bool:
    return bool(rows(await SendingWatch.raw(_BEAT, now)))


async def _give_turns(turns: list[Turn]) -> None:
    """Write when each goes. What waits for a person is put behind its window until its hold is written."""
    moved: list[tuple[UUID, Any]] = [
        (turn.missed.id, turn.at or turn.missed.not_after) for turn in turns if turn.fate is not Fate.EXPIRE
    ]
    if moved:
        await Publication.raw(_MOVE, [each for each, _ in moved], [at for _, at in moved])


async def _hold(publication: UUID, *, now: datetime) -> None:
    async with use_case(actor=SWEEP, now=now):
        found = rows(await Publication.raw(_OPEN, publication))
        if not found:
            return
        message = await lock_message(found[0]["message"])
        if not rows(await Publication.raw(_OPEN, publication)):
            return
        sentence = "Nobody could send when it came due, and its turn after the others would come too late."
        await hold_publication(publication, message, Hold.RELEASE, sentence, now=now)
