"""Renewing the tokens of an account: one call to X, whoever asks at the same time, and never two in a row."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import SidePool, rows, transaction
from govern.domain.members import Actor, Via, system_actor
from govern.services.credential_rows import CredentialRow, find_row, keep_renewed, lock_row
from govern.services.credentials import report_tokens_spent
from govern.tables import AccountCredential
from govern.xapi.oauth import OAuthApp, TokenPair, refresh
from govern.xapi.oauth_errors import TokenRefused
from govern.xapi.vault import Vault

RENEWER: Actor = system_actor("renew", via=Via.JOB)
POOL_SIZE = 2
LOCK_TIMEOUT = "19s"
"""Longer than X may take, twice; shorter than a statement may."""
_BATCH = 200
_DUE = """
SELECT account FROM account_credential
 WHERE kind = 'oauth2' AND state = 'active' AND (refresh_at <= {} OR refused_version = version)
 ORDER BY refresh_at LIMIT {}
"""


class Renewing(msgspec.Struct, frozen=True, kw_only=True):
    """What renewing needs: the X app, the sealing keys, and a pool apart, whose connections wait for X."""

    app: OAuthApp
    vault: Vault
    pool: SidePool


async def keep_fresh(account: UUID, *, renewing: Renewing, now: datetime) -> None:
    """See, before anything is claimed or read, that an account's token lives for 5 min more. Cheap when it does.

    Raises:
        OAuthError: X gave no token; the account says so by itself where only a person can mend it.
        MissingKey, BrokenSeal
    """
    row = await find_row(account)
    if row is not None and row.due(now, ahead=False):
        await refresh_credential(account, ahead=False, renewing=renewing, now=now)


async def list_renewals_due(*, now: datetime) -> list[UUID]:
    """Return the accounts whose tokens are to be renewed ahead of need, most urgent first."""
    return [row["account"] for row in rows(await AccountCredential.raw(_DUE, now, _BATCH))]


async def refresh_credential(account: UUID, *, ahead: bool, renewing: Renewing, now: datetime) -> bool:
    """Renew an account's tokens unless somebody just did; tell whether X was asked.

    The one call to X inside a transaction: the row stays locked while X answers, so that a refresh token, which X
    takes once, is never sent twice; and the new pair is committed before anybody uses it. It locks this row alone, on
    a pool of its own, so nothing else waits for X.

    Raises:
        TokenRefused: X takes neither this refresh token nor the one before; the account waits for a person.
        AppRefused, OAuthAway: nothing was changed; ask again later.
        MissingKey, BrokenSeal
    """
    row: CredentialRow | None = None
    try:
        with renewing.pool.used():
            async with transaction():
                row = await lock_row(account)
                if row is None or not row.due(now, ahead=ahead):
                    return False
                tokens, used = await _ask(row, renewing)
                await keep_renewed(row, tokens, used=used, vault=renewing.vault, now=now)
    except TokenRefused:
        if row is not None:
            await report_tokens_spent(account, version=row.version, actor=RENEWER, now=now)
        raise
    return True


async def _ask(row: CredentialRow, renewing: Renewing) -> tuple[TokenPair, str]:
    """Ask with the newest refresh token, then with the one before it, if it is still kept; return which one worked."""
    newest = row.open("refresh_sealed", renewing.vault) or ""
    before = row.open("previous_refresh_sealed", renewing.vault)
    try:
        return await refresh(renewing.app, newest), newest
    except TokenRefused:
        if before is None:
            raise
        return await refresh(renewing.app, before), before
