"""The accounts we run on X."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import PathParameter

from govern.domain.accounts import Account, AccountKind, AccountState, Objective
from govern.domain.actions import Action
from govern.services.accounts import get_account, list_accounts
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

Handle = Annotated[str, PathParameter(description="The account's handle, without its @.")]


class AccountJson(msgspec.Struct, kw_only=True):
    """An account. Credentials are never shown."""

    id: UUID
    handle: str
    name: str
    brand: str
    brand_name: str
    scope: str
    kind: AccountKind
    topic: str
    objectives: tuple[Objective, ...]
    zone: str
    language: str
    state: AccountState
    x_user_id: str | None
    length_limit: int
    undo_window_seconds: int


class AccountsJson(msgspec.Struct, kw_only=True):
    """The accounts whose messages you may read."""

    items: list[AccountJson]


def account_json(account: Account) -> AccountJson:
    """Return an account as programs read it."""
    return msgspec.convert(account, AccountJson, from_attributes=True)


class AccountsController(Controller):
    path = "/accounts"
    tags = ("accounts",)

    @get(
        summary="List the accounts",
        opt={"action": Action.MESSAGE_READ},
        responses=problems(422),
    )
    async def list_all(self, *, actor: CurrentActor, access: CurrentAccess) -> AccountsJson:
        accounts = await list_accounts(actor=actor, access=access)
        return AccountsJson(items=[account_json(account) for account in accounts])

    @get(
        "/{handle:str}",
        summary="Read one account",
        opt={"action": Action.MESSAGE_READ},
        responses=problems(404, 422),
    )
    async def get_one(self, *, handle: Handle, actor: CurrentActor, access: CurrentAccess, now: Now) -> AccountJson:
        return account_json(await get_account(handle, actor=actor, access=access, now=now))
