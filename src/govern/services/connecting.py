"""Giving an account the keys of X, sealed, and taking them away."""

from datetime import datetime
from typing import Any
from uuid import UUID

from govern.access import Access
from govern.domain.accounts import (
    Account,
    AccountState,
    WrongXUser,
)
from govern.domain.actions import Action
from govern.domain.audit import (
    AccountConnected,
    AccountDisconnected,
    Change,
    ObjectRef,
)
from govern.domain.members import Actor
from govern.services import audit
from govern.services.accounts import find_account, lock_account, require_on
from govern.services.use_case import use_case
from govern.tables import Account as AccountTable
from govern.tables import AccountCredential
from govern.xapi.client import XUser
from govern.xapi.credentials import Credentials
from govern.xapi.vault import Vault


async def connect_account(
    handle: str,
    *,
    credentials: Credentials,
    vault: Vault,
    x_user: XUser,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Account:
    """Keep an account's OAuth 1.0a keys, sealed. `x_user` is who X said these keys belong to.

    Raises:
        WrongXUser: the keys belong to another X user; nothing is kept.
    """
    async with use_case(actor=actor, now=now):
        account = await lock_account(handle)
        decision = await require_on(account, Action.ACCOUNT_CONNECT, called=handle, actor=actor, access=access)
        known = account.x_user_id
        if x_user.handle.lower() != account.handle.lower() or (known is not None and known != x_user.x_id):
            raise WrongXUser(actual=x_user.handle, expected=account.handle)
        await _keep(account.id, credentials, vault)
        await AccountTable.update(
            {AccountTable.state: AccountState.CONNECTED.value, AccountTable.x_user_id: int(x_user.x_id)}
        ).where(AccountTable.id == account.id)
        await audit.record(
            AccountConnected(x_user_id=x_user.x_id),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=account.id),
            scope=account.scope,
            change={"state": Change(before=account.state.value, after=AccountState.CONNECTED.value)},
            decision=decision,
        )
        return await find_account(handle)


async def disconnect_account(handle: str, *, reason: str, actor: Actor, access: Access, now: datetime) -> Account:
    """Stop acting as an account: its keys are marked revoked and nothing goes out until it is connected again."""
    async with use_case(actor=actor, now=now):
        account = await lock_account(handle)
        decision = await require_on(account, Action.ACCOUNT_DISCONNECT, called=handle, actor=actor, access=access)
        await AccountCredential.update(
            {AccountCredential.state: "revoked", AccountCredential.reason: reason.strip()[:500]}
        ).where(AccountCredential.account == account.id)
        await AccountTable.update({AccountTable.state: AccountState.DISCONNECTED.value}).where(
            AccountTable.id == account.id
        )
        await audit.record(
            AccountDisconnected(reason="by_member"),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=account.id),
            scope=account.scope,
            change={"state": Change(before=account.state.value, after=AccountState.DISCONNECTED.value)},
            decision=decision,
        )
        return await find_account(handle)


async def _keep(account: UUID, credentials: Credentials, vault: Vault) -> None:
    owned = AccountCredential.account == account
    row = await AccountCredential.select(AccountCredential.version).where(owned).first()
    version = int(row["version"]) + 1 if row else 1
    key_id, access_sealed = vault.seal(
        credentials.access_token, account_id=account, column="access_sealed", version=version
    )
    _, secret_sealed = vault.seal(
        credentials.access_token_secret, account_id=account, column="secret_sealed", version=version
    )
    values: dict[Any, Any] = {
        "kind": "oauth1",
        "state": "active",
        "reason": None,
        "access_sealed": access_sealed,
        "secret_sealed": secret_sealed,
        "key_id": key_id,
        "version": version,
    }
    if row:
        await AccountCredential.update(values).where(owned)
    else:
        await AccountCredential.insert(AccountCredential(account=account, **values))
