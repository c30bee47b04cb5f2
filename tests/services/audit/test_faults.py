"""The log after a sequencer that was killed between any two of its steps, beside another one, without its database."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest

from govern.bench.audit_texts import make_texts
from govern.embedded import Engines, Login
from govern.services.audit.publishing import LogRolledBack
from govern.services.audit.verifying import Question, verify_log
from govern.settings import environment
from govern.tlog.canonical import leaf_hash
from tests.services.audit.sequencer_process import AFTER
from tests.the_log import Log

APPEND = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, $2)"
PLACE = ["locked", "read", "leaves", "tiles", "state", AFTER]
ADOPT = ["adopted", "read", "leaves", "tiles", AFTER]
PUBLISH = ["locked", "checked", "swapped", "inserted", AFTER]
SEEN = """
SELECT (SELECT count(*) FROM audit.entry) AS entries, (SELECT count(*) FROM audit.leaf) AS leaves,
       (SELECT count(DISTINCT arrival) FROM audit.leaf) AS placed, (SELECT max(size) FROM audit.checkpoint) AS signed
"""


@contextmanager
def process(engines: Engines, work: str, step: str = "") -> Iterator["subprocess.Popen[bytes]"]:
    """A sequencer of its own, killed at the latest when the block ends."""
    command = [sys.executable, "-m", "tests.services.audit.sequencer_process", work, step]
    told = environment({"GOVERN_DATABASE_URL": engines.database_url(Login.SEQUENCER)})
    started = subprocess.Popen(command, env=told, stderr=subprocess.PIPE)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


async def stop_at(engines: Engines, work: str, step: str) -> None:
    """Let a process work until the step, where it is killed."""
    with process(engines, work, step) as started:
        _, said = await asyncio.to_thread(started.communicate, None, 60)
        assert started.returncode == -signal.SIGKILL, said.decode()


async def append(owner: asyncpg.Connection, count: int, *, first: int = 0) -> None:
    texts = make_texts(count, origin=os.environ.get("GOVERN_AUDIT_ORIGIN", "govern.local/audit"), seed=1, first=first)
    await owner.executemany(APPEND, [(text, leaf_hash(text)) for text in texts])


async def check_all(log: Log, owner: asyncpg.Connection) -> None:
    """Go on where the dead one stopped; then everything is placed once, signed, and verifies from the first entry."""
    await log.grow()
    seen = await owner.fetchrow(SEEN)
    assert seen is not None
    assert len(set(seen.values())) == 1, dict(seen)
    newest = await owner.fetchval("SELECT note FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
    assert log.guard.read() == newest
    verdict = await verify_log(Question(full=True), settings=log.settings)
    assert {claim.check for claim in verdict.false} <= {"replay"}, "the messages of these entries are in no table"


@pytest.mark.parametrize("step", PLACE)
async def test_a_sequencer_killed_while_it_places_leaves_nothing_half_done(
    the_log: Log, owner: asyncpg.Connection, engines: Engines, step: str
) -> None:
    await append(owner, 300)
    await the_log.grow()
    await append(owner, 300, first=300)
    before = await owner.fetchval("SELECT count(*) FROM audit.leaf")
    await stop_at(engines, "place", step)
    grown = await owner.fetchval("SELECT count(*) FROM audit.leaf") - before
    assert grown == (300 if step == AFTER else 0)
    await append(owner, 10, first=600)
    await check_all(the_log, owner)


@pytest.mark.parametrize("step", ADOPT)
async def test_a_sequencer_killed_while_it_adopts_a_moved_database_leaves_nothing_half_done(
    the_log: Log, owner: asyncpg.Connection, engines: Engines, step: str
) -> None:
    await append(owner, 10)
    await the_log.grow()
    await append(owner, 10, first=10)
    await owner.execute("UPDATE audit.log_state SET system_id = system_id - 1")
    await stop_at(engines, "adopt", step)
    await check_all(the_log, owner)


@pytest.mark.parametrize("step", PUBLISH)
async def test_a_sequencer_killed_while_it_publishes_signs_one_history(
    the_log: Log, owner: asyncpg.Connection, engines: Engines, step: str
) -> None:
    await append(owner, 300)
    await the_log.grow()
    before = the_log.guard.read()
    await append(owner, 5, first=300)
    await stop_at(engines, "place", AFTER)
    await stop_at(engines, "publish", step)
    swapped = the_log.guard.read() != before
    assert swapped is (step in {"swapped", "inserted", AFTER})
    note = the_log.guard.read()
    await check_all(the_log, owner)
    assert not swapped or the_log.guard.read() == note, "it was signed twice, and not alike"
    await append(owner, 5, first=305)
    await check_all(the_log, owner)


async def test_a_note_that_was_signed_before_a_crash_outlives_a_restored_database(
    the_log: Log, owner: asyncpg.Connection, engines: Engines
) -> None:
    await append(owner, 5)
    await the_log.grow()
    await append(owner, 5, first=5)
    await stop_at(engines, "place", AFTER)
    await stop_at(engines, "publish", "swapped")
    async with owner.transaction():
        for table in ("leaf", "tile", "log_state", "checkpoint"):
            await owner.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER USER")
        await owner.execute("DELETE FROM audit.leaf")
        await owner.execute("DELETE FROM audit.tile")
        await owner.execute("DELETE FROM audit.checkpoint")
        await owner.execute("UPDATE audit.log_state SET size = 0, frontier = ''")
        for table in ("leaf", "tile", "log_state", "checkpoint"):
            await owner.execute(f"ALTER TABLE audit.{table} ENABLE TRIGGER USER")
    with pytest.raises(LogRolledBack):
        await the_log.grow()


async def test_two_sequencers_at_once_place_each_entry_once_and_sign_one_history(
    the_log: Log, owner: asyncpg.Connection, engines: Engines
) -> None:
    with process(engines, "sequence") as one, process(engines, "sequence") as other:
        for turn in range(60):
            await append(owner, 20, first=turn * 20)
        await until_signed(owner)
        assert one.poll() is None
        assert other.poll() is None
    await check_all(the_log, owner)


async def test_a_sequencer_goes_on_when_its_sessions_are_ended_by_the_database(
    the_log: Log, owner: asyncpg.Connection, engines: Engines
) -> None:
    with process(engines, "sequence") as running:
        await append(owner, 5)
        await until_signed(owner)
        for turn in range(1, 6):
            await append(owner, 5, first=turn * 5)
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'govern_sequencer'"
            )
            await until_signed(owner)
        assert running.poll() is None
    await check_all(the_log, owner)


async def until_signed(owner: asyncpg.Connection) -> None:
    """Wait until a checkpoint covers all entries."""
    async with asyncio.timeout(60):
        while True:
            seen = await owner.fetchrow(SEEN)
            assert seen is not None
            if seen["signed"] == seen["entries"]:
                return
            await asyncio.sleep(0.05)
