"""Is the service doing its work? Readiness is what people wait for, not "the process is up"."""

from datetime import datetime, timedelta

import asyncpg
import msgspec
from arq.connections import ArqRedis
from redis.exceptions import RedisError

from govern.database import AWAY, rows
from govern.tables import Publication

LATE = timedelta(minutes=2)
_OLDEST = """
SELECT min(p.wake_at) AS oldest FROM publication p JOIN message m ON m.id = p.message
 WHERE p.closed_at IS NULL AND p.hold IS NULL AND p.wake_at < {} AND m.state IN ('approved', 'scheduled')
"""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """What each part says: `ok`, or what is wrong."""

    ready: bool
    parts: dict[str, str]


async def readiness(redis: ArqRedis | None, *, now: datetime) -> Readiness:
    """Ask database and Valkey, and look for due messages that nobody sends."""
    parts = {"database": await _database(), "valkey": await _valkey(redis)}
    if parts["database"] == "ok":
        parts["sending"] = await _sending(now)
    return Readiness(ready=all(state == "ok" for state in parts.values()), parts=parts)


async def _database() -> str:
    try:
        await Publication.raw("SELECT 1")
    except (*AWAY, asyncpg.PostgresError):
        return "away"
    return "ok"


async def _valkey(redis: ArqRedis | None) -> str:
    if redis is None:
        return "away"
    try:
        await redis.ping()
    except (RedisError, OSError):
        return "away"
    return "ok"


async def _sending(now: datetime) -> str:
    oldest = rows(await Publication.raw(_OLDEST, now))[0]["oldest"]
    if oldest is not None and now - oldest > LATE:
        return f"late: the oldest due message waits since {oldest.isoformat(timespec='seconds')}"
    return "ok"
