"""Whose turn it is: one sequencer works, a second one waits until the first is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from govern import log
from govern.database import SERVER_SETTINGS

logger = log.get(__name__)
LOCK = 0x73657175656E63  # a session's own, so PostgreSQL gives it on when the process or its network dies
AGAIN = 0.5
_TRY = "SELECT pg_try_advisory_lock($1)"


@asynccontextmanager
async def turn(url: str) -> AsyncIterator[asyncio.Event]:
    """Wait for the turn, and hold it for the block; the event is set if the connection that holds it is lost.

    It is for order only: two that work at once would be kept apart by the row lock of the log's state.
    """
    lost = asyncio.Event()
    connection = await asyncpg.connect(url, server_settings={**SERVER_SETTINGS, "application_name": "govern sequencer"})
    connection.add_termination_listener(lambda _: lost.set())
    try:
        waited = False
        while not await connection.fetchval(_TRY, LOCK):
            if not waited:
                logger.info("log.waiting_for_turn")
            waited = True
            await asyncio.sleep(AGAIN)
        yield lost
    finally:
        if not connection.is_closed():
            await connection.close(timeout=5)
