"""Writers that commit late, out of order, in parts or not at all, while sequencers are killed: what the order promises."""

import asyncio
import random
import time
from collections.abc import Mapping

import asyncpg

from govern.bench.audit_losing import Late
from govern.embedded import Engines, Login
from govern.services.audit.verifying import Question, verify_log
from govern.tlog.canonical import leaf_hash
from tests.services.audit.test_faults import process
from tests.the_log import Log

APPEND = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, $2) RETURNING arrival"
SECONDS = 6.0


async def places(owner: asyncpg.Connection) -> Mapping[int, int]:
    """Return where each arrival stands in the tree; each stands there once."""
    found = await owner.fetch("SELECT arrival, leaf_index FROM audit.leaf")
    by_arrival = {row["arrival"]: row["leaf_index"] for row in found}
    assert len(by_arrival) == len(found)
    assert sorted(by_arrival.values()) == list(range(len(found)))
    return by_arrival


async def test_nothing_is_lost_or_placed_twice_by_late_writers_and_killed_sequencers(
    the_log: Log, owner: asyncpg.Connection, engines: Engines
) -> None:
    until, rng = time.monotonic() + SECONDS, random.Random(1)
    late = Late(the_log.settings.audit_origin, lambda: time.monotonic() > until)

    async def kill_again() -> int:
        killed = 0
        while time.monotonic() < until:
            with process(engines, "sequence") as running:
                # As long as it takes to start, and then any time more: it dies wherever it is.
                await asyncio.to_thread(_wait, running, rng.uniform(0.8, 2.5))
                assert running.poll() is None
            killed += 1
        return killed

    async with asyncio.TaskGroup() as group:
        killing = [group.create_task(kill_again()) for _ in range(2)]
        group.create_task(late.write(engines.database_url(Login.WEB), seed=1))
    assert sum(each.result() for each in killing) >= 4
    await the_log.grow()
    placed = (await places(owner)).keys()
    assert late.committed <= placed
    assert not late.taken_back & placed
    assert len(late.committed) > 100
    verdict = await verify_log(Question(full=True), settings=the_log.settings)
    assert {claim.check for claim in verdict.false} <= {"replay"}, "the messages of these entries are in no table"


async def test_who_saw_a_commit_stands_after_it(the_log: Log, owner: asyncpg.Connection, engines: Engines) -> None:
    url = engines.database_url(Login.WEB)
    first, second = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        pairs = []
        async with the_log.running(every=0.001):
            for number in range(40):
                held = second.transaction()
                await held.start()
                await second.execute("SELECT pg_current_xact_id()")  # an older transaction than the one it follows
                earlier = await _append(first, number)
                pairs.append((earlier, await _append(second, -number - 1)))
                await held.commit()
        await the_log.grow()
    finally:
        await first.close()
        await second.close()
    placed = await places(owner)
    assert all(placed[earlier] < placed[later] for earlier, later in pairs)


async def test_who_waited_for_a_lock_stands_after_who_held_it(
    the_log: Log, owner: asyncpg.Connection, engines: Engines
) -> None:
    order: list[int] = []

    async def write(number: int) -> None:
        connection = await asyncpg.connect(engines.database_url(Login.WEB))
        try:
            for _ in range(5):
                async with connection.transaction():
                    await connection.execute("SELECT pg_current_xact_id()")
                    await connection.execute("SELECT pg_advisory_xact_lock(42)")
                    order.append(await _append(connection, number))
        finally:
            await connection.close()

    async with the_log.running(every=0.001), asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(write(number))
    await the_log.grow()
    placed = await places(owner)
    assert sorted(order, key=placed.__getitem__) == order


async def test_writers_wait_for_nobody(the_log: Log, owner: asyncpg.Connection, engines: Engines) -> None:
    writers = [await asyncpg.connect(engines.database_url(Login.WEB)) for _ in range(8)]
    try:
        for number, writer in enumerate(writers):
            await writer.execute("BEGIN")
            await asyncio.wait_for(_append(writer, number), 5)  # each beside all the others, still open
        locks = await owner.fetch(
            "SELECT locktype, mode FROM pg_locks WHERE NOT granted OR locktype = 'advisory' AND mode = 'ExclusiveLock'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert not locks
        for writer in writers:
            await writer.execute("COMMIT")
    finally:
        for writer in writers:
            await writer.close()
    await the_log.grow()
    assert len(await places(owner)) >= len(writers)


def _wait(running: object, seconds: float) -> None:
    """Wait for the moment to kill; no condition is waited for: the moment is meant to be any."""
    time.sleep(seconds)


async def _append(connection: asyncpg.Connection, number: int) -> int:
    text = f'{{"n":{number}}}'
    arrival: int = await connection.fetchval(APPEND, text, leaf_hash(text))
    return arrival
