"""What tests of sending share: connected accounts, approved messages, a claim, and waiting for a condition."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message
from govern.services.accounts import find_account
from govern.services.answers import Result, settle_attempt
from govern.services.approvals import approve_message
from govern.services.grants import list_grants, revoke_role
from govern.services.media_uploads import MediaNeeded
from govern.services.message_views import load_message
from govern.services.passing import Passed
from govern.services.policies import Policies
from govern.services.readings import find_question
from govern.services.reconciling import keep_reading
from govern.services.sending import Claim, claim_next
from govern.settings import Settings
from govern.tables import AccountCredential, Attempt, Publication
from govern.xapi.credentials import Credentials
from govern.xapi.vault import Vault
from tests.factories import NOW, Company, make_company, make_message

KEYS = Credentials(api_key="key", api_secret="secret", access_token="1-token", access_token_secret="token-secret")
LATER = NOW + timedelta(seconds=30)
"""After the time an approver has to take an approval back."""


async def connect(
    account: Account, owner: asyncpg.Connection, vault: Vault, *, keys: Credentials = KEYS, x_user_id: str | None = None
) -> Account:
    """Give an account its keys, and its own id on X."""
    seal = partial(vault.seal, account_id=account.id, version=1)
    key_id, access_sealed = seal(keys.access_token, column="access_sealed")
    _, secret_sealed = seal(keys.access_token_secret, column="secret_sealed")
    row = AccountCredential(
        account=account.id, access_sealed=access_sealed, secret_sealed=secret_sealed, key_id=key_id, version=1
    )
    await AccountCredential.insert(row)
    if x_user_id:
        await owner.execute("UPDATE account SET x_user_id = $1 WHERE id = $2", int(x_user_id), account.id)
    return await find_account(account.handle)


class Desk:
    """One company at work: writes, approves, claims and settles with the policies as shipped."""

    def __init__(self, company: Company, access: Access, policies: Policies, vault: Vault, config: Settings) -> None:
        self.company = company
        self.access = access
        self.policies = policies
        self.vault = vault
        self.config = config

    async def write(
        self,
        text: str = "The workshop opens at ten on Saturday.",
        *,
        author: Actor | None = None,
        reason: str | None = None,
        now: datetime = NOW,
        **more: Any,
    ) -> Message:
        """Hand a message in; one that needs approval gets it."""
        message = await make_message(
            author or self.company.ana,
            access=self.access,
            policies=self.policies,
            text=text,
            now=now,
            **more,
        )
        if message.approvals_required:
            return await approve_message(
                message.id,
                revision=1,
                reason=reason,
                actor=self.company.mia,
                access=self.access,
                policies=self.policies,
                now=now,
            )
        return message

    async def write_dm(self, text: str = "Your parcel arrives today.", recipient: str = "marion") -> Message:
        return await self.write(text, author=self.company.leo, kind=Kind.DM, recipient=recipient)

    async def claim(
        self, *, account: Account | None = None, now: datetime = LATER
    ) -> Claim | Passed | MediaNeeded | None:
        return await claim_next(
            (account or self.company.help).id,
            worker="test:1",
            access=self.access,
            policies=self.policies,
            vault=self.vault,
            settings=self.config,
            now=now,
        )

    async def take(self, *, now: datetime = LATER) -> Claim:
        """Claim what must be there to claim."""
        claim = await self.claim(now=now)
        assert isinstance(claim, Claim), claim
        return claim

    async def settle(self, claim: Claim, result: Result, *, now: datetime = LATER) -> Message:
        return await settle_attempt(claim.attempt, result, now=now)

    async def state(self, message: Message) -> str:
        return (await load_message(message.id)).state.value


async def make_desk(owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    """Build the company, its accounts connected."""
    company, vault = await make_company(), Vault.from_settings(config)
    for account in (company.help, company.news):
        await connect(account, owner, vault)
    return Desk(company, access, policies, vault, config)


async def read_nothing(desk: Desk, attempt: UUID, *, now: datetime = LATER) -> None:
    """Read X about an attempt, and find nothing, before its first reading is due: so it counts for nothing. Once."""
    question = await find_question(attempt)
    if question is not None and not question.reads:
        await keep_reading(question, [], at=now, settings=desk.config, now=now)


async def publication_of(message: Message) -> dict[str, Any]:
    """Return the row of a message's publication."""
    return rows(await Publication.select().where(Publication.message == message.id))[0]


async def attempts() -> list[dict[str, Any]]:
    """Return every attempt, oldest first."""
    return rows(await Attempt.select().order_by(Attempt.started_at))


async def until(true: Callable[[], Awaitable[bool]], *, limit: float = 10) -> None:
    """Wait for a condition, not for a time."""
    async with asyncio.timeout(limit):
        while not await true():
            await asyncio.sleep(0.02)


async def until_waiting(owner: asyncpg.Connection, count: int) -> None:
    """Wait until so many connections wait for a lock."""

    async def waiting() -> bool:
        await owner.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction, later backends would not be seen
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        await owner.execute("SELECT pg_stat_clear_snapshot()")  # else a connection opened meanwhile is not in the list
        return int(await owner.fetchval(query)) >= count

    await until(waiting)


async def revoke(desk: Desk, name: str) -> None:
    """Take a person's role away."""
    as_admin: dict[str, Any] = {"actor": desk.company.ada, "access": desk.access, "now": LATER}
    (grant,) = await list_grants(email=f"{name}@example.com", **as_admin)
    await revoke_role(grant.id, reason="Changed teams", **as_admin)
