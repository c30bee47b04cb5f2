"""Brands and accounts: adding, describing, connecting and disconnecting them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import (
    COMPANY,
    LANGUAGES,
    SLUG,
    Account,
    AccountExists,
    AccountKind,
    AccountState,
    Objective,
    WrongXUser,
    account_scope,
    brand_scope,
    parse_handle,
)
from govern.domain.actions import Action, Target
from govern.domain.audit import (
    AccountConnected,
    AccountCreated,
    AccountDisconnected,
    AccountEdited,
    BrandCreated,
    Change,
    ObjectRef,
)
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import ChangedMeanwhile
from govern.errors import N_, Conflict, Denied, Invalid, NotFound
from govern.services import audit
from govern.services.members import check_zone
from govern.services.use_case import use_case
from govern.tables import Account as AccountTable
from govern.tables import AccountCredential, Scope
from govern.tables import Brand as BrandTable
from govern.xapi.client import XUser
from govern.xapi.credentials import Credentials
from govern.xapi.vault import Vault

_VIEW = """
SELECT a.id, a.handle, a.name, b.slug AS brand, b.id AS brand_id, b.name AS brand_name, a.scope, a.kind, a.topic,
       a.objectives, a.zone, a.language, a.colour, a.state, a.x_user_id::text AS x_user_id, a.length_limit,
       a.undo_window_seconds, a.version
  FROM account a JOIN brand b ON b.id = a.brand
