"""Giving an account the keys of X, sealed, and taking them away."""

from datetime import datetime

from govern.access import Access
from govern.domain.accounts import (
    Account,
    AccountState,
    WrongXUser,
)
from govern.domain.actions import Action, Decision
from govern.domain.audit import (
    AccountConnected,
    AccountDisconnected,
    Change,
    ObjectRef,
)
from govern.domain.members import Actor
from govern.services import audit, outbox
from govern.services.accounts import find_account, lock_account, require_on
from govern.services.credential_rows import keep_oauth1
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
        check_x_user(account, x_user)
        await keep_oauth1(account.id, credentials, vault=vault, now=now)
        entry = AccountConnected(x_user_id=x_user.x_id, method="oauth1")
        await mark_connected(account, entry, decision=decision, actor=actor, now=now)
        return await find_account(handle)


def check_x_user(account: Account, x_user: XUser) -> None:
    """See that keys speak for this account: its id on X once that is known, and its handle.

    Raises:
        WrongXUser
    """
    known = account.x_user_id
    if x_user.handle.lower() != account.handle.lower() or (known is not None and known != x_user.x_id):
        raise WrongXUser(actual=x_user.handle, expected=account.handle)


async def mark_connected(
    account: Account, entry: AccountConnected, *, decision: Decision, actor: Actor, now: datetime
) -> None:
    """Let an account send from now on, in the caller's transaction, which kept its keys."""
    await AccountTable.update(
        {AccountTable.state: AccountState.CONNECTED.value, AccountTable.x_user_id: int(entry.x_user_id)}
    ).where(AccountTable.id == account.id)
    await audit.record(
        entry,
        actor=actor,
        now=now,
        object=ObjectRef(kind="account", id=account.id),
        scope=account.scope,
        change={"state": Change(before=account.state.value, after=AccountState.CONNECTED.value)},
        decision=decision,
    )


async def disconnect_account(handle: str, *, reason: str, actor: Actor, access: Access, now: datetime) -> Account:
    """Stop acting as an account: its keys are marked revoked and nothing goes out until it is connected again.

    The worker, who alone can open them, then tells X to forget them.
    """
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
        await outbox.enqueue("revoke", now=now, account=str(account.id))
        return await find_account(handle)
