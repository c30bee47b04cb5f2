"""What a worker does again and again by itself, with no need of Valkey to know what is due."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from govern import database, log

logger = log.get(__name__)

Rounds = Mapping[str, tuple[timedelta, Callable[[], Awaitable[None]]]]
"""What is done again and again, by name, with the pause between."""


async def every(pause: timedelta, name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Go a round again and again, until cancelled; one bad round does not end them all."""
    structlog.contextvars.bind_contextvars(job=name)
    while True:
        try:
            await run()
        except database.AWAY as error:
            logger.warning("worker.database_away", error=type(error).__name__)
        except Exception:  # it is in the log with its trace
            logger.exception("worker.round_failed")
        await asyncio.sleep(pause.total_seconds())
