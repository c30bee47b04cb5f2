"""The keys of an account: opening them for the worker, and what it means when X does not take them any more."""

from datetime import datetime
from uuid import UUID

from govern.database import rows
from govern.domain.accounts import AccountState
from govern.domain.audit import AccountDisconnected, Change, ObjectRef
from govern.domain.members import Actor
from govern.services import audit
from govern.services.use_case import use_case
from govern.settings import Settings
from govern.tables import Account as AccountTable
from govern.tables import AccountCredential
from govern.xapi.credentials import Credentials
from govern.xapi.vault import Vault

_LOST = "X did not accept these credentials any more."


async def load_credentials(account: UUID, *, vault: Vault, settings: Settings) -> Credentials | None:
    """Open an account's keys; None if it has none that work. Only the worker holds the sealing keys.

    Raises:
        MissingKey, BrokenSeal: the row cannot be opened; the message names the key id.
    """
    row = (
        await AccountCredential.select(
            AccountCredential.access_sealed,
            AccountCredential.secret_sealed,
            AccountCredential.key_id,
            AccountCredential.version,
        )
        .where((AccountCredential.account == account) & (AccountCredential.state == "active"))
        .first()
    )
    if row is None:
        return None
    place = {"account_id": account, "key_id": row["key_id"], "version": row["version"]}
    return Credentials(
        api_key=settings.x_api_key,
        api_secret=settings.x_api_secret,
        access_token=vault.open(row["access_sealed"], column="access_sealed", **place),
        access_token_secret=vault.open(row["secret_sealed"], column="secret_sealed", **place),
    )


async def report_auth_lost(account: UUID, *, actor: Actor, now: datetime) -> None:
    """Say that X refused an account's keys: nothing is read or sent until somebody connects it again."""
    async with use_case(actor=actor, now=now):
        await mark_auth_lost(account, actor=actor, now=now)


async def mark_auth_lost(account: UUID, *, actor: Actor, now: datetime) -> None:
    """Do so in the caller's transaction; once is enough."""
    marked = rows(
        await AccountTable.update({AccountTable.state: AccountState.NEEDS_REAUTH.value})
        .where((AccountTable.id == account) & (AccountTable.state == AccountState.CONNECTED.value))
        .returning(AccountTable.scope)
    )
    if not marked:
        return
    await AccountCredential.update({AccountCredential.state: "needs_reauth", AccountCredential.reason: _LOST}).where(
        (AccountCredential.account == account) & (AccountCredential.state == "active")
    )
    await audit.record(
        AccountDisconnected(reason="auth_lost"),
        actor=actor,
        now=now,
        object=ObjectRef(kind="account", id=account),
        scope=marked[0]["scope"],
        change={"state": Change(before=AccountState.CONNECTED.value, after=AccountState.NEEDS_REAUTH.value)},
    )
