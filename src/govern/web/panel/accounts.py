"""Accounts and brands: what we run on X, and what is said about it."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from govern.domain.accounts import AccountKind, Objective
from govern.domain.actions import Action
from govern.errors import Conflict, Invalid, NotFound
from govern.services.accounts import create_account, list_accounts
from govern.services.brands import create_brand, list_brands
from govern.web.panel.account_page import AccountLine, Name, Options, account_line, form_options
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View


class BrandForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new brand."""

    slug: Annotated[str, msgspec.Meta(max_length=39)]
    name: Name


class AccountForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new account."""

    handle: Annotated[str, msgspec.Meta(max_length=16)]
    name: Name
    brand: str
    kind: AccountKind = AccountKind.BRAND
    topic: Annotated[str, msgspec.Meta(max_length=120)] = ""
    objectives: list[Objective] = []
    zone: str = "Europe/Paris"
    language: str = "en"
    colour: Annotated[int, msgspec.Meta(ge=1, le=6)] = 1


class BrandGroup(View, frozen=True, kw_only=True):
    name: str
    slug: str
    accounts: Sequence[AccountLine]


class AccountsPage(View, frozen=True, kw_only=True):
    groups: Sequence[BrandGroup]
    brands: Sequence[tuple[str, str]]
    may_brand: bool
    may_account: bool
    at: str
    form: Form
    options: Options


@get("/accounts", opt={"action": Action.MESSAGE_READ})
async def show_accounts(desk: AtDesk) -> Response[str]:
    """Every account the member may read, by brand."""
    return await _accounts(desk, Form())


@post("/brands", status_code=303, opt={"action": Action.BRAND_EDIT})
async def post_brand(desk: AtDesk) -> Response[str] | Redirect:
    """Add a brand."""
    form = await read_form(desk.request)
    try:
        data = form.read(BrandForm)
        await create_brand(slug=data.slug, name=data.name, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await _accounts(desk, form.refuse(error), at="brand")
    return go("/admin/accounts")


@post("/accounts", status_code=303, opt={"action": Action.ACCOUNT_EDIT})
async def post_account(desk: AtDesk) -> Response[str] | Redirect:
    """Add an account; it can send nothing until it is connected."""
    form = await read_form(desk.request)
    try:
        data = form.read(AccountForm)
        account = await create_account(
            **msgspec.structs.asdict(data), actor=desk.actor, access=desk.access, now=desk.now
        )
    except (Invalid, Conflict) as error:
        return await _accounts(desk, form.refuse(error), at="account")
    except NotFound as error:
        return await _accounts(desk, form.refuse(FieldFault(reason=error.detail, field="brand")), at="account")
    return go(f"/admin/accounts/{account.handle}")


async def _accounts(desk: Desk, form: Form, *, at: str = "") -> Response[str]:
    accounts = await list_accounts(actor=desk.actor, access=desk.access)
    brands = await list_brands(actor=desk.actor, access=desk.access)
    known = {account.handle: account for account in accounts}
    page = AccountsPage(
        groups=[
            BrandGroup(
                name=brand.name,
                slug=brand.slug,
                accounts=[account_line(account, known) for account in accounts if account.brand == brand.slug],
            )
            for brand in brands
        ],
        brands=[(brand.slug, brand.name) for brand in brands],
        may_brand=await desk.may(Action.BRAND_EDIT),
        may_account=await desk.may(Action.ACCOUNT_EDIT),
        at=at,
        form=form,
        options=form_options(),
    )
    title = _("Accounts and brands")
    return await desk.show("pages/accounts.html", page, here="accounts", title=title, status=form.status)


ROUTES = (show_accounts, post_brand, post_account)
