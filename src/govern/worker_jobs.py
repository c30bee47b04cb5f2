"""What the worker does: each job with what it needs, made once at the worker's start."""

import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from arq.connections import ArqRedis

from govern import database, log
from govern.access import Access, load_bundle
from govern.domain.accounts import Account
from govern.jobs.connect import connect
from govern.jobs.deliver import deliver, deliver_left
from govern.jobs.export import export as make_export
from govern.jobs.export import wake_exports
from govern.jobs.ingest import ingest
from govern.jobs.publish import publish
from govern.jobs.recheck import recheck
from govern.jobs.reconcile import reconcile
from govern.jobs.renew import before_use, renew
from govern.jobs.rescreen import rescreen
from govern.jobs.revoke import revoke
from govern.jobs.subscribe import subscribe
from govern.jobs.sweep import sweep
from govern.jobs.tidy import tidy
from govern.jobs.verify import verify
from govern.services import outbox
from govern.services.accounts import list_connected
from govern.services.audit.wrapping import Keks
from govern.services.credentials import confirm_credential, load_credentials
from govern.services.grant_source import PostgresGrants
from govern.services.media_uploads import MediaNeeded
from govern.services.policies import load_policies
from govern.services.readings import Question
from govern.services.refreshing import Renewing
from govern.services.sending import Claim
from govern.services.spending import is_poll_due, record_reads
from govern.services.subscriptions import Wanted, subscriptions_due, webhook_address
from govern.settings import Settings, SettingsError
from govern.xapi.activity import ActivityClient
from govern.xapi.credentials import BearerToken, Keys
from govern.xapi.oauth import OAuthApp, app_token
from govern.xapi.session import parse_address
from govern.xapi.tweepy_client import TweepyClient
from govern.xapi.vault import BrokenSeal, MissingKey, Vault

logger = log.get(__name__)


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

    async def reconcile(self, ctx: dict[str, Any], attempt: str) -> None:
        """Read X to learn what became of an attempt."""
        structlog.contextvars.bind_contextvars(job=ctx["job_id"])
        readers: list[tuple[UUID, TweepyClient]] = []
        try:
            connect = partial(self._reader, readers=readers)
            await reconcile(UUID(attempt), connect=connect, settings=self.settings, clock=clock)
            for account, client in readers:
                await self._count_reads(account, client)
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
        await sweep(redis, reads=self.settings.reconcile_reads, now=clock())
        await wake_exports(redis, now=clock())

    async def rescreen(self) -> None:
        """Screen anew what waits, where the policy is another one."""
        await rescreen(policies=self.policies, clock=clock)

    async def deliver(self, ctx: dict[str, Any], delivery: str) -> None:
        """Read what X sent to our webhook."""
        structlog.contextvars.bind_contextvars(job=ctx["job_id"])
        await deliver(UUID(delivery), policies=self.policies, clock=clock)

    async def deliver_left(self) -> None:
        """Read what nobody was woken for."""
        await deliver_left(policies=self.policies, clock=clock)

    async def subscribe(self) -> None:
        """Have X send us what is written to our accounts, if there is an address for it."""
        told = self.settings
        if not told.x_webhook_url or not await subscriptions_due(now=clock()):
            return
        token = await app_token(self.app, api_key=told.x_api_key, api_secret=told.x_api_secret)
        live = await subscribe(
            webhook_address(told), self._activity(BearerToken(access_token=token)), self._activity_of, clock=clock
        )
        logger.info("webhook.compared", accounts=live)

    async def ingest_all(self) -> None:
        """Poll what is due of every connected account."""
        await self._each_account("ingest", self._ingest)

    async def recheck_all(self) -> None:
        """Ask X about posts we keep, for every connected account."""
        await self._each_account("recheck", self._recheck)

    async def _each_account(self, doing: str, act: Callable[[Account, TweepyClient], Awaitable[object]]) -> None:
        """Act for each account, one after the other; a fault of one is no fault of the next."""
        for account in await list_connected():
            try:
                await self._for(account, act)
            except database.AWAY:
                raise
            except Exception:
                logger.exception("worker.account_failed", doing=doing, account=account.handle)

    async def _for(self, account: Account, act: Callable[[Account, TweepyClient], Awaitable[object]]) -> None:
        await before_use(account.id, renewing=self.renewing, clock=clock)
        keys = await load_credentials(account.id, vault=self.vault, settings=self.settings)
        if keys is None:
            return
        client = self._client(keys, account.x_user_id)
        try:
            await act(account, client)
        finally:
            await self._count_reads(account.id, client)
        if client.accepted:
            await confirm_credential(account.id, keys, now=clock())

    async def _ingest(self, account: Account, client: TweepyClient) -> None:
        if await is_poll_due(account.id, rules=self.policies.screening.x, now=clock()):
            await ingest(account, client, policies=self.policies, clock=clock, every=self.settings.poll_every)

    async def _recheck(self, account: Account, client: TweepyClient) -> None:
        await recheck(account, client, clock=clock)

    async def _activity_of(self, account: Wanted) -> ActivityClient | None:
        await before_use(account.id, renewing=self.renewing, clock=clock)
        keys = await load_credentials(account.id, vault=self.vault, settings=self.settings)
        return self._activity(keys) if keys is not None else None

    def _activity(self, keys: Keys) -> ActivityClient:
        return ActivityClient(keys, base_url=self.settings.x_base_url, timeout=self.settings.send_timeout)

    async def _count_reads(self, account: UUID, client: TweepyClient) -> None:
        """Write down what reading for an account cost."""
        await record_reads(account, client.take_reads(), prices=self.policies.screening.x.prices, now=clock())

    async def _reader(self, question: Question, readers: list[tuple[UUID, TweepyClient]]) -> TweepyClient | None:
        """Return what reads as the account, and put it among the readers; None if it has no keys, or none that open."""
        account = question.account
        await before_use(account.id, renewing=self.renewing, clock=clock)
        try:
            keys = await load_credentials(account.id, vault=self.vault, settings=self.settings)
        except (MissingKey, BrokenSeal) as error:
            logger.warning("account.keys_closed", account=account.handle, reason=error.code)
            return None
        if keys is None:
            return None
        readers.append((account.id, self._client(keys, account.x_user_id)))
        return readers[-1][1]

    def _connect(self, claim: Claim | MediaNeeded) -> TweepyClient:
        return self._client(claim.credentials, claim.x_user_id)

    def _client(self, keys: Keys, x_id: str | None) -> TweepyClient:
        return TweepyClient(keys, base_url=self.settings.x_base_url, timeout=self.settings.send_timeout, x_id=x_id)
