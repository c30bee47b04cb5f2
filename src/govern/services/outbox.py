"""Jobs to wake after commit: rows first, then Valkey. Losing Valkey loses nothing; the sweep finds due rows."""

from datetime import datetime, timedelta
from typing import Any

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
    row = Outbox(
        id=uuid7(now), job=job, args=msgspec.json.encode(args).decode(), due_at=due_at or now, created_at=now
    )
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


def _args(text: str) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])


async def forget_old(*, now: datetime) -> None:
    """Delete wake-ups that were pushed a day ago; the rows they were about are their own record."""
    await Outbox.delete().where((Outbox.enqueued_at.is_not_null()) & (Outbox.enqueued_at < now - KEEP))
