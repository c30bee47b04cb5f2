"""asyncpg and PostgreSQL, under our own engine: time limits, errors inside a block, a schema that changes meanwhile."""

import asyncpg
import pytest
from piccolo.engine.postgres import PostgresEngine

from govern.database import SERVER_SETTINGS, engine, in_transaction, transaction
from govern.tables import Member
from tests.architecture.libraries.conftest import Pin

Pins = type[Pin]


async def test_every_connection_has_its_time_limits(database: None) -> None:
    for name, value in SERVER_SETTINGS.items():
        assert (await Member.raw("SELECT current_setting({}) AS value", name))[0]["value"] == value


async def test_after_an_error_the_rest_of_the_block_is_refused(database: None) -> None:
    async with transaction():
        with pytest.raises(asyncpg.DivisionByZeroError):
            await Member.raw("SELECT 1 / 0")
        with pytest.raises(asyncpg.InFailedSQLTransactionError):
            await Member.raw("SELECT 1")


async def test_our_transaction_gives_the_connection_back_when_commit_fails(database: None, pins: Pins) -> None:
    pool = engine().pool
    assert pool is not None
    async with pool.acquire():
        busy = pool.get_size() - pool.get_idle_size()
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction():
            await Member.raw("INSERT INTO pins.late VALUES (1), (1)")
    assert pool.get_size() - pool.get_idle_size() == busy - 1
    assert not in_transaction()


async def die_inside(owner: asyncpg.Connection) -> None:
    async with transaction():
        (row,) = await Member.raw("SELECT pg_backend_pid() AS pid")
        await owner.execute("SELECT pg_terminate_backend($1, 5000)", row["pid"])
        await Member.raw("SELECT 1")


async def test_our_transaction_gives_the_connection_back_when_its_backend_dies(
    database: None, owner: asyncpg.Connection
) -> None:
    pool = engine().pool
    assert pool is not None
    before = pool.get_size() - pool.get_idle_size()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await die_inside(owner)
    assert pool.get_size() - pool.get_idle_size() == before
    assert await Member.raw("SELECT 1 AS one") == [{"one": 1}]


async def test_an_added_column_is_safe_and_a_changed_type_is_not(
    plain: PostgresEngine, pins: Pins, owner: asyncpg.Connection
) -> None:
    await pins.insert(pins(id=1))
    assert plain.pool is not None
    async with plain.pool.acquire() as connection:  # the statement is prepared once per connection
        await connection.fetch("SELECT id, version FROM pins.pin")
        await owner.execute("ALTER TABLE pins.pin ADD COLUMN added int")
        async with connection.transaction():
            await connection.fetch("SELECT id, version FROM pins.pin")
        await owner.execute("ALTER TABLE pins.pin ALTER COLUMN version TYPE bigint")
        with pytest.raises(asyncpg.InvalidCachedStatementError):
            async with connection.transaction():
                await connection.fetch("SELECT id, version FROM pins.pin")
