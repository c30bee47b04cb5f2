"""Composition root of the worker: arq wakes it, PostgreSQL tells it what to do."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from arq import cron
from arq.worker import Worker, func

from govern import database, log
from govern.access import Access, load_bundle
from govern.domain.accounts import Account
from govern.jobs.ingest import ingest
from govern.jobs.publish import publish
from govern.jobs.sweep import sweep
from govern.services.accounts import list_connected
from govern.services.grants import PostgresGrants
from govern.services.outbox import forget_old, pack, redis_settings, unpack
from govern.services.policies import load_policies
from govern.services.rights import refuse_strong_role
from govern.services.sending import Claim, load_credentials
from govern.settings import Settings
from govern.xapi.tweepy_client import TweepyClient
from govern.xapi.vault import Vault

logger = log.get(__name__)
POOL_SIZE = 10


def clock() -> datetime:
    """Return the time; the worker is an entry point, so it may read the clock."""
    return datetime.now(UTC)


class Jobs:
    """What the worker's jobs need, made once at its start."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.access = Access(load_bundle(settings.policies / "access"), PostgresGrants())
        self.policies = load_policies(settings.policies)
        self.vault = Vault.from_settings(settings)

    async def publish(self, _ctx: dict[str, Any], account: str) -> None:
        """Send what is due for an account."""
        structlog.contextvars.bind_contextvars(job="publish")
        await publish(
            UUID(account),
            worker=self.name,
            connect=self._connect,
            access=self.access,
            policies=self.policies,
            vault=self.vault,
            settings=self.settings,
            clock=clock,
        )

    async def ingest_all(self, _ctx: dict[str, Any]) -> None:
        """Poll every connected account, one after the other."""
        structlog.contextvars.bind_contextvars(job="ingest")
        for account in await list_connected():
            client = await self._client_of(account)
            if client:
                await ingest(account, client, clock=clock)

    async def tidy(self, _ctx: dict[str, Any]) -> None:
        """Delete spent wake-ups."""
        await forget_old(now=clock())

    def _connect(self, claim: Claim) -> TweepyClient:
        return TweepyClient(
            claim.credentials,
            base_url=self.settings.x_base_url,
            timeout=self.settings.send_timeout,
            x_id=claim.x_user_id,
        )

    async def _client_of(self, account: Account) -> TweepyClient | None:
        credentials = await load_credentials(account.id, vault=self.vault, settings=self.settings)
        if credentials is None:
            return None
        return TweepyClient(
            credentials,
            base_url=self.settings.x_base_url,
            timeout=self.settings.send_timeout,
            x_id=account.x_user_id,
        )


class Loops:
    """The worker's own loops: they need no Valkey to know what is due, only to share the work."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._tasks: list[asyncio.Task[None]] = []
        self._pool: Any = None

    async def start(self, ctx: dict[str, Any]) -> None:
        """Open the database, refuse a role that may too much, then say that this worker works."""
        self._pool = database.pool(size=POOL_SIZE)
        await self._pool.__aenter__()
        await refuse_strong_role(production=self._jobs.settings.production)
        self._tasks = [
            asyncio.create_task(self._every(self._jobs.settings.sweep_every.total_seconds(), self._sweep, ctx)),
            asyncio.create_task(self._every(self._jobs.settings.poll_every.total_seconds(), self._ingest, ctx)),
        ]
        self._jobs.settings.data_dir.mkdir(parents=True, exist_ok=True)
        _ready_file(self._jobs.settings).write_text(self._jobs.name)
        logger.info("worker.started")

    async def stop(self, _ctx: dict[str, Any]) -> None:
        """End the loops and give the connections back."""
        _ready_file(self._jobs.settings).unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            try:
                await task
            except asyncio.CancelledError:
                continue
        await self._pool.__aexit__(None, None, None)

    async def _sweep(self, ctx: dict[str, Any]) -> None:
        await sweep(ctx["redis"], now=clock())

    async def _ingest(self, ctx: dict[str, Any]) -> None:
        await self._jobs.ingest_all(ctx)

    async def _every(
        self, seconds: float, run: Callable[[dict[str, Any]], Awaitable[None]], ctx: dict[str, Any]
    ) -> None:
        while True:
            try:
                await run(ctx)
            except database.AWAY as error:
                logger.warning("worker.database_away", error=type(error).__name__)
            except Exception:  # noqa: BLE001 - one bad round must not end the loop; it is in the log with its trace
                logger.exception("worker.round_failed", round=run.__name__)
            await asyncio.sleep(seconds)


def _ready_file(settings: Settings) -> Path:
    return settings.data_dir / "worker.ready"


def _plain(method: Any) -> Any:
    """Return a method as arq's types want it: they ask for functions, and take methods as well."""
    return method


def make_worker(settings: Settings) -> Worker:
    """Build the arq worker.

    Retries are rows of ours, never arq's; results are not kept, since a kept result blocks its job's id; a stop waits as
    long as a send may take.
    """
    jobs = Jobs(settings)
    loops = Loops(jobs)
    timeout = (settings.send_write_window + settings.send_timeout).total_seconds() + 15
    return Worker(
        functions=[func(_plain(jobs.publish), name="publish")],
        cron_jobs=[cron(_plain(jobs.tidy), name="tidy", minute=17, second=0)],
        on_startup=_plain(loops.start),
        on_shutdown=_plain(loops.stop),
        redis_settings=redis_settings(settings.redis_url),
        job_serializer=pack,
        job_deserializer=unpack,
        max_jobs=8,
        max_tries=1,
        retry_jobs=False,
        keep_result=0,
        job_timeout=timeout,
        job_completion_wait=int(timeout) - 10,
        poll_delay=0.2,
        timezone=UTC,
        handle_signals=True,
    )


def run(settings: Settings) -> None:
    """Run a worker until it is told to stop."""
    make_worker(settings).run()
