"""The row that holds an account's keys: reading it, opening it, and writing new keys into it, sealed."""

from datetime import datetime
from secrets import SystemRandom
from typing import Any, Literal
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.credentials import LEAST_LIFE, renewal_time
from govern.tables import AccountCredential
from govern.xapi.credentials import Credentials
from govern.xapi.oauth import TokenPair
from govern.xapi.vault import Vault

Column = Literal["access_sealed", "secret_sealed", "refresh_sealed", "previous_refresh_sealed"]
COLUMNS: tuple[Column, ...] = ("access_sealed", "secret_sealed", "refresh_sealed", "previous_refresh_sealed")

_ROW = """
SELECT account, kind, state, access_sealed, secret_sealed, refresh_sealed, previous_refresh_sealed, key_id, version,
       scopes, expires_at, refresh_at, refused_version, revoked_at
  FROM account_credential WHERE account = {}
"""
_LOCKED = _ROW + " FOR UPDATE"


class CredentialRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account's keys as they are kept. No repr shows the sealed bytes."""

    account: UUID
    kind: str
    state: str
    access_sealed: bytes
    secret_sealed: bytes | None
    refresh_sealed: bytes | None
    previous_refresh_sealed: bytes | None
    key_id: str
    version: int
    scopes: tuple[str, ...]
    expires_at: datetime | None
    refresh_at: datetime | None
    refused_version: int | None
    revoked_at: datetime | None

    @property
    def renewable(self) -> bool:
        """Whether X can be asked for new tokens in place of these."""
        return self.kind == "oauth2" and self.state == "active" and self.refresh_sealed is not None

    @property
    def unproven(self) -> bool:
        """Whether X has yet to accept these tokens, or refused some of late."""
        return self.previous_refresh_sealed is not None or self.refused_version is not None

    def due(self, now: datetime, *, ahead: bool) -> bool:
        """Tell whether to renew: X refused it, under 5 min are left, or, `ahead` of need, its time has come."""
        if not self.renewable or self.expires_at is None:
            return False
        needed = self.refused_version == self.version or self.expires_at - now < LEAST_LIFE
        return needed or (ahead and self.refresh_at is not None and self.refresh_at <= now)

    def open(self, column: Column, vault: Vault) -> str | None:
        """Return what a column holds; None if nothing.

        Raises:
            MissingKey, BrokenSeal
        """
        sealed = getattr(self, column)
        if sealed is None:
            return None
        return vault.open(sealed, account_id=self.account, column=column, key_id=self.key_id, version=self.version)

    def __repr__(self) -> str:
        return f"CredentialRow(account={self.account}, kind={self.kind!r}, version={self.version}, sealed='***')"


async def find_row(account: UUID) -> CredentialRow | None:
    """Return an account's keys, sealed. For the worker: no other login may read them."""
    return _row(rows(await AccountCredential.raw(_ROW, account)))


async def lock_row(account: UUID) -> CredentialRow | None:
    """Lock this row, and no other, until the end of the transaction."""
    return _row(rows(await AccountCredential.raw(_LOCKED, account)))


async def keep_oauth1(account: UUID, keys: Credentials, *, vault: Vault, now: datetime) -> None:
    """Keep OAuth 1.0a keys in place of whatever was there, in the caller's transaction."""
    secrets: dict[Column, str | None] = {
        "access_sealed": keys.access_token,
        "secret_sealed": keys.access_token_secret,
    }
    about: dict[str, Any] = {
        "kind": "oauth1",
        "scopes": [],
        "expires_at": None,
        "refresh_at": None,
        "refused_version": None,
    }
    await _keep(account, secrets, about, vault=vault, now=now)


async def keep_tokens(account: UUID, tokens: TokenPair, *, vault: Vault, now: datetime) -> None:
    """Keep the tokens of a new connection in place of whatever was there, in the caller's transaction."""
    await _keep_pair(account, tokens, previous=None, vault=vault, now=now, refused_version=None)


async def keep_renewed(row: CredentialRow, tokens: TokenPair, *, used: str, vault: Vault, now: datetime) -> None:
    """Keep renewed tokens, in the caller's transaction. `used` is the refresh token they came for.

    It stays until X accepted the new access token; where X gave no new one, it goes on being the one.
    """
    kept = tokens if tokens.refresh_token else msgspec.structs.replace(tokens, refresh_token=used)
    if not kept.scopes:
        kept = msgspec.structs.replace(kept, scopes=row.scopes)
    previous = used if tokens.refresh_token else None
    await _keep_pair(row.account, kept, previous=previous, vault=vault, now=now, refused_version=row.refused_version)


async def _keep_pair(
    account: UUID, tokens: TokenPair, *, previous: str | None, vault: Vault, now: datetime, refused_version: int | None
) -> None:
    secrets: dict[Column, str | None] = {
        "access_sealed": tokens.access_token,
        "refresh_sealed": tokens.refresh_token,
        "previous_refresh_sealed": previous,
    }
    about: dict[str, Any] = {
        "kind": "oauth2",
        "scopes": list(tokens.scopes),
        "expires_at": now + tokens.life,
        "refresh_at": renewal_time(now, tokens.life, spread=SystemRandom().random()),
        "refused_version": refused_version,
    }
    await _keep(account, secrets, about, vault=vault, now=now)


async def _keep(
    account: UUID, secrets: dict[Column, str | None], about: dict[str, Any], *, vault: Vault, now: datetime
) -> None:
    """Write one new version of the row: every column of it is sealed for that version."""
    before = await lock_row(account)
    version = before.version + 1 if before else 1
    key_id, sealed = seal_all(account, secrets, version=version, vault=vault)
    values: dict[Any, Any] = {
        **about,
        **sealed,
        "state": "active",
        "reason": None,
        "key_id": key_id,
        "version": version,
        "renewed_at": now,
        "revoked_at": None,
    }
    if before:
        await AccountCredential.update(values).where(AccountCredential.account == account)
    else:
        await AccountCredential.insert(AccountCredential(account=account, **values))


def seal_all(
    account: UUID, secrets: dict[Column, str | None], *, version: int, vault: Vault
) -> tuple[str, dict[Column, bytes | None]]:
    """Seal each secret for its column and this version; return the id of the key, and every sealed column."""
    found: dict[Column, bytes | None] = dict.fromkeys(COLUMNS)
    for column, secret in secrets.items():
        if secret is not None:
            _, found[column] = vault.seal(secret, account_id=account, column=column, version=version)
    return vault.first, found


def _row(found: list[dict[str, Any]]) -> CredentialRow | None:
    return msgspec.convert(found[0], CredentialRow) if found else None
