"""What tests of token custody share: an account with OAuth 2 tokens, and what renewing them needs."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg

from govern.database import SidePool, transaction
from govern.domain.accounts import Account
from govern.services.credential_rows import CredentialRow, find_row, keep_tokens
from govern.services.refreshing import Renewing
from govern.settings import Settings
from govern.xapi.oauth import OAuthApp, TokenPair
from govern.xapi.vault import Vault
from tests.factories import NOW

FIRST = TokenPair(access_token="a1", refresh_token="r1", scopes=("tweet.read",), life=timedelta(hours=2))
OVER = NOW + timedelta(hours=3)
"""After the life of the first tokens."""


async def give_tokens(account: Account, config: Settings, *, tokens: TokenPair = FIRST, now: datetime = NOW) -> None:
    """Keep tokens for an account, as connecting it does."""
    async with transaction():
        await keep_tokens(account.id, tokens, vault=Vault.from_settings(config), now=now)


def renewing_with(app: OAuthApp, config: Settings) -> Renewing:
    return Renewing(app=app, vault=Vault.from_settings(config), pool=SidePool())


async def row_of(account: Account) -> CredentialRow:
    row = await find_row(account.id)
    assert row is not None
    return row


async def opened(account: Account, config: Settings) -> dict[str, str | None]:
    """Return what an account's row holds, opened."""
    row, vault = await row_of(account), Vault.from_settings(config)
    return {
        "access": row.open("access_sealed", vault),
        "refresh": row.open("refresh_sealed", vault),
        "previous": row.open("previous_refresh_sealed", vault),
    }


async def told(owner: asyncpg.Connection, account: Account) -> dict[str, Any]:
    """Return what of an account's keys is not sealed, and the account's own state."""
    row = await owner.fetchrow(
        "SELECT c.state, c.reason, c.version, c.refused_version, c.expires_at, c.refresh_at, c.revoked_at, c.key_id,"
        " c.kind, c.scopes, a.state AS account FROM account_credential c JOIN account a ON a.id = c.account"
        " WHERE c.account = $1",
        account.id,
    )
    assert row is not None
    return dict(row)
