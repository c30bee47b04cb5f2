"""The sequencer as a process: killed, doubled, cut off; the log stays whole, and one of them signs."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from govern.embedded import Engines, Login
from govern.tlog.checkpoint import Checkpoint, sign_checkpoint
from tests.jobs.test_sequence import signed_size
from tests.sending import until
from tests.services.audit.test_placing import check_tree
from tests.services.audit.test_publishing import fill
from tests.the_log import Log, forget

LIMIT = 30


class Sequencers:
    """Starts `govern audit sequence` for the test database."""

    def __init__(self, engines: Engines, folder: Path) -> None:
        self.folder = folder
        self.url = engines.database_url(Login.SEQUENCER)
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, **told: str) -> subprocess.Popen[bytes]:
        number = len(self.started)
        data = {"GOVERN_DATA_DIR": str(self.folder / f"data-{number}"), "GOVERN_SEQUENCER_DATABASE_URL": self.url}
        with self._log(number).open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "govern.cli", "audit", "sequence"],
                env={**os.environ, **data, **told},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.started.append(process)
        return process

    def said(self, number: int = -1) -> str:
        return self._log(range(len(self.started))[number]).read_text()

    def is_ready(self, number: int = -1) -> bool:
        return (self.folder / f"data-{range(len(self.started))[number]}" / "sequencer.ready").exists()

    async def ready(self) -> None:
        async def is_so() -> bool:
            assert self.started[-1].poll() is None, self.said()
            return self.is_ready()

        await until(is_so, limit=LIMIT)

    async def ended(self) -> int:
        async def is_so() -> bool:
            return self.started[-1].poll() is not None

        await until(is_so, limit=LIMIT)
        return int(self.started[-1].returncode)

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait(10)

    def _log(self, number: int) -> Path:
        return self.folder / f"sequencer-{number}.log"


@pytest.fixture
async def sequencers(the_log: Log, engines: Engines, tmp_path: Path) -> AsyncIterator[Sequencers]:
    started = Sequencers(engines, tmp_path)
    yield started
    started.end()


async def until_signed(owner: asyncpg.Connection, size: int) -> None:
    async def is_so() -> bool:
        return await signed_size(owner) >= size

    await until(is_so, limit=LIMIT)


async def test_it_signs_what_is_recorded_and_stops_when_told(sequencers: Sequencers, owner: asyncpg.Connection) -> None:
    process = sequencers.start()
    await sequencers.ready()
    await fill(owner, 1_000)
    await until_signed(owner, 1_001)
    process.send_signal(signal.SIGTERM)
    assert await sequencers.ended() == 0
    assert not sequencers.is_ready()
    assert "Traceback" not in sequencers.said()
    assert await check_tree(owner) == 1_001


async def test_killed_at_any_moment_it_goes_on_and_nothing_is_lost_or_twice(
    sequencers: Sequencers, the_log: Log, owner: asyncpg.Connection
) -> None:
    chance = random.Random(7)
    for _ in range(4):
        process = sequencers.start()
        await sequencers.ready()
        for _ in range(4):
            await fill(owner, 400)
            await asyncio.sleep(chance.random() * 0.1)  # any moment will do
        process.kill()
        process.wait(10)
    count = int(await owner.fetchval("SELECT count(*) FROM audit.entry"))
    sequencers.start()
    await until_signed(owner, count)
    assert await check_tree(owner) == count == 6_401
    assert the_log.guard.read() == await owner.fetchval("SELECT note FROM audit.checkpoint ORDER BY size DESC LIMIT 1")


async def test_a_second_one_waits_until_the_first_is_gone(sequencers: Sequencers, owner: asyncpg.Connection) -> None:
    first = sequencers.start()
    await sequencers.ready()
    sequencers.start()

    async def waits() -> bool:
        return "waiting_for_turn" in sequencers.said()

    await until(waits, limit=LIMIT)
    assert not sequencers.is_ready()
    first.kill()
    await sequencers.ready()
    await fill(owner, 3)
    await until_signed(owner, 4)


async def test_its_connections_cut_it_goes_on(sequencers: Sequencers, owner: asyncpg.Connection) -> None:
    process = sequencers.start()
    await sequencers.ready()
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'govern_sequencer'")
    await fill(owner, 3)
    await until_signed(owner, 4)
    assert process.poll() is None


@pytest.mark.parametrize("fault", ["log.no_guard", "log.rolled_back", "log.forked", "log.key_unfit", "log.none"])
async def test_what_must_not_be_signed_ends_it_with_a_sentence(
    sequencers: Sequencers, the_log: Log, owner: asyncpg.Connection, fault: str
) -> None:
    await the_log.grow()
    await fill(owner, 1)
    key, told = the_log.key, dict[str, str]()
    if fault == "log.no_guard":
        forget(the_log.settings.guard_file)
    elif fault == "log.none":
        await owner.execute("UPDATE audit.log_state SET origin = NULL")
    elif fault == "log.key_unfit":
        told["GOVERN_AUDIT_KEY"] = str(the_log.settings.verifier_file)
    else:
        size = 99 if fault == "log.rolled_back" else 1
        note = str(sign_checkpoint(Checkpoint(key.name, size, b"x" * 32), key))
        the_log.guard.swap(the_log.guard.read(), note)
    sequencers.start(**told)
    assert await sequencers.ended() == 2
    assert sequencers.said().splitlines()[-1].startswith(f"{fault}: ")
    assert await signed_size(owner) == 1


async def test_a_login_that_may_change_the_log_is_refused_in_production(
    sequencers: Sequencers, engines: Engines
) -> None:
    sequencers.url = engines.database_url(Login.OWNER)
    sequencers.start(
        GOVERN_ENV="production",
        GOVERN_SECRET_KEY="s" * 40,
        GOVERN_PUBLIC_URL="https://govern.example.com",
        GOVERN_X_BASE_URL="https://api.x.com",
    )
    assert await sequencers.ended() == 2
    assert "signs in as postgres" in sequencers.said()
