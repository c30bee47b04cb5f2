"""Composition root of the worker: arq wakes it, PostgreSQL tells it what to do."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from arq import cron
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.exceptions import RedisError

from govern import database, log
from govern.access import Access, load_bundle
from govern.domain.accounts import Account
from govern.jobs.connect import connect
from govern.jobs.declared import check_declared
from govern.jobs.export import TIMEOUT, wake_exports
from govern.jobs.export import export as make_export
from govern.jobs.ingest import ingest
from govern.jobs.publish import publish
from govern.jobs.renew import EVERY as RENEW_EVERY
from govern.jobs.renew import before_use, renew
from govern.jobs.rescreen import rescreen
from govern.jobs.revoke import revoke
from govern.jobs.rounds import Rounds, every
from govern.jobs.sweep import sweep
from govern.jobs.tidy import tidy
from govern.jobs.verify import QUARTERS, verify
from govern.jobs.verify import TIMEOUT as VERIFY_TIMEOUT
from govern.services import outbox
from govern.services.access_listener import follow_access
from govern.services.accounts import list_connected
from govern.services.audit.wrapping import Keks
from govern.services.credentials import confirm_credential, load_credentials
from govern.services.grant_source import PostgresGrants
from govern.services.health import wait_for
from govern.services.policies import load_policies
from govern.services.refreshing import LOCK_TIMEOUT, Renewing
from govern.services.refreshing import POOL_SIZE as RENEWALS
from govern.services.rights import refuse_blind_worker, refuse_strong_role
from govern.services.sending import Claim
from govern.settings import Settings, SettingsError
from govern.xapi.credentials import Keys
from govern.xapi.oauth import OAuthApp
from govern.xapi.session import parse_address
from govern.xapi.tweepy_client import TweepyClient
from govern.xapi.vault import Vault

logger = log.get(__name__)
MAX_JOBS = 8
RESCREEN_EVERY = timedelta(minutes=1)
POOL_SIZE = MAX_JOBS + 4  # the jobs, and the worker's own rounds


def clock() -> datetime:
    """Return the time; the worker is an entry point, so it may read the clock."""
    return datetime.now(UTC)


class Jobs:
    """What the worker does, with all it needs, made once at its start. `side` is where renewals wait for X.

    Raises:
        SettingsError, PolicyFault: the environment or a policy file is not fit to start with.
    """

    def __init__(self, settings: Settings, side: database.SidePool | None = None) -> None:
        try:
            parse_address(settings.x_base_url)
        except ValueError as error:
            raise SettingsError([str(error)]) from error
        self.settings = settings
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.access = Access(load_bundle(settings.policies / "access"), PostgresGrants())
        self.policies = load_policies(settings.policies)
        self.vault = Vault.from_settings(settings)
        self.app = OAuthApp.from_settings(settings)
        self.renewing = Renewing(app=self.app, vault=self.vault, pool=side or database.SidePool())
        Keks.from_settings(settings)  # unfit keys end the start, not the first entry that has a comment

    async def publish(self, ctx: dict[str, Any], account: str) -> None:
        """Send an account's next, then hand on the wake-up of the one after it."""
        structlog.contextvars.bind_contextvars(job=ctx["job_id"])
        try:
            await before_use(UUID(account), renewing=self.renewing, clock=clock)
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
            await outbox.push_due(ctx["redis"], now=clock())
        except database.AWAY as error:  # a sweep wakes it again
            logger.warning("worker.database_away", error=type(error).__name__)

    async def connect(self, ctx: dict[str, Any], pending: str) -> None:
        """Exchange the code somebody came back with from X."""
        structlog.contextvars.bind_contextvars(job=ctx["job_id"])
        x = self.settings.x_base_url
        await connect(pending, app=self.app, base_url=x, vault=self.vault, access=self.access, clock=clock)

    async def revoke(self, ctx: dict[str, Any], account: str) -> None:
        """Let X forget the tokens of a connection that was ended."""
        structlog.contextvars.bind_contextvars(job=ctx["job_id"])
        await revoke(account, renewing=self.renewing, clock=clock)

    async def renew(self) -> None:
        """Keep tokens alive ahead of need."""
        if renewed := await renew(renewing=self.renewing, clock=clock):
            logger.info("account.tokens_renewed", accounts=renewed)

    async def export(self, ctx: dict[str, Any], export: str) -> None:
        """Make the file of an export of the log."""
        structlog.contextvars.bind_contextvars(job=ctx["job_id"])
        await make_export(export, access=self.access, clock=clock)

    async def tidy(self, _ctx: dict[str, Any]) -> None:
        """Delete spent wake-ups."""
        await tidy(now=clock())

    async def verify(self, ctx: dict[str, Any]) -> None:
        """Verify the audit log if it is time."""
        structlog.contextvars.bind_contextvars(job=ctx["job_id"])
        await verify(settings=self.settings, clock=clock)

    async def sweep(self, redis: ArqRedis) -> None:
        await sweep(redis, now=clock())
        await wake_exports(redis, now=clock())

    async def rescreen(self) -> None:
        """Screen anew what waits, where the policy is another one."""
        await rescreen(policies=self.policies, clock=clock)

    async def ingest_all(self) -> None:
        """Poll every connected account, one after the other; a fault of one is no fault of the next."""
        for account in await list_connected():
            try:
                await self._ingest(account)
            except database.AWAY:
                raise
            except Exception:
                logger.exception("worker.ingest_failed", account=account.handle)

    async def _ingest(self, account: Account) -> None:
        await before_use(account.id, renewing=self.renewing, clock=clock)
        keys = await load_credentials(account.id, vault=self.vault, settings=self.settings)
        if keys is None:
            return
        client = self._client(keys, account.x_user_id)
        await ingest(account, client, policies=self.policies, clock=clock)
        if client.accepted:
            await confirm_credential(account.id, keys, now=clock())

    def _connect(self, claim: Claim) -> TweepyClient:
        return self._client(claim.credentials, claim.x_user_id)

    def _client(self, keys: Keys, x_id: str | None) -> TweepyClient:
        return TweepyClient(keys, base_url=self.settings.x_base_url, timeout=self.settings.send_timeout, x_id=x_id)


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
            func(_plain(jobs.connect), name="connect"),
            func(_plain(jobs.revoke), name="revoke"),
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
        "ingest": (settings.poll_every, jobs.ingest_all),
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
