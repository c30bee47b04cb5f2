"""A log for tests: created by the owner, sequenced under the sequencer's own login, in the test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from govern import database as db
from govern.domain.members import system_actor
from govern.embedded import Engines, Login
from govern.jobs.sequence import sequence
from govern.services.audit.creating import Begun, create_log
from govern.services.audit.guard import Guard
from govern.services.audit.log_key import read_signer
from govern.services.audit.placing import place
from govern.services.audit.publishing import publish
from govern.settings import Settings
from govern.tlog.note import SignerKey

ACTOR = system_actor("log")
NOW = datetime(2026, 11, 22, 13, 29, 7, 412_000, tzinfo=UTC)


class Log:
    """The log of the test database, with its key and its guard file."""

    def __init__(self, engines: Engines, settings: Settings) -> None:
        self.settings = settings
        self.guard = Guard(settings.guard_file)
        self._owner, self._sequencer = engines.database_url(Login.OWNER), engines.database_url(Login.SEQUENCER)

    @property
    def key(self) -> SignerKey:
        return read_signer(self.settings.key_file, self.settings.audit_origin)

    async def create(self, **told: Any) -> Begun:
        async with self.as_owner():
            return await create_log(settings=msgspec.structs.replace(self.settings, **told), actor=ACTOR, now=NOW)

    def as_owner(self) -> AbstractAsyncContextManager[None]:
        """Transactions of the block are the superuser's."""
        return db.signed_in(self._owner)

    def as_sequencer(self, *, size: int = 4) -> AbstractAsyncContextManager[None]:
        """Transactions of the block are the sequencer's."""
        return db.signed_in(self._sequencer, size=size)

    async def grow(self) -> str | None:
        """Place and publish once, and return the new note."""
        async with self.as_sequencer():
            await place()
            return await publish(self.key, self.guard)

    @asynccontextmanager
    async def running(self, *, every: float = 0.02) -> AsyncIterator[None]:
        """Sequence beside the block, from the first beat on."""
        await self.grow()
        stop = asyncio.Event()
        task = asyncio.create_task(self._sequence(stop, every))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _sequence(self, stop: asyncio.Event, every: float) -> None:
        async with self.as_sequencer():
            await sequence(self.key, self.guard, stop=stop, every=every)


async def begin(engines: Engines, settings: Settings) -> Log:
    """Create a new log in an emptied database; the guard file of the test before is taken away."""
    forget(settings.guard_file)
    log = Log(engines, settings)
    await log.create()
    return log


def forget(guard: Path) -> None:
    """Lose the guard file."""
    guard.unlink(missing_ok=True)