"""
_ALL = _VIEW + " WHERE a.scope = ANY({}) ORDER BY b.name, a.handle"
_BY_HANDLE = _VIEW + " WHERE lower(a.handle) = lower({})"
_CONNECTED = _VIEW + " WHERE a.state = 'connected' ORDER BY a.handle"
_LOCK = "SELECT id FROM account WHERE lower(handle) = lower({}) FOR NO KEY UPDATE"


class UnknownAccount(NotFound):
    code = "account.unknown"
    template = N_("There is no account @{name}.")


class UnknownBrand(NotFound):
    code = "brand.unknown"
    template = N_("There is no brand {name}.")


class BrandExists(Conflict):
    code = "brand.exists"
    template = N_("There is already a brand {slug}.")


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """A group of accounts."""

    id: UUID
    slug: str
    name: str
    scope: str


async def list_accounts(*, actor: Actor, access: Access) -> list[Account]:
    """Return the accounts whose messages the actor may read, by brand."""
    scopes = await access.where_can(actor, Action.MESSAGE_READ)
    return [_account(row) for row in rows(await AccountTable.raw(_ALL, sorted(scopes)))]


async def get_account(handle: str, *, actor: Actor, access: Access, now: datetime) -> Account:
    """Return one account.

    Raises:
        UnknownAccount: there is none, or the actor may not read it; the two answers are the same.
    """
    account = await find_account(handle)
    try:
        async with use_case(actor=actor, now=now):
            await access.require(actor, Action.MESSAGE_READ, Target(scope=account.scope))
    except Denied as denied:
        raise UnknownAccount(name=parse_handle(handle), field="account") from denied
    return account


async def find_account(handle: str) -> Account:
    """Return an account by its handle, without asking who wants to know; for the services themselves.

    Raises:
        UnknownAccount
    """
    found = rows(await AccountTable.raw(_BY_HANDLE, parse_handle(handle)))
    if not found:
        raise UnknownAccount(name=parse_handle(handle), field="account")
    return _account(found[0])


async def list_connected() -> list[Account]:
    """Return the accounts that can be read and written on X; for the worker."""
    return [_account(row) for row in rows(await AccountTable.raw(_CONNECTED))]


async def list_brands(*, actor: Actor, access: Access) -> list[Brand]:
    """Return the brands in which the actor may read an account, or which the actor may edit."""
    seen = await access.where_can(actor, Action.MESSAGE_READ) | await access.where_can(actor, Action.BRAND_EDIT)
    found = await BrandTable.select(BrandTable.id, BrandTable.slug, BrandTable.name, BrandTable.scope).order_by(
        BrandTable.name
    )
    parents = {row["parent"] for row in rows(await Scope.select(Scope.key, Scope.parent)) if row["key"] in seen}
    return [msgspec.convert(row, Brand) for row in rows(found) if row["scope"] in seen | parents]


async def create_brand(*, slug: str, name: str, actor: Actor, access: Access, now: datetime) -> Brand:
    """Add a brand and its scope."""
    if not SLUG.fullmatch(slug):
        raise Invalid(reason="A brand's short name has a to z, 0 to 9 and -, at most 39.", field="slug")
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(reason="A name has 1 to 80 characters.", field="name")
    async with use_case(actor=actor, now=now):
        decision = await access.require(actor, Action.BRAND_EDIT, Target(scope=COMPANY))
        if await BrandTable.exists().where(BrandTable.slug == slug):
            raise BrandExists(slug=slug, field="slug")
        row = BrandTable(id=uuid7(now), slug=slug, name=name.strip(), scope=brand_scope(slug), created_at=now)
        await Scope.insert(Scope(key=brand_scope(slug), kind="brand", parent=COMPANY))
        await BrandTable.insert(row)
        await audit.record(
            BrandCreated(slug=slug, name=name.strip()),
            actor=actor,
            now=now,
            object=ObjectRef(kind="brand", id=row.id),
            scope=brand_scope(slug),
            decision=decision,
        )
        return Brand(id=row.id, slug=slug, name=name.strip(), scope=brand_scope(slug))


async def create_account(
    *,
    handle: str,
    name: str,
    brand: str,
    kind: AccountKind = AccountKind.BRAND,
    topic: str = "",
    objectives: Sequence[Objective] = (),
    zone: str = "Europe/Paris",
    language: str = "en",
    colour: int = 1,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Account:
    """Add an account to a brand; it can send nothing until it is connected."""
    handle = parse_handle(handle)
    _check_words(name, topic, language, colour)
    check_zone(zone)
    async with use_case(actor=actor, now=now):
        owner = await BrandTable.select(BrandTable.id, BrandTable.scope).where(BrandTable.slug == brand).first()
        if owner is None:
            raise UnknownBrand(name=brand[:39], field="brand")
        decision = await access.require(actor, Action.ACCOUNT_EDIT, Target(scope=owner["scope"]))
        if rows(await AccountTable.raw(_BY_HANDLE, handle)):
            raise AccountExists(handle=handle, field="handle")
        row = AccountTable(
            id=uuid7(now),
            handle=handle,
            name=name.strip(),
            brand=owner["id"],
            scope=account_scope(handle),
            kind=kind.value,
            topic=topic.strip(),
            objectives=[objective.value for objective in objectives],
            zone=zone,
            language=language,
            colour=colour,
            created_at=now,
        )
        await Scope.insert(Scope(key=account_scope(handle), kind="account", parent=owner["scope"]))
        await AccountTable.insert(row)
        await audit.record(
            AccountCreated(
                brand=owner["id"], handle=handle, kind=kind.value, objectives=tuple(o.value for o in objectives)
            ),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=row.id),
            refs=(ObjectRef(kind="brand", id=owner["id"]),),
            scope=account_scope(handle),
            decision=decision,
        )
        return await find_account(handle)


async def edit_account(
    handle: str,
    *,
    name: str,
    topic: str,
    objectives: Sequence[Objective],
    zone: str,
    language: str,
    colour: int,
    undo_window_seconds: int,
    version: int,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Account:
    """Change what is said about an account.

    Raises:
        ChangedMeanwhile: `version` is not the current one.
    """
    _check_words(name, topic, language, colour)
    check_zone(zone)
    if not 0 <= undo_window_seconds <= 60:
        raise Invalid(reason="The time to undo is 0 to 60 s.", field="undo_window_seconds")
    async with use_case(actor=actor, now=now):
        before = await lock_account(handle)
        decision = await access.require(actor, Action.ACCOUNT_EDIT, Target(scope=before.scope))
        if before.version != version:
            raise ChangedMeanwhile
        after: dict[Any, Any] = {
            "name": name.strip(),
            "topic": topic.strip(),
            "objectives": [objective.value for objective in objectives],
            "zone": zone,
            "language": language,
            "colour": colour,
            "undo_window_seconds": undo_window_seconds,
        }
        await AccountTable.update({**after, "version": version + 1}).where(AccountTable.id == before.id)
        old = msgspec.to_builtins(before)
        await audit.record(
            AccountEdited(),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=before.id),
            scope=before.scope,
            change={
                field: Change(before=_plain(old[field]), after=_plain(value))
                for field, value in after.items()
                if _plain(old[field]) != _plain(value)
            },
            decision=decision,
        )
        return await find_account(handle)


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
        decision = await access.require(actor, Action.ACCOUNT_CONNECT, Target(scope=account.scope))
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
        decision = await access.require(actor, Action.ACCOUNT_DISCONNECT, Target(scope=account.scope))
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


async def lock_account(handle: str) -> Account:
    """Lock an account's row until the end of the transaction.

    Raises:
        UnknownAccount
    """
    await AccountTable.raw(_LOCK, parse_handle(handle))
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


def _check_words(name: str, topic: str, language: str, colour: int) -> None:
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(reason="A name has 1 to 80 characters.", field="name")
    if len(topic.strip()) > 120:
        raise Invalid(reason="A topic has at most 120 characters.", field="topic")
    if language not in LANGUAGES:
        raise Invalid(reason="A language is en or fr.", field="language")
    if not 1 <= colour <= 6:
        raise Invalid(reason="A colour is a number from 1 to 6.", field="colour")


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _account(row: dict[str, object]) -> Account:
    return msgspec.convert(row, Account)
