"""Following changes of access as PostgreSQL tells of them: a hint that spares the next request its reading, no more."""

import asyncio

import asyncpg

from govern import log
from govern.access import Access
from govern.database import AWAY, SERVER_SETTINGS
from govern.errors import Unavailable

logger = log.get(__name__)
CHANNEL = "access"
AGAIN = 1.0
"""Seconds before a lost connection is made anew."""


async def follow_access(access: Access, *, url: str) -> None:
    """Bring this process's snapshot up to date whenever something changes; for ever, on a connection of its own.

    Losing it does no harm: each request asks for the version itself, and catches up before it decides.
    """
    while True:
        try:
            await _follow(access, url)
        except (*AWAY, Unavailable) as error:
            logger.warning("access.listener_lost", error=type(error).__name__)
        await asyncio.sleep(AGAIN)


async def _follow(access: Access, url: str) -> None:
    told = asyncio.Event()
    connection = await asyncpg.connect(
        url, server_settings={**SERVER_SETTINGS, "application_name": "govern access listener"}
    )
    try:
        await connection.add_listener(CHANNEL, lambda *_: told.set())
        connection.add_termination_listener(lambda _: told.set())
        told.set()  # something may have happened before we listened
        while not connection.is_closed():
            await told.wait()
            told.clear()
            await access.snapshot()
    finally:
        if not connection.is_closed():
            await connection.close(timeout=5)
