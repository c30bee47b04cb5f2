"""Jobs to wake after commit: rows first, then Valkey. Losing Valkey loses nothing; the sweep finds due rows."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import msgpack
import msgspec
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from govern import log
from govern.database import rows, transaction
from govern.domain.ids import uuid7
from govern.tables import Outbox

logger = log.get(__name__)
KEEP = timedelta(days=1)
_PATIENCE: dict[str, Any] = {"conn_timeout": 2, "conn_retries": 3, "conn_retry_delay": 1}

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
    """Hand due rows to Valkey and return how many. If Valkey is away they are due again; a crash in between is
    healed by the sweep, which looks at the publications themselves.
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


async def wake(redis: ArqRedis, job: str, job_id: str, **args: str) -> None:
    """Wake a job that a sweep found due, once per id; if Valkey is away the next sweep tries again."""
    arguments: dict[str, Any] = dict(args)
    try:
        await redis.enqueue_job(job, _job_id=job_id, **arguments)
    except (RedisError, OSError) as error:
        logger.warning("outbox.valkey_away", error=type(error).__name__)


async def connect(url: str) -> ArqRedis:
    """Open the connection that wakes jobs."""
    return await create_pool(redis_settings(url), job_serializer=pack, job_deserializer=unpack)


def redis_settings(url: str) -> RedisSettings:
    """Read an address by hand: arq's own reader refuses `valkey://`, leaves passwords encoded and ignores TLS options."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return RedisSettings(unix_socket_path=parts.path, password=_unquoted(parts.password), **_PATIENCE)
    return RedisSettings(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 6379,
        database=int(parts.path.lstrip("/") or 0),
        username=_unquoted(parts.username),
        password=_unquoted(parts.password),
        ssl=parts.scheme in {"rediss", "valkeys"},
        **_PATIENCE,
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
