"""Is the service doing its work? Readiness is what people wait for, not "the process is up"."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import asyncpg
import msgspec

from govern import log
from govern.access import Access
from govern.database import AWAY, rows
from govern.errors import Unavailable
from govern.services.audit.state import verification_state
from govern.services.outbox import Waker
from govern.services.publications import FREE
from govern.services.subscriptions import count_stale
from govern.tables import AuditLogState, Publication

logger = log.get(__name__)
LATE = timedelta(minutes=2)
# A held one counts as well: its time is moved on each time it is asked again, unless nobody asks.
_OLDEST = (
    """
SELECT min(p.wake_at) AS oldest FROM publication p JOIN message m ON m.id = p.message
 WHERE p.closed_at IS NULL AND p.wake_at < {} AND m.state IN ('approved', 'scheduled') AND """
    + FREE
)
# What the snapshot of the last placing does not see is unplaced; what no checkpoint covers is unsigned.
_LOG = """
SELECT s.origin, s.beat_at IS NULL OR s.beat_at < clock_timestamp() - interval '10 seconds' AS silent, least(
  (SELECT min(e.recorded_at) FROM audit.entry e
    WHERE e.xid >= pg_snapshot_xmin(s.snap::pg_snapshot) AND NOT pg_visible_in_snapshot(e.xid, s.snap::pg_snapshot)
      AND e.arrival > s.floor),
  (SELECT e.recorded_at FROM audit.leaf l JOIN audit.entry e ON e.arrival = l.arrival
    WHERE l.leaf_index = (SELECT coalesce(max(c.size), 0) FROM audit.checkpoint c))
  ) < clock_timestamp() - interval '5 seconds' AS behind
  FROM audit.log_state s WHERE s.id = 1
"""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """What each part says: `ok`, `ok:` with a remark, or what is wrong."""

    ready: bool
    parts: dict[str, str]


async def readiness(waker: Waker, *, access: Access, address: str = "", now: datetime) -> Readiness:
    """Ask database, Valkey and the log's sequencer, read who may do what, look for due messages that nobody sends.

    `address` is where X is to send events. Without it, or while it does not work, polling finds all: that is no fault.
    """
    parts = {"database": await _database(), "valkey": "ok" if await waker.answers() else "away"}
    if parts["database"] == "ok":
        parts["access"] = await _access(access)
        parts["sending"] = await _sending(now)
        parts["log"] = await _log()
        parts["verification"] = await verification_state(now=now)
        parts["webhooks"] = await _webhooks(address, now=now)
    ready = all(state == "ok" or state.startswith("ok:") for state in parts.values())
    return Readiness(ready=ready, parts=parts)


async def _database() -> str:
    try:
        await Publication.raw("SELECT 1")
    except (*AWAY, asyncpg.PostgresError):
        return "away"
    return "ok"


async def _access(access: Access) -> str:
    try:
        await access.snapshot()
    except Unavailable:
        return "no policy that can decide is active: everything is denied"
    return "ok"


async def _sending(now: datetime) -> str:
    oldest = rows(await Publication.raw(_OLDEST, now))[0]["oldest"]
    if oldest is not None and now - oldest > LATE:
        return f"late: the oldest due message waits since {oldest.isoformat(timespec='seconds')}"
    return "ok"


async def _log() -> str:
    found = rows(await AuditLogState.raw(_LOG))
    if not found or found[0]["origin"] is None:
        return "none: `govern audit init` creates it"
    if found[0]["silent"]:
        return "silent: the sequencer gives no sign of life, or refuses to sign; its log says why"
    return "behind: an entry waits for its checkpoint for more than 5 s" if found[0]["behind"] else "ok"


async def _webhooks(address: str, *, now: datetime) -> str:
    if not address:
        return "ok: polling alone, no public address for webhooks is set"
    stale = await count_stale(now=now)
    return f"ok: polling instead, webhooks do not work for {stale} accounts" if stale else "ok"


async def wait_for(
    part: str, ask: Callable[[], Awaitable[object]], *, away: tuple[type[BaseException], ...] = AWAY, pause: float = 2
) -> None:
    """Ask until an engine answers: a process may start before its engines."""
    while True:
        try:
            await ask()
        except away as error:
            logger.warning("engine.away", part=part, error=type(error).__name__)
            await asyncio.sleep(pause)
        else:
            return
