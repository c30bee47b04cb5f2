"""Each committed entry gets exactly one leaf, however its transaction went."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

import asyncpg
import pytest

from govern.embedded import Engines, Login
from govern.services.audit.log_state import LogDamaged, NoLog
from govern.services.audit.placing import is_missing, place, place_missing
from govern.tlog.canonical import leaf_hash
from govern.tlog.tiles import tile_hashes, tiles_of
from govern.tlog.tree import root_of
from tests.the_log import Log

APPEND = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, $2)"


async def append(connection: asyncpg.Connection, *texts: str) -> None:
    await connection.executemany(APPEND, [(text, leaf_hash(text)) for text in texts])


@asynccontextmanager
async def taken_back(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """A transaction, or a savepoint in one, that is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    yield
    await transaction.rollback()


def text(number: int) -> str:
    return f'{{"n":{number}}}'


@pytest.fixture
async def writer(engines: Engines) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the application."""
    connection = await asyncpg.connect(engines.database_url(Login.WEB))
    yield connection
    await connection.close()


async def placed(log: Log) -> int:
    async with log.as_sequencer():
        return await place()


async def check_tree(owner: asyncpg.Connection) -> int:
    """Compare leaves, tiles and edge with the texts; return the size."""
    leaves = await owner.fetch(
        "SELECT l.leaf_index, l.leaf_hash, e.entry FROM audit.leaf l JOIN audit.entry e USING (arrival) ORDER BY 1"
    )
    state = await owner.fetchrow("SELECT size, frontier FROM audit.log_state")
    tiles = {(row["level"], row["n"]): row["hashes"] for row in await owner.fetch("SELECT * FROM audit.tile")}
    hashes = [row["leaf_hash"] for row in leaves]
    assert [row["leaf_index"] for row in leaves] == list(range(state["size"]))
    assert hashes == [leaf_hash(row["entry"]) for row in leaves]
    assert {(ref.level, ref.n): ref.width for ref in tiles_of(len(hashes))} == {
        place: len(tile_hashes(data)) for place, data in tiles.items()
    }
    assert b"".join(tiles[key] for key in sorted(tiles) if key[0] == 0) == b"".join(hashes)
    for (level, n), data in tiles.items():
        for offset, found in enumerate(tile_hashes(data)):
            if level:
                assert found == root_of(tile_hashes(tiles[level - 1, n * 256 + offset]))
    return len(hashes)


async def test_every_entry_gets_one_leaf_and_the_tiles_hold_them(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    first = await placed(the_log)
    assert first == await owner.fetchval("SELECT count(*) FROM audit.entry") > 0
    assert await placed(the_log) == 0
    await append(writer, *map(text, range(700)))
    assert await placed(the_log) == 700
    await append(writer, *map(text, range(70_000, 70_003)))
    assert await placed(the_log) == 3
    assert await check_tree(owner) == first + 703


async def test_a_backlog_over_several_chunks_is_placed_in_one_go(the_log: Log, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO audit.entry (entry, leaf_hash) SELECT t, sha256('\\x00'::bytea || convert_to(t, 'UTF8'))"
        " FROM (SELECT '{\"n\":' || n || '}' FROM generate_series(1, 12000) n) AS given (t)"
    )
    assert await placed(the_log) > 12_000
    await check_tree(owner)


async def test_an_entry_that_is_committed_late_is_not_lost(
    the_log: Log, engines: Engines, writer: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    slow = await asyncpg.connect(engines.database_url(Login.WEB))
    transaction = slow.transaction()
    await transaction.start()
    await append(slow, text(1))  # the lower number
    await append(writer, text(2))
    assert await placed(the_log) == 2, "the log's own first entry, and the one committed"
    for number in range(3, 6):
        await append(writer, text(number))
        assert await placed(the_log) == 1
    await transaction.commit()
    assert await placed(the_log) == 1
    await slow.close()
    assert await check_tree(owner) == 6


async def test_a_rollback_leaves_no_gap_and_savepoints_keep_what_they_keep(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    async with writer.transaction():
        await append(writer, text(1))
        async with taken_back(writer):  # a savepoint
            await append(writer, text(2))
        async with writer.transaction():
            await append(writer, text(3))
    async with taken_back(writer):
        await append(writer, text(4))
    assert await placed(the_log) == 3
    await check_tree(owner)


async def test_many_slow_writers_lose_nothing_and_nothing_twice(
    the_log: Log, engines: Engines, owner: asyncpg.Connection
) -> None:
    kept: list[str] = []
    done = asyncio.Event()

    async def write(number: int) -> None:
        chance = random.Random(number)
        connection = await asyncpg.connect(engines.database_url(Login.WEB))
        for turn in range(20):
            mine = text(number * 1_000 + turn)
            keeps = chance.random() > 0.1
            async with connection.transaction() if keeps else taken_back(connection):
                await append(connection, mine)
                await connection.execute("SELECT pg_sleep($1)", chance.random() * 0.05)
            if keeps:
                kept.append(mine)
        await connection.close()

    async def sequence() -> None:
        while not done.is_set():
            await placed(the_log)

    sequencers = [asyncio.create_task(sequence()) for _ in range(2)]  # they fence each other
    await asyncio.gather(*(write(number) for number in range(12)))
    done.set()
    await asyncio.gather(*sequencers)
    await placed(the_log)
    found = [row["entry"] for row in await owner.fetch("SELECT entry FROM audit.leaf JOIN audit.entry USING (arrival)")]
    assert sorted(each for each in found if each.startswith('{"n"')) == sorted(kept)
    await check_tree(owner)


async def test_the_text_decides_and_a_wrong_hash_of_its_writer_is_said(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await writer.execute(APPEND, text(1), sha256(b"something else").digest())
    await placed(the_log)
    await check_tree(owner)
    assert "log.leaf_mismatch" in capsys.readouterr().out


async def test_what_is_not_in_our_format_cannot_stop_the_log(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await append(writer, '{"not":"ours","deep":[[[[[[[[[[1.5]]]]]]]]]]}', '{ "spaced" : 1e400 }')
    assert await placed(the_log) == 3
    await check_tree(owner)


async def test_a_moved_database_is_adopted_none_lost_none_twice(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await append(writer, *map(text, range(5)))
    await placed(the_log)
    await append(writer, *map(text, range(5, 8)))
    # As after dump and restore: another cluster, whose transaction ids begin far below those of the snapshot.
    await owner.execute("UPDATE audit.log_state SET system_id = 1, snap = '900000000:900000000:'")
    assert await placed(the_log) == 3
    assert await placed(the_log) == 0
    await append(writer, text(8))
    assert await placed(the_log) == 1
    assert await check_tree(owner) == 10


async def test_old_transaction_ids_of_a_restored_dump_are_not_found_again(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await append(writer, *map(text, range(5)))
    await placed(the_log)
    await owner.execute("UPDATE audit.log_state SET timeline = 99, snap = '3:3:'")
    assert await placed(the_log) == 0
    await append(writer, text(5))
    assert await placed(the_log) == 1
    assert await check_tree(owner) == 7


async def test_the_hourly_look_finds_what_a_snapshot_passed(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await placed(the_log)
    await append(writer, text(1))
    await owner.execute("UPDATE audit.log_state SET snap = pg_current_snapshot()::text")
    assert await placed(the_log) == 0
    async with the_log.as_sequencer():
        assert not await is_missing(), "it is younger than a minute"
        assert await place_missing() == 1
    assert await check_tree(owner) == 2


async def test_there_is_nothing_to_place_without_a_log(the_log: Log, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE audit.log_state SET origin = NULL")
    with pytest.raises(NoLog):
        await placed(the_log)


async def test_an_edge_that_does_not_fit_stops_placing(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await placed(the_log)
    await owner.execute("UPDATE audit.log_state SET frontier = ''")
    await append(writer, text(1))
    with pytest.raises(LogDamaged):
        await placed(the_log)


@pytest.mark.parametrize("step", ["locked", "read", "leaves", "tiles", "state"])
async def test_a_stop_at_any_step_leaves_the_log_as_it_was(
    the_log: Log, writer: asyncpg.Connection, owner: asyncpg.Connection, step: str
) -> None:
    await append(writer, *map(text, range(300)))

    def stop(reached: str) -> None:
        if reached == step:
            raise ZeroDivisionError

    async with the_log.as_sequencer():
        with pytest.raises(ZeroDivisionError):
            await place(reached=stop)
    assert await check_tree(owner) == 0
    assert await placed(the_log) == 301
    await check_tree(owner)
