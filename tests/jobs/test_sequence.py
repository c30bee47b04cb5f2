"""The sequencer's loops, and what hangs on them: no log, no send."""

import asyncio

import asyncpg
import pytest
import structlog

from govern.access import Access
from govern.jobs.sequence import sequence
from govern.services.audit import Receipt
from govern.services.audit.included import included
from govern.services.audit.publishing import LogRolledBack
from govern.services.policies import Policies
from govern.settings import Settings
from govern.tlog.checkpoint import Checkpoint, sign_checkpoint
from tests.asserts import actions
from tests.fakes import FakeX
from tests.jobs.test_publish import run
from tests.sending import LATER, Desk, make_desk, publication_of, until
from tests.services.audit.test_included import write
from tests.services.audit.test_publishing import as_attacker, fill
from tests.the_log import Log


async def signed_size(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("SELECT coalesce(max(size), 0) FROM audit.checkpoint"))


async def test_entries_are_placed_signed_and_searchable_soon(sequenced: Log, owner: asyncpg.Connection) -> None:
    await fill(owner, 3_000)

    async def done() -> bool:
        searchable = await owner.fetchval("SELECT count(*) FROM audit.search")
        return bool(await signed_size(owner) == searchable == 3_001)

    await until(done, limit=20)


async def test_the_beat_goes_on_when_nothing_happens(sequenced: Log, owner: asyncpg.Connection) -> None:
    beats = set()

    async def three() -> bool:
        beats.add(await owner.fetchval("SELECT beat_at FROM audit.log_state"))
        return len(beats) >= 3

    await until(three)


async def test_a_refusal_ends_the_loops_and_the_beat(the_log: Log, owner: asyncpg.Connection) -> None:
    await the_log.grow()
    key = the_log.key
    the_log.guard.swap(the_log.guard.read(), str(sign_checkpoint(Checkpoint(key.name, 9, b"x" * 32), key)))
    async with the_log.as_sequencer():
        with pytest.raises(LogRolledBack):
            await asyncio.wait_for(sequence(key, the_log.guard, stop=asyncio.Event(), every=0.02), 20)


async def test_what_was_written_while_nobody_sequenced_is_placed_and_not_called_left_out(
    the_log: Log, owner: asyncpg.Connection
) -> None:
    await fill(owner, 2_000)
    await as_attacker(owner, "entry", "UPDATE audit.entry SET recorded_at = recorded_at - interval '5 minutes'")
    beats, stop = set(), asyncio.Event()

    async def looked() -> bool:
        if await signed_size(owner) == 2_001:
            beats.add(await owner.fetchval("SELECT beat_at FROM audit.log_state"))
        return len(beats) >= 10

    with structlog.testing.capture_logs() as said:
        async with the_log.as_sequencer():
            task = asyncio.create_task(sequence(the_log.key, the_log.guard, stop=stop, every=0.02))
            await until(looked, limit=20)
            stop.set()
            await task
    assert [each["event"] for each in said if each["log_level"] in {"warning", "error"}] == []


async def test_what_the_snapshots_passed_is_found_at_the_start_and_placed(
    the_log: Log, owner: asyncpg.Connection
) -> None:
    await the_log.grow()
    await fill(owner, 3)
    await as_attacker(owner, "entry", "UPDATE audit.entry SET recorded_at = recorded_at - interval '5 minutes'")
    await owner.execute("UPDATE audit.log_state SET snap = pg_current_snapshot()::text")

    async def found() -> bool:
        return await signed_size(owner) == 4

    async with the_log.running():
        await until(found, limit=20)


async def test_a_database_that_hangs_up_is_waited_for(sequenced: Log, owner: asyncpg.Connection) -> None:
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'govern_sequencer'")
    receipt: Receipt = await write()
    assert (await included(receipt, timeout=20)).size >= 2


@pytest.fixture
async def unsequenced(
    the_log: Log, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings
) -> Desk:
    """A company whose log nobody sequences."""
    return await make_desk(owner, access, policies, config)


async def test_nothing_is_sent_without_the_log_and_it_goes_once_the_log_is_back(
    unsequenced: Desk, the_log: Log
) -> None:
    message = await unsequenced.write()
    x = FakeX("1900000000000000001")
    result = await run(unsequenced, x)
    assert result is not None
    assert (result.code, x.sent) == ("log_not_included", [])
    assert await unsequenced.state(message) == "scheduled"
    row = await publication_of(message)
    assert row["wake_at"] > LATER
    assert "audit log" in row["failure"]
    assert (await actions())[-2:] == ["publication.sending", "publication.failed"]
    async with the_log.running():
        claim = await unsequenced.take(now=row["wake_at"])
        assert (await included(claim.receipt)).size > 0
    assert claim.tries == 2


async def test_the_call_comes_after_the_checkpoint(
    sequenced: Log, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings
) -> None:
    desk = await make_desk(owner, access, policies, config)
    await desk.write()
    covered: list[int] = []

    async def look() -> None:
        covered.append(
            await owner.fetchval(
                "SELECT count(*) FROM audit.checkpoint c, audit.leaf l JOIN audit.entry e USING (arrival)"
                " WHERE e.entry LIKE '%publication.sending%' AND c.size > l.leaf_index"
            )
        )

    await run(desk, FakeX("1901", meanwhile=look))
    assert covered[0] >= 1


async def test_a_worker_that_is_stopped_while_it_waits_for_the_log_sends_nothing(
    unsequenced: Desk, owner: asyncpg.Connection
) -> None:
    message = await unsequenced.write()
    x = FakeX("1901")
    job = asyncio.create_task(run(unsequenced, x))

    async def claimed() -> bool:
        return "publication.sending" in await actions()

    await until(claimed)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert x.sent == []
    assert await unsequenced.state(message) == "scheduled"
