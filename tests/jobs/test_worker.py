"""The worker as a process: killed, stopped, cut off from its engines, it sends each message at most once."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from arq.connections import ArqRedis

from govern import database
from govern.domain.messages import Message
from govern.embedded import Engines, Login
from govern.worker_jobs import Jobs
from tests.asserts import actions, assert_audited
from tests.jobs.conftest import Live, clock
from tests.sending import until

TEXT = "The workshop opens at ten on Saturday."
LIMIT = 30


class Running:
    """One worker process and what it said."""

    def __init__(self, process: subprocess.Popen[bytes], said: Path) -> None:
        self.process = process
        self.said = said

    def log(self) -> str:
        return self.said.read_text()

    def tell(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    async def ended(self) -> int:
        await until(self._has_ended, limit=LIMIT)
        return int(self.process.returncode)

    async def _has_ended(self) -> bool:
        return self.process.poll() is not None


class Starter:
    """Starts workers for the live company; times scaled down, so that a deadline passes in seconds."""

    def __init__(self, live: Live, engines: Engines, folder: Path) -> None:
        self.live = live
        self.folder = folder
        self.environ = {
            "GOVERN_DATABASE_URL": engines.database_url(Login.WORKER),
            "GOVERN_REDIS_URL": engines.redis_url,
            "GOVERN_X_BASE_URL": live.sandbox.address,
            "GOVERN_X_API_KEY": live.desk.config.x_api_key,
            "GOVERN_X_API_SECRET": live.desk.config.x_api_secret,
            "GOVERN_SEND_WRITE_WINDOW": "1",
            "GOVERN_SEND_TIMEOUT": "2",
            "GOVERN_ATTEMPT_DEADLINE": "6",
            "GOVERN_SWEEP_EVERY": "0.3",
            "GOVERN_POLL_EVERY": "0.5",
        }
        self.started: list[Running] = []

    def start(self, **environ: str) -> Running:
        said = self.folder / f"worker-{len(self.started)}.log"
        data = self.folder / f"data-{len(self.started)}"
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "govern.cli", "worker"],
                env={**os.environ, **self.environ, "GOVERN_DATA_DIR": str(data), **environ},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.started.append(Running(process, said))
        return self.started[-1]

    async def start_ready(self, **environ: str) -> Running:
        running = self.start(**environ)
        ready = self.folder / f"data-{len(self.started) - 1}" / "worker.ready"

        async def is_ready() -> bool:
            assert running.process.poll() is None, running.log()
            return ready.exists()

        await until(is_ready, limit=LIMIT)
        return running

    def end(self) -> None:
        for running in self.started:
            running.process.kill()
            running.process.wait(10)


@pytest.fixture
async def workers(live: Live, engines: Engines, redis: ArqRedis, tmp_path: Path) -> AsyncIterator[Starter]:
    starter = Starter(live, engines, tmp_path)
    yield starter
    starter.end()


async def becomes(live: Live, message: Message, state: str, *, limit: float = LIMIT) -> None:
    async def is_so() -> bool:
        return await live.desk.state(message) == state

    await until(is_so, limit=limit)


async def out(live: Live, count: int = 1) -> None:
    async def are_out() -> bool:
        return len(live.sandbox.posts()) >= count

    await until(are_out, limit=LIMIT)


async def test_worker_sends_what_is_approved_and_reads_what_is_written(live: Live, workers: Starter) -> None:
    running = await workers.start_ready()
    message = await live.desk.write(TEXT, now=clock())
    live.customer("dm", "Where is my parcel?")
    await becomes(live, message, "sent")
    assert live.sandbox.posts() == [TEXT]

    async def received() -> bool:
        return "inbound.received" in await actions()

    await until(received)
    sent = await assert_audited("publication.sent", actor="worker:publisher")
    assert sent["ctx"]["job"], "the entry names the job that wrote it"
    running.tell(signal.SIGTERM)
    assert await running.ended() == 0
    assert not (workers.folder / "data-0" / "worker.ready").exists()
    assert live.keys["Help"].access_token_secret not in running.log()
    assert "Traceback" not in running.log()


async def test_two_workers_send_each_message_once(live: Live, workers: Starter) -> None:
    live.sandbox.order("rules", duplicates=False)
    messages = [await live.desk.write(f"Post number {number}.", now=clock()) for number in range(8)]
    for _ in range(2):
        workers.start()
    for message in messages:
        await becomes(live, message, "sent")
    assert sorted(live.sandbox.posts()) == sorted(f"Post number {number}." for number in range(8))


async def test_flushed_valkey_loses_nothing(live: Live, workers: Starter, redis: ArqRedis) -> None:
    await workers.start_ready()
    messages = []
    for number in range(6):
        messages.append(await live.desk.write(f"Post number {number}.", now=clock()))
        await redis.flushall()
    for message in messages:
        await becomes(live, message, "sent")
        await redis.flushall()
    assert len(live.sandbox.posts()) == 6


async def test_killed_in_the_middle_of_a_send_the_outcome_is_unknown_and_nothing_goes_twice(
    live: Live, workers: Starter
) -> None:
    live.sandbox.order("rules", duplicates=False)
    live.sandbox.order("faults", kind="commit_then_slow", times=1, seconds=30)
    running = await workers.start_ready()
    message = await live.desk.write(TEXT, now=clock())
    await out(live)
    running.tell(signal.SIGKILL)
    await running.ended()
    assert await live.desk.state(message) == "sending"

    await workers.start_ready()
    await becomes(live, message, "outcome_unknown")
    after = await live.desk.write("The next one.", now=clock())
    await becomes(live, after, "sent")
    assert live.sandbox.posts() == [TEXT, "The next one."]
    assert await live.desk.state(message) == "outcome_unknown"


@pytest.mark.parametrize(("fault", "reads"), [("commit_then_slow", 1), ("drop_before_commit", 3)])
async def test_what_became_of_a_send_nobody_answered_is_read_from_x_and_it_is_out_once(
    live: Live, workers: Starter, fault: str, reads: int
) -> None:
    live.sandbox.order("rules", duplicates=False)
    live.sandbox.order("faults", kind=fault, times=1)
    await workers.start_ready(GOVERN_RECONCILE_READS="1,2,3")
    message = await live.desk.write(TEXT, now=clock())
    await becomes(live, message, "sent")
    assert live.sandbox.posts() == [TEXT]
    await assert_audited("publication.settled", actor="worker:reconciler", reading=reads)


async def test_told_to_stop_it_lets_its_send_finish(live: Live, workers: Starter) -> None:
    live.sandbox.order("faults", kind="commit_then_slow", times=1, seconds=1)
    running = await workers.start_ready()
    message = await live.desk.write(TEXT, now=clock())
    await out(live)
    running.tell(signal.SIGTERM)
    later = await live.desk.write("Not by this worker.", now=clock())
    assert await running.ended() == 0
    assert await live.desk.state(message) == "sent"
    assert await live.desk.state(later) == "approved"
    assert live.sandbox.posts() == [TEXT]


async def test_database_that_comes_back_finds_the_worker_working(
    live: Live, workers: Starter, engines: Engines
) -> None:
    running = await workers.start_ready()
    async with stopped(engines):
        await says(running, "database_away")
    message = await live.desk.write(TEXT, now=clock())
    await becomes(live, message, "sent")
    assert running.process.poll() is None
    assert live.sandbox.posts() == [TEXT]
    assert "round_failed" not in running.log()


async def test_database_that_stops_during_a_send_gets_its_answer_afterwards(
    live: Live, workers: Starter, engines: Engines
) -> None:
    live.sandbox.order("faults", kind="commit_then_slow", times=1, seconds=1)
    running = await workers.start_ready()
    message = await live.desk.write(TEXT, now=clock())
    await out(live)
    async with stopped(engines):
        await says(running, "settle_waits")
    await becomes(live, message, "sent")
    assert live.sandbox.posts() == [TEXT]


async def test_worker_started_before_its_engines_waits_for_them(live: Live, workers: Starter, engines: Engines) -> None:
    async with stopped(engines):
        running = workers.start()
        await says(running, "engine.away")
    message = await live.desk.write(TEXT, now=clock())
    await becomes(live, message, "sent")
    assert running.process.poll() is None


async def test_worker_without_valkey_waits_and_one_that_lost_it_ends(
    live: Live, workers: Starter, engines: Engines
) -> None:
    running = await workers.start_ready()
    engines.valkey.process.stop()
    try:
        assert await running.ended() == 1
        assert "worker.valkey_lost" in running.log()
        second = workers.start()
        await says(second, "engine.away")
        message = await live.desk.write(TEXT, now=clock())
    finally:
        engines.valkey.process.start()
    await becomes(live, message, "sent")
    assert second.process.poll() is None


async def test_worker_without_an_address_of_x_refuses_to_start(workers: Starter) -> None:
    running = workers.start(GOVERN_X_BASE_URL="")
    assert await running.ended() == 2
    assert "GOVERN_X_BASE_URL" in running.log()


async def test_account_that_cannot_be_read_does_not_keep_the_others_unread(
    live: Live, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "UPDATE account_credential SET access_sealed = 'broken' WHERE account = $1", live.desk.company.help.id
    )
    live.customer("dm", "Are you there?", to="News")
    await Jobs(live.desk.config).ingest_all()
    assert "inbound.received" in await actions()


@asynccontextmanager
async def stopped(engines: Engines) -> AsyncIterator[None]:
    """PostgreSQL is away for as long as the block lasts."""
    engines.postgres.process.stop()
    try:
        yield
    finally:
        engines.postgres.process.start()
        engines.postgres.process.wait_until(engines.postgres._ready, limit=LIMIT)
        await database.engine().pool.expire_connections()  # type: ignore[union-attr]  # this process's own are dead


async def says(running: Running, words: str) -> None:
    async def said() -> bool:
        assert running.process.poll() is None, running.log()
        return words in running.log()

    await until(said, limit=LIMIT)
