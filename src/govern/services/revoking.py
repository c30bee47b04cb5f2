"""Ended connections: X is told to forget the tokens, until it has confirmed that."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows
from govern.services.credential_rows import find_row
from govern.tables import AccountCredential
from govern.xapi.vault import Vault

_WAITING = """
SELECT account FROM account_credential
 WHERE kind = 'oauth2' AND state = 'revoked' AND revoked_at IS NULL ORDER BY account LIMIT 200
"""
_DONE = """
UPDATE account_credential SET revoked_at = {}
 WHERE account = {} AND version = {} AND state = 'revoked' AND revoked_at IS NULL
"""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens that X should forget: the kind and the text of each. No repr shows them."""

    account: UUID
    version: int
    tokens: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"Ended(account={self.account}, tokens='***')"


async def list_revocations_due() -> list[UUID]:
    """Return the accounts that were disconnected here and whose tokens X has not confirmed to have forgotten."""
    return [row["account"] for row in rows(await AccountCredential.raw(_WAITING))]


async def open_ended(account: UUID, *, vault: Vault) -> Ended | None:
    """Open the tokens of an ended connection; None if there is nothing left to tell X.

    Raises:
        MissingKey, BrokenSeal
    """
    row = await find_row(account)
    if row is None or row.kind != "oauth2" or row.state != "revoked" or row.revoked_at is not None:
        return None
    opened = [("refresh_token", row.open("refresh_sealed", vault)), ("access_token", row.open("access_sealed", vault))]
    tokens = tuple((kind, token) for kind, token in opened if token)
    return Ended(account=account, version=row.version, tokens=tokens)


async def confirm_revoked(ended: Ended, *, now: datetime) -> None:
    """X forgot these tokens. Nothing to do if the account was connected anew meanwhile."""
    await AccountCredential.raw(_DONE, now, ended.account, ended.version)
