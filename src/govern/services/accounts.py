"""Brands and accounts: adding, describing, connecting and disconnecting them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import (
    LANGUAGES,
    Account,
    AccountExists,
    AccountKind,
    Objective,
    account_scope,
    parse_handle,
)
from govern.domain.actions import Action, Decision, Target
from govern.domain.audit import (
    AccountCreated,
    AccountEdited,
    Change,
    ObjectRef,
)
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import ChangedMeanwhile
from govern.errors import N_, Denied, Invalid, NotFound
from govern.services import audit
from govern.services.brands import UnknownBrand
from govern.services.members import check_zone
from govern.services.scope_rights import require_at
from govern.services.use_case import use_case
from govern.tables import Account as AccountTable
from govern.tables import Brand as BrandTable
from govern.tables import Scope

_VIEW = """
SELECT a.id, a.handle, a.name, b.slug AS brand, b.id AS brand_id, b.name AS brand_name, a.scope, a.kind, a.topic,
       a.objectives, a.zone, a.language, a.colour, a.state, a.x_user_id::text AS x_user_id, a.length_limit,
       a.undo_window_seconds, a.version, a.monthly_ceiling
  FROM account a JOIN brand b ON b.id = a.brand
"""
_ALL = _VIEW + " WHERE a.scope = ANY({}) ORDER BY b.name, a.handle"
_BY_HANDLE = _VIEW + " WHERE lower(a.handle) = lower({})"
_BY_X_ID = _VIEW + " WHERE a.x_user_id = {}"
_CONNECTED = _VIEW + " WHERE a.state = 'connected' ORDER BY a.handle"
_LOCK = "SELECT id FROM account WHERE lower(handle) = lower({}) FOR NO KEY UPDATE"


class UnknownAccount(NotFound):
    code = "account.unknown"
    template = N_("There is no account @{name}.")


async def list_accounts(*, actor: Actor, access: Access) -> list[Account]:
    """Return the accounts whose messages the actor may read, by brand."""
    return await accounts_at(await access.where_can(actor, Action.MESSAGE_READ))


async def accounts_at(scopes: Collection[str]) -> list[Account]:
    """Return the accounts of these scopes, by brand; for the services themselves."""
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


async def find_by_x_id(x_id: str) -> Account | None:
    """Return the account X calls by this id, if it is ours; for the services themselves."""
    found = rows(await AccountTable.raw(_BY_X_ID, int(x_id)))
    return _account(found[0]) if found else None


async def list_connected() -> list[Account]:
    """Return the accounts that can be read and written on X; for the worker."""
    return [_account(row) for row in rows(await AccountTable.raw(_CONNECTED))]


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
        await access.lock()  # a new scope
        owner = await BrandTable.select(BrandTable.id, BrandTable.scope).where(BrandTable.slug == brand).first()
        if owner is None:
            raise UnknownBrand(name=brand[:39], field="brand")
        unknown = UnknownBrand(name=brand[:39], field="brand")
        decision = await require_at(
            Target(scope=owner["scope"]), Action.ACCOUNT_EDIT, unknown=unknown, actor=actor, access=access
        )
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
        decision = await require_on(before, Action.ACCOUNT_EDIT, called=handle, actor=actor, access=access)
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


async def require_on(account: Account, action: Action, *, called: str, actor: Actor, access: Access) -> Decision:
    """Return the decision that allows an action on an account, `called` as whoever asked called it.

    Raises:
        Denied: `unseen` if they may not know of the account.
    """
    unknown = UnknownAccount(name=parse_handle(called), field="account")
    return await require_at(Target(scope=account.scope), action, unknown=unknown, actor=actor, access=access)


async def lock_account(handle: str) -> Account:
    """Lock an account's row until the end of the transaction.

    Raises:
        UnknownAccount
    """
    await AccountTable.raw(_LOCK, parse_handle(handle))
    return await find_account(handle)


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
