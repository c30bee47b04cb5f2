"""Wake-ups: rows first, then Valkey; losing Valkey loses nothing."""

import asyncio
import pickle
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from arq.connections import ArqRedis

from govern.database import rows, transaction
from govern.embedded import free_port
from govern.services import outbox
from govern.settings import Settings
from govern.tables import Outbox
from tests.factories import NOW

ACCOUNT = str(uuid4())


@pytest.fixture
async def redis(config: Settings) -> AsyncIterator[ArqRedis]:
    """Valkey, empty."""
    client = outbox.client(config.redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def nobody() -> AsyncIterator[ArqRedis]:
    """An address where no Valkey is."""
    client = outbox.client(f"redis://127.0.0.1:{free_port()}")
    yield client
    await client.aclose()


async def wish(*, after: timedelta = timedelta(0)) -> None:
    async with transaction():
        await outbox.enqueue("publish", now=NOW, due_at=NOW + after, account=ACCOUNT)


async def wish_in_vain() -> None:
    async with transaction():
        await outbox.enqueue("publish", now=NOW, account=ACCOUNT)
        raise LookupError


async def waiting() -> int:
    return len(rows(await Outbox.select().where(Outbox.enqueued_at.is_null())))


async def test_wish_of_a_transaction_that_failed_is_forgotten(database: None) -> None:
    with pytest.raises(LookupError):
        await wish_in_vain()
    assert await waiting() == 0


async def test_due_wish_reaches_valkey_once_with_ids_only(database: None, redis: ArqRedis) -> None:
    await wish()
    await wish(after=timedelta(minutes=5))
    assert await outbox.push_due(redis, now=NOW) == 1
    assert await outbox.push_due(redis, now=NOW) == 0
    (job,) = await redis.queued_jobs()
    assert (job.function, job.kwargs) == ("publish", {"account": ACCOUNT})
    assert await outbox.push_due(redis, now=NOW + timedelta(minutes=5)) == 1


async def test_two_who_push_at_once_push_each_wish_once(database: None, redis: ArqRedis) -> None:
    for _ in range(20):
        await wish()
    pushed = await asyncio.gather(*(outbox.push_due(redis, now=NOW) for _ in range(4)))
    assert sum(pushed) == 20
    assert len(await redis.queued_jobs()) == 20


async def test_wish_stays_due_while_valkey_is_away(database: None, redis: ArqRedis, nobody: ArqRedis) -> None:
    await wish()
    assert await outbox.push_due(nobody, now=NOW) == 0
    assert await waiting() == 1
    assert not await outbox.wake(nobody, "publish", "one", account=ACCOUNT)
    assert await outbox.push_due(redis, now=NOW) == 1


async def test_one_wake_up_per_id(database: None, redis: ArqRedis) -> None:
    for name in ("one", "one", "two"):
        assert await outbox.wake(redis, "publish", name, account=ACCOUNT)
    assert len(await redis.queued_jobs()) == 2


async def test_web_wakes_workers_and_does_without_valkey(database: None, config: Settings, redis: ArqRedis) -> None:
    waker, lonely, without = (outbox.Waker(url) for url in (config.redis_url, f"redis://127.0.0.1:{free_port()}", ""))
    await wish()
    for each in (lonely, without):
        await each.wake_due(now=NOW)
        assert not await each.answers()
    assert await waiting() == 1
    await waker.wake_due(now=NOW)
    assert await waker.answers()
    assert await waiting() == 0
    for each in (waker, lonely, without):
        await each.close()


async def test_spent_wake_ups_are_forgotten_after_a_day(database: None, redis: ArqRedis) -> None:
    await wish()
    await outbox.push_due(redis, now=NOW)
    await wish()
    await outbox.forget_old(now=NOW + timedelta(days=1, seconds=1))
    assert await waiting() == 1
    assert await Outbox.count() == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://cache:7000/3", {"host": "cache", "port": 7000, "db": 3, "password": None}),
        ("valkey://:p%40ss%2F@cache", {"host": "cache", "port": 6379, "db": 0, "password": "p@ss/"}),
        ("redis://me:secret@cache", {"username": "me", "password": "secret"}),
        ("unix:///run/valkey.sock", {"path": "/run/valkey.sock"}),
    ],
)
async def test_address_is_read_whole(url: str, expected: dict[str, object]) -> None:
    client = outbox.client(url)
    given = client.connection_pool.connection_kwargs
    assert {name: given[name] for name in expected} == expected
    await client.aclose()


@pytest.mark.parametrize(
    ("url", "tls"), [("rediss://cache", True), ("valkeys://cache", True), ("valkey://cache", False)]
)
async def test_tls_is_used_where_the_address_says_so(url: str, *, tls: bool) -> None:
    client = outbox.client(url)
    assert ("SSL" in client.connection_pool.connection_class.__name__) is tls
    await client.aclose()


def test_jobs_are_written_so_that_nobody_can_run_code_by_writing_them() -> None:
    job = {"t": 1, "f": "publish", "a": (), "k": {"account": ACCOUNT}, "et": 5}
    assert outbox.unpack(outbox.pack(job)) == job | {"a": []}
    assert b"ValueError" in outbox.pack({"r": ValueError("a failure is told by its name")})
    with pytest.raises(Exception, match=r"(?i)extra|invalid|unpack|unexpected"):
        outbox.unpack(pickle.dumps(job))
