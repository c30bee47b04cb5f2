"""Composition root of the sequencer: the one process that places entries and signs checkpoints. It needs no Valkey."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from govern import database, log
from govern.database import AWAY
from govern.jobs.declared import check_declared
from govern.jobs.sequence import AWAY_PAUSE, sequence
from govern.services.audit.guard import Guard
from govern.services.audit.log_key import read_signer
from govern.services.audit.turn import turn
from govern.services.health import wait_for
from govern.services.rights import refuse_strong_role
from govern.settings import Settings
from govern.tlog.note import SignerKey

logger = log.get(__name__)
READY = "sequencer.ready"
"""The file in the data folder that says: this one is at work."""


async def serve(settings: Settings) -> None:
    """Wait for the turn, then sequence until the task is cancelled. A crash at any point does no harm.

    Raises:
        GovernError: the log refuses to go on: no log, no guard, `log.forked`, `log.rolled_back`, a key that does not do.
        SettingsError: the login of the database may do too much.
    """
    check_declared(["sequence"])
    key, guard = read_signer(settings.key_file, settings.audit_origin), Guard(settings.guard_file)
    async with database.pool(size=4):
        await wait_for("database", lambda: refuse_strong_role(production=settings.production))
        while True:
            try:
                await _in_turn(settings, key, guard)
            except AWAY as error:
                logger.warning("sequencer.database_away", error=type(error).__name__)
            await asyncio.sleep(AWAY_PAUSE)


async def _in_turn(settings: Settings, key: SignerKey, guard: Guard) -> None:
    async with turn(settings.database_url) as lost:
        logger.info("sequencer.started", origin=key.name)
        with _ready(settings):
            await sequence(key, guard, stop=lost)
        logger.warning("sequencer.turn_lost")


@contextmanager
def _ready(settings: Settings) -> Iterator[None]:
    """Say in a file that this sequencer works."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = settings.data_dir / READY
    file.write_text(str(os.getpid()))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


async def _until_told(settings: Settings) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that runs has a task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with suppress(asyncio.CancelledError):
        await serve(settings)
    logger.info("sequencer.stopped")


def run(settings: Settings) -> None:
    """Run the sequencer until it is told to stop."""
    asyncio.run(_until_told(settings))
