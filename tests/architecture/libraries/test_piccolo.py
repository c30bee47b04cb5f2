"""Piccolo 1.38: what `database.transaction`, the tables and our rules protect us from."""

import asyncio
import contextvars
from typing import Any

import pytest
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.exceptions import TransactionError
from piccolo.engine.postgres import PostgresEngine

from govern.embedded import free_port
from tests.architecture.libraries.conftest import Pin

Pins = type[Pin]


class Stop(Exception):
    """Stands for whatever goes wrong."""


async def count(pins: Pins) -> int:
    found: int = await pins.count()
    return found


async def fail_inside(pins: Pins, engine: PostgresEngine) -> None:
    async with engine.transaction():
        await pins.insert(pins(id=2))
        raise Stop


async def test_a_nested_transaction_joins_the_outer_one(plain: PostgresEngine, pins: Pins) -> None:
    async with plain.transaction():
        await pins.insert(pins(id=1))
        with pytest.raises(Stop):
            await fail_inside(pins, plain)
    assert await count(pins) == 2


async def test_nesting_can_be_refused(plain: PostgresEngine, pins: Pins) -> None:
    async with plain.transaction():
        with pytest.raises(TransactionError):
            plain.transaction(allow_nested=False)


async def test_save_writes_every_column(plain: PostgresEngine, pins: Pins) -> None:
    await pins.insert(pins(id=1, colour="red"))
    mine, theirs = await pins.objects().first(), await pins.objects().first()
    assert mine
    assert theirs
    mine.colour = "blue"
    await mine.save()
    theirs.version = 2
    await theirs.save()
    assert (await pins.select(pins.colour, pins.version)) == [{"colour": "red", "version": 2}]


async def test_a_query_without_await_does_nothing_and_warns_nobody(plain: PostgresEngine, pins: Pins) -> None:
    pins.insert(pins(id=1))  # type: ignore[unused-awaitable]
    assert await count(pins) == 0


async def test_braces_are_the_placeholder_even_in_a_literal(plain: PostgresEngine, pins: Pins) -> None:
    assert await pins.raw("SELECT {} AS value", "it's") == [{"value": "it's"}]
    assert await pins.raw("SELECT '{}' AS value") == [{"value": ""}]


async def test_jsonb_comes_back_as_other_text(plain: PostgresEngine, pins: Pins) -> None:
    written = '{"b":1,   "a":2}'
    await pins.insert(pins(id=1, data=written))
    (row,) = await pins.select(pins.data)
    assert isinstance(row["data"], str)
    assert row["data"] == '{"a": 2, "b": 1}'
    assert await pins.select(pins.data).output(load_json=True) == [{"data": {"a": 2, "b": 1}}]


async def test_choices_are_not_enforced_and_a_missing_text_is_empty(plain: PostgresEngine, pins: Pins) -> None:
    await pins.insert(pins(id=1, colour="no colour"), pins(id=2))
    assert await pins.select(pins.colour).order_by(pins.id) == [{"colour": "no colour"}, {"colour": ""}]


async def test_without_a_pool_every_query_has_a_connection_of_its_own(plain: PostgresEngine, pins: Pins) -> None:
    await plain.close_connection_pool()
    pids = [(await pins.raw("SELECT pg_backend_pid() AS pid"))[0]["pid"] for _ in range(2)]
    assert pids[0] != pids[1]


async def test_a_failing_commit_keeps_the_connection(plain: PostgresEngine, pins: Pins) -> None:
    assert plain.pool is not None
    with pytest.raises(Exception, match="duplicate key"):
        async with plain.transaction():
            await pins.raw("INSERT INTO pins.late VALUES (1), (1)")
    plain.current_transaction.set(None)
    assert plain.pool.get_idle_size() == 1  # of two: one is lost for good


def test_an_engine_connects_when_it_is_built_and_a_refusal_only_warns() -> None:
    with pytest.warns(Warning, match="Unable to connect to database"):
        PostgresEngine(config={"host": "127.0.0.1", "port": free_port(), "user": "nobody", "database": "none"})


async def test_raw_statements_of_a_migration_run_before_its_tables(database: None) -> None:
    """The application may not make tables: would they come first, another error would come out."""
    manager = MigrationManager(migration_id="1", app_name="govern", description="")

    def raw() -> None:
        raise Stop

    manager.add_table(class_name="Late", tablename="late", schema=None, columns=[])
    manager.add_raw(raw)
    with pytest.raises(Stop):
        await manager.run()


async def test_tasks_inside_a_transaction_share_its_connection_and_break_it(plain: PostgresEngine, pins: Pins) -> None:
    slow: Any = pins.raw("SELECT pg_sleep(0.2)")
    async with plain.transaction() as transaction:
        answers = await asyncio.gather(slow.run(), pins.raw("SELECT 1").run(), return_exceptions=True)
        assert any("another operation is in progress" in str(answer) for answer in answers)
        await transaction.rollback()  # type: ignore[no-untyped-call]


async def test_a_task_with_its_own_context_has_its_own_transaction(plain: PostgresEngine, pins: Pins) -> None:
    async with plain.transaction():
        outer = plain.current_transaction.get()
        inherited = await asyncio.create_task(current(plain))
        own = await asyncio.create_task(current(plain), context=contextvars.Context())
    assert outer is inherited
    assert own is None


async def current(engine: PostgresEngine) -> object:
    return engine.current_transaction.get()
