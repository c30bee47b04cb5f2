"""Composition root of the worker: arq wakes it, PostgreSQL tells it what to do."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from arq import cron
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.exceptions import RedisError

from govern import database, log
from govern.jobs.declared import check_declared
from govern.jobs.export import TIMEOUT
from govern.jobs.ingest import TICK as POLL_TICK
from govern.jobs.recheck import EVERY as RECHECK_EVERY
from govern.jobs.renew import EVERY as RENEW_EVERY
from govern.jobs.rounds import Rounds, every
from govern.jobs.subscribe import EVERY as SUBSCRIBE_EVERY
from govern.jobs.verify import QUARTERS
from govern.jobs.verify import TIMEOUT as VERIFY_TIMEOUT
from govern.services import outbox
from govern.services.access_listener import follow_access
from govern.services.deliveries import LEFT
from govern.services.health import wait_for
from govern.services.refreshing import LOCK_TIMEOUT
from govern.services.refreshing import POOL_SIZE as RENEWALS
from govern.services.rights import refuse_blind_worker, refuse_strong_role
from govern.settings import Settings
from govern.worker_jobs import Jobs

logger = log.get(__name__)
MAX_JOBS = 12
RESCREEN_EVERY = timedelta(minutes=1)
POOL_SIZE = MAX_JOBS + 4  # the jobs, and the worker's own rounds


def make_worker(jobs: Jobs, redis: ArqRedis) -> Worker:
    """Build the arq worker.

    Retries are rows of ours, never arq's; results are not kept, since a kept result blocks its job's id. A stop waits
    as long as a send may take: write window + timeout < wait < job timeout < attempt's deadline.

    Raises:
        UndeclaredJobError: a job says neither its action nor why it needs none.
    """
    deadline = jobs.settings.attempt_deadline.total_seconds()
    worker = Worker(
        functions=[
            func(_plain(jobs.publish), name="publish"),
            func(_plain(jobs.reconcile), name="reconcile"),
            func(_plain(jobs.connect), name="connect"),
            func(_plain(jobs.revoke), name="revoke"),
            func(_plain(jobs.deliver), name="deliver"),
            func(_plain(jobs.export), name="export", timeout=TIMEOUT),
        ],
        cron_jobs=[
            cron(_plain(jobs.tidy), name="tidy", minute=17, second=0),
            cron(_plain(jobs.verify), name="verify", minute=QUARTERS, second=30, timeout=VERIFY_TIMEOUT),
        ],
        redis_pool=redis,
        job_serializer=outbox.pack,
        job_deserializer=outbox.unpack,
        max_jobs=MAX_JOBS,
        max_tries=1,
        retry_jobs=False,
        keep_result=0,
        job_timeout=deadline * 11 / 12,
        job_completion_wait=max(1, int(deadline * 3 / 4)),
        poll_delay=0.2,
        timezone=UTC,
        handle_signals=True,
    )
    check_declared(worker.functions)
    return worker


def _plain(method: Any) -> Any:
    """Return a method as arq's types want it: they ask for functions, and take methods as well."""
    return method


async def serve(settings: Settings) -> None:
    """Work until told to stop; what is in the middle of a send is let finish first.

    Raises:
        SettingsError, UndeclaredJobError: the environment, or a job, is not fit to start with.
        RedisError: Valkey went away; a worker started anew waits for it.
    """
    async with AsyncExitStack() as open_:
        side = database.side_pool(settings.database_url, size=RENEWALS, lock_timeout=LOCK_TIMEOUT)
        jobs = Jobs(settings, await open_.enter_async_context(side))
        redis = outbox.client(settings.redis_url)
        open_.push_async_callback(redis.aclose)
        await open_.enter_async_context(database.pool(size=POOL_SIZE))
        await wait_for("database", lambda: refuse_strong_role(production=settings.production))
        await wait_for("database", refuse_blind_worker)
        await wait_for("valkey", redis.ping, away=(RedisError, OSError))
        await open_.enter_async_context(going(rounds_of(jobs, redis), jobs))
        open_.enter_context(_ready(settings))
        await _work(make_worker(jobs, redis))


async def _work(worker: Worker) -> None:
    logger.info("worker.started")
    try:
        await worker.async_run()
    except asyncio.CancelledError:
        logger.info("worker.stopped")  # arq ends this way when it is told to stop
    finally:
        if worker.tasks:
            await asyncio.wait(worker.tasks.values())


def rounds_of(jobs: Jobs, redis: ArqRedis) -> Rounds:
    """Return the worker's own rounds: they need no Valkey to know what is due, only to share the work."""
    settings = jobs.settings
    return {
        "sweep": (settings.sweep_every, partial(jobs.sweep, redis)),
        "ingest": (min(POLL_TICK, settings.poll_every), jobs.ingest_all),
        "deliver": (LEFT, jobs.deliver_left),
        "subscribe": (SUBSCRIBE_EVERY, jobs.subscribe),
        "recheck": (RECHECK_EVERY, jobs.recheck_all),
        "renew": (RENEW_EVERY, jobs.renew),
        "rescreen": (RESCREEN_EVERY, jobs.rescreen),
    }


@asynccontextmanager
async def going(rounds: Rounds, jobs: Jobs) -> AsyncIterator[None]:
    """Go the rounds, and keep up with changes of access, until the block ends.

    Raises:
        UndeclaredJobError: a round says neither its action nor why it needs none.
    """
    check_declared(rounds)
    tasks = [asyncio.create_task(every(pause, name, run)) for name, (pause, run) in rounds.items()]
    tasks.append(asyncio.create_task(follow_access(jobs.access, url=jobs.settings.database_url)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _ready(settings: Settings) -> Iterator[None]:
    """Say in a file that this worker works."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = settings.data_dir / "worker.ready"
    file.write_text(str(os.getpid()))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def run(settings: Settings) -> None:
    """Run a worker until it is told to stop. Without Valkey it ends with exit code 1, to be started again."""
    try:
        asyncio.run(serve(settings))
    except RedisError as error:
        logger.error("worker.valkey_lost", error=type(error).__name__)  # noqa: TRY400 - the trace says no more
        sys.exit(1)
