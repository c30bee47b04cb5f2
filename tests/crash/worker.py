"""A worker's root of the tests' own: the same jobs as the worker's, over a transport that stops where the plan says.

The plan comes in as JSON on standard input. SIGUSR1 cancels what runs, SIGUSR2 lets it go on.

python -m tests.crash.worker
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from socket import socket
from typing import Any, cast

import asyncpg
import msgspec
from arq.connections import ArqRedis

from govern import database, log, settings
from govern.services import outbox
from govern.services.media_uploads import MediaNeeded
from govern.services.sending import Claim
from govern.worker_jobs import Jobs
from govern.xapi.client import Exchange, OutgoingDm, OutgoingPost, Receipt
from govern.xapi.errors import NotSent
from govern.xapi.tweepy_client import TweepyClient
from tests.crash.points import AT_THE_NETWORK, TIMED, Point

# PostgreSQL ends a transaction that stands still: whoever froze in it blocks nobody for long. Here it is as long as
# the settling waits for its lock, and a little more.
_STRICT = {"idle_in_transaction_session_timeout": "7s"}
account_of: ContextVar[str] = ContextVar("account_of", default="")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Where each account's send stops, by the account's id; `folder` gets a file per account that stands there."""

    points: dict[str, Point]
    folder: str


class Stops:
    """Where tasks stand until they are let go on."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.open = asyncio.Event()

    def is_at(self, point: Point) -> bool:
        return self.plan.points.get(account_of.get()) is point and not self._file.exists()

    def reach(self) -> None:
        self._file.touch()

    async def standing(self, accounts: Sequence[str]) -> None:
        """Wait until those who stop in this process do; the others stop at the relay."""
        here = [each for each in accounts if self.plan.points[each] not in AT_THE_NETWORK]
        while not all(os.path.exists(f"{self.plan.folder}/{account}") for account in here):  # noqa: ASYNC240, PTH110 - a stat
            await asyncio.sleep(0.02)

    async def stand(self) -> None:
        self.reach()
        await self.open.wait()

    @property
    def _file(self) -> Path:
        return Path(self.plan.folder, account_of.get())


class FaultyLoop(asyncio.SelectorEventLoop):
    """Stops a task before it connects to a port of X."""

    stops: Stops
    x_port: int

    async def sock_connect(self, sock: socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1] == self.x_port and self.stops.is_at(Point.BEFORE_CONNECT):
            await self.stops.stand()
        await super().sock_connect(sock, address)


class FaultyClient:
    """X, with stops before and after the call. As every client: cancelled before it wrote, it says so."""

    def __init__(self, real: TweepyClient, stops: Stops, claim: Claim) -> None:
        self._real = real
        self._stops = stops
        self._claim = claim

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def send_post(self, post: OutgoingPost, *, write_before: datetime) -> Receipt:
        await self._before()
        return await self._after(await self._real.send_post(post, write_before=write_before))

    async def send_dm(self, dm: OutgoingDm, *, write_before: datetime) -> Receipt:
        await self._before()
        return await self._after(await self._real.send_dm(dm, write_before=write_before))

    async def _before(self) -> None:
        if self._stops.is_at(Point.CLAIMED):
            try:
                await self._stops.stand()
            except asyncio.CancelledError:
                raise NotSent("cancelled", exchange=Exchange()) from None

    async def _after(self, receipt: Receipt) -> Receipt:
        if self._stops.is_at(Point.ANSWERED):
            try:
                await self._stops.stand()
            except asyncio.CancelledError:  # a client in whose hand an answer is returns it
                return receipt
        if self._stops.is_at(Point.SETTLING):
            await self._lock_publication()
        return receipt

    async def _lock_publication(self) -> None:
        """See that the next transaction comes half way and waits there."""
        connection = await asyncpg.connect(settings.current().database_url, server_settings=_STRICT)
        await connection.execute("BEGIN")
        query = "SELECT publication FROM attempt WHERE id = $1"
        publication = await connection.fetchval(query, self._claim.attempt)
        await connection.execute("SELECT 1 FROM publication WHERE id = $1 FOR UPDATE", publication)
        self._stops.reach()
        self._unlocking = asyncio.create_task(self._unlock(connection))

    async def _unlock(self, connection: asyncpg.Connection) -> None:
        await self._stops.open.wait()
        connection.terminate()


class FaultyRedis:
    """Valkey, with a stop before a wake-up is handed over."""

    def __init__(self, real: ArqRedis, stops: Stops) -> None:
        self._real = real
        self._stops = stops

    async def enqueue_job(self, *args: Any, **kwargs: Any) -> object:
        if self._stops.is_at(Point.SETTLED):
            await self._stops.stand()
        return await self._real.enqueue_job(*args, **kwargs)


class FaultyJobs(Jobs):
    """The worker's own jobs with a client that stops."""

    stops: Stops

    def _connect(self, claim: Claim | MediaNeeded) -> TweepyClient:
        if not isinstance(claim, Claim):
            return super()._connect(claim)
        return cast(TweepyClient, FaultyClient(super()._connect(claim), self.stops, claim))


async def send(jobs: FaultyJobs, redis: ArqRedis, account: str) -> None:
    account_of.set(account)
    await jobs.publish({"job_id": f"crash:{account}", "redis": FaultyRedis(redis, jobs.stops)}, account)
    if jobs.stops.is_at(Point.SETTLED):  # another job handed its wake-up over
        await jobs.stops.stand()


def groups(plan: Plan) -> list[list[str]]:
    """Return the accounts in the order in which they start: a few at a time, all with a timer at once."""
    timed = [account for account, point in plan.points.items() if point in TIMED]
    others = [account for account in plan.points if account not in timed]
    return [*(others[first : first + 4] for first in range(0, len(others), 4)), timed]


async def work(plan: Plan) -> None:
    config, stops = settings.current(), Stops(plan)
    loop = cast(FaultyLoop, asyncio.get_running_loop())
    loop.stops, loop.x_port = stops, int(config.x_base_url.rpartition(":")[2])
    jobs, redis = FaultyJobs(config), outbox.client(config.redis_url)
    jobs.stops = stops
    async with database.pool(size=len(plan.points) + 4):
        tasks = list[asyncio.Task[None]]()
        loop.add_signal_handler(signal.SIGUSR1, lambda: [task.cancel() for task in tasks])
        loop.add_signal_handler(signal.SIGUSR2, stops.open.set)
        for group in groups(plan):
            tasks += [asyncio.create_task(send(jobs, redis, account)) for account in group]
            await stops.standing(group)
        await asyncio.gather(*tasks, return_exceptions=True)
    await redis.aclose()


def main() -> None:
    log.set_up(json=True)
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    with asyncio.Runner(loop_factory=FaultyLoop) as runner:
        runner.run(work(plan))


if __name__ == "__main__":
    main()
