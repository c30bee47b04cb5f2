"""Jobs to wake after commit: rows first, then Valkey. Losing Valkey loses nothing; the sweep finds due rows."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import msgpack
import msgspec
from arq.connections import ArqRedis
from redis.exceptions import RedisError

from govern import log
from govern.database import rows, transaction
from govern.domain.ids import uuid7
from govern.tables import Outbox

logger = log.get(__name__)
KEEP = timedelta(days=1)

_CLAIM = """
UPDATE outbox SET enqueued_at = {} WHERE id IN (
  SELECT id FROM outbox WHERE enqueued_at IS NULL AND due_at <= {} ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED
) RETURNING id, job, args
"""


async def enqueue(job: str, *, now: datetime, due_at: datetime | None = None, **args: str) -> None:
    """Write the wish to wake a job, in the caller's transaction. Arguments are ids as text, never content."""
    row = Outbox(id=uuid7(now), job=job, args=msgspec.json.encode(args).decode(), due_at=due_at or now, created_at=now)
    await Outbox.insert(row)


async def push_due(redis: ArqRedis, *, now: datetime) -> int:
    """Hand due rows to Valkey and return how many; if Valkey is away they are due again.

    A crash in between is healed by the sweep, which looks at the publications themselves.
    """
    async with transaction():
        claimed = rows(await Outbox.raw(_CLAIM, now, now))
    try:
        for row in claimed:
            arguments: dict[str, Any] = _args(str(row["args"]))
            await redis.enqueue_job(str(row["job"]), _job_id=str(row["id"]), **arguments)
    except (RedisError, OSError) as error:
        logger.warning("outbox.valkey_away", error=type(error).__name__)
        async with transaction():
            await Outbox.update({Outbox.enqueued_at: None}).where(Outbox.id.is_in([row["id"] for row in claimed]))
        return 0
    return len(claimed)


async def wake(redis: ArqRedis, job: str, job_id: str, **args: str) -> bool:
    """Wake a job that a sweep found due, once per id; False if Valkey is away, and the next sweep tries again."""
    arguments: dict[str, Any] = dict(args)
    try:
        await redis.enqueue_job(job, _job_id=job_id, **arguments)
    except (RedisError, OSError) as error:
        logger.warning("outbox.valkey_away", error=type(error).__name__)
        return False
    return True


async def answers(redis: ArqRedis) -> bool:
    """Tell whether Valkey is there."""
    try:
        return bool(await redis.ping())
    except (RedisError, OSError):
        return False


class Waker:
    """Wakes workers after a commit, for a process that is no worker. Without Valkey it does nothing: the sweep will."""

    def __init__(self, url: str) -> None:
        self._redis = client(url) if url else None

    async def wake_due(self, *, now: datetime) -> None:
        """Hand over what this process, or another, has just committed."""
        if self._redis is not None:
            await push_due(self._redis, now=now)

    async def answers(self) -> bool:
        """Tell whether Valkey is there."""
        return self._redis is not None and await answers(self._redis)

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()


def client(url: str) -> ArqRedis:
    """Return the way to Valkey; it connects with its first command.

    The address is read by hand: arq's own reader refuses `valkey://`, leaves passwords encoded and ignores TLS options.
    """
    parts = urlsplit(url)
    where: dict[str, Any] = {"unix_socket_path": parts.path}
    if parts.scheme != "unix":
        where = {
            "host": parts.hostname or "127.0.0.1",
            "port": parts.port or 6379,
            "db": int(parts.path.lstrip("/") or 0),
            "ssl": parts.scheme in {"rediss", "valkeys"},
        }
    return ArqRedis(
        job_serializer=pack,
        job_deserializer=unpack,
        username=_unquoted(parts.username),
        password=_unquoted(parts.password),
        socket_connect_timeout=2,
        socket_timeout=5,
        **where,
    )


def pack(job: dict[str, Any]) -> bytes:
    """Write a job as msgpack: pickle would let whoever writes to Valkey run code in the worker."""
    packed: bytes = msgpack.packb(job, default=repr)
    return packed


def unpack(data: bytes) -> dict[str, Any]:
    """Read a job back."""
    job: dict[str, Any] = msgpack.unpackb(data, strict_map_key=False)
    return job


def _unquoted(text: str | None) -> str | None:
    return unquote(text) if text else None


def _args(text: str) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])


async def forget_old(*, now: datetime) -> None:
    """Delete wake-ups that were pushed a day ago; the rows they were about are their own record."""
    await Outbox.delete().where((Outbox.enqueued_at.is_not_null()) & (Outbox.enqueued_at < now - KEEP))
