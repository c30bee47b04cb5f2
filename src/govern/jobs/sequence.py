"""The sequencer's loops: place and publish; index; and once an hour a look for what was left out."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from asyncpg import PostgresError

from govern import log
from govern.database import AWAY
from govern.services.audit.guard import Guard
from govern.services.audit.indexing import index_published
from govern.services.audit.placing import is_missing, place, place_missing
from govern.services.audit.publishing import publish
from govern.tlog.note import SignerKey

logger = log.get(__name__)
WHY = "gives entries their place in the log; it writes none and acts for nobody"
EVERY = 0.2
AWAY_PAUSE = 1.0
LOOK_EVERY = 3600.0


async def sequence(key: SignerKey, guard: Guard, *, stop: asyncio.Event, every: float = EVERY) -> None:
    """Place, publish and index until told to stop; what is begun is ended first.

    Raises:
        GovernError: the log refuses to go on, as `log.forked`; nothing is signed any more.
    """
    placed = asyncio.Event()
    loops = [
        asyncio.create_task(_again(lambda: _place_and_publish(key, guard, placed), stop, every)),
        asyncio.create_task(_again(_index_all, stop, every)),
        asyncio.create_task(_look_again(placed, stop, every)),
    ]
    try:
        await asyncio.gather(*loops)
    finally:
        stop.set()
        await asyncio.gather(*loops, return_exceptions=True)


async def _place_and_publish(key: SignerKey, guard: Guard, placed: asyncio.Event) -> None:
    await place()
    placed.set()
    await publish(key, guard)


async def _index_all() -> None:
    while await index_published():
        pass


async def _look_again(placed: asyncio.Event, stop: asyncio.Event, every: float) -> None:
    """Look once an hour, first after the first placing: what was written while nobody sequenced is not left out."""
    while not (placed.is_set() or stop.is_set()):
        await _rest(stop, every)
    await _again(_look, stop, LOOK_EVERY)


async def _look() -> None:
    """Nothing should be left out; if something was, it is said loudly, and placed."""
    if await is_missing():
        logger.error("log.entries_left_out")
        await place_missing()


async def _again(work: Callable[[], Awaitable[None]], stop: asyncio.Event, every: float) -> None:
    """Do it every so many seconds, and at once when it took longer; an engine that is away is waited for."""
    while not stop.is_set():
        begun = time.monotonic()
        try:
            await work()
            pause = every - (time.monotonic() - begun)
        except (*AWAY, PostgresError) as error:
            logger.warning("log.database_away", error=type(error).__name__, says=str(error)[:200])
            pause = max(AWAY_PAUSE, every)
        if pause > 0:
            await _rest(stop, pause)
        else:
            await asyncio.sleep(0)


async def _rest(stop: asyncio.Event, pause: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), pause)
    except TimeoutError:
        return
