"""One account: facts, people, pause state, and what is said about it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.accounts import Account, AccountState, Objective
from govern.domain.actions import Action, Target
from govern.errors import Conflict, Invalid
from govern.services.accounts import (
    edit_account,
    get_account,
)
from govern.services.connecting import disconnect_account
from govern.services.grants import list_grants
from govern.services.oauth import find_keys
from govern.services.pauses import list_pauses
from govern.services.subscriptions import PUSH_WORDS, Push, push_state
from govern.web.panel.access_words import action_options
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.message_view import chip
from govern.web.panel.views import AccountChip, View
from govern.web.panel.words import ACCOUNT_KINDS, ACCOUNT_STATES, OBJECTIVES, Badge, badge, role_name
from govern.web.panel.zones import zone_options

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class EditForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said about an account."""

    version: int
    name: Name
    topic: Annotated[str, msgspec.Meta(max_length=120)] = ""
    objectives: list[Objective] = []
    zone: str = "Europe/Paris"
    language: str = "en"
    colour: Annotated[int, msgspec.Meta(ge=1, le=6)] = 1
    undo_window_seconds: Annotated[int, msgspec.Meta(ge=0, le=60)] = 8


class DisconnectForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an account is disconnected."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class AccountLine(View, frozen=True, kw_only=True):
    account: AccountChip
    href: str
    kind: str
    topic: str
    objectives: str
    state: Badge


class Options(View, frozen=True, kw_only=True):
    """The lists of the forms."""

    kinds: Sequence[tuple[str, str]]
    objectives: Sequence[tuple[str, str]]
    zones: Sequence[tuple[str, str]]
    colours: Sequence[tuple[str, str]]


class AccountPage(View, frozen=True, kw_only=True):
    line: AccountLine
    brand: str
    zone: str
    language: str
    language_code: str
    x_user: str
    limit: int
    undo: int
    paused: Sequence[str]
    people: Sequence[tuple[str, str, str]] | None
    deeds: Sequence[tuple[str, str]]
    connect: str
    keys: str
    """What is known of its keys, for those who may connect it."""
    listening: tuple[str, str]
    """How we learn of what is written to it: a tone and a sentence; empty while it is not connected."""
    may_edit: bool
    may_connect: bool
    may_disconnect: bool
    connected: bool
    name: str
    topic: str
    objectives: Sequence[str]
    colour: str
    version: int
    at: str
    form: Form
    options: Options


@get("/accounts/{handle:str}", opt={"action": Action.MESSAGE_READ})
async def show_account(desk: AtDesk, handle: FromPath[str]) -> Response[str]:
    """One account: facts, people, pause state."""
    return await account_page(desk, handle, Form())


@post("/accounts/{handle:str}/edit", status_code=303, opt={"action": Action.ACCOUNT_EDIT})
async def post_edit(desk: AtDesk, handle: FromPath[str]) -> Response[str] | Redirect:
    """Change what is said about an account."""
    form = await read_form(desk.request)
    try:
        data = form.read(EditForm)
        who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
        await edit_account(handle, **msgspec.structs.asdict(data), **who)
    except (Invalid, Conflict) as error:
        return await account_page(desk, handle, form.refuse(error), at="edit")
    return go(f"/admin/accounts/{handle}")


@post("/accounts/{handle:str}/disconnect", status_code=303, opt={"action": Action.ACCOUNT_DISCONNECT})
async def post_disconnect(desk: AtDesk, handle: FromPath[str]) -> Response[str] | Redirect:
    """Stop acting as an account."""
    form = await read_form(desk.request)
    try:
        data = form.read(DisconnectForm)
        await disconnect_account(handle, reason=data.reason, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await account_page(desk, handle, form.refuse(error), at="disconnect")
    return go(f"/admin/accounts/{handle}")


async def account_page(desk: Desk, handle: str, form: Form, *, at: str = "") -> Response[str]:
    """Show an account; `at` says which form is brought back."""
    account = await get_account(handle, actor=desk.actor, access=desk.access, now=desk.now)
    target = Target(scope=account.scope)
    page = AccountPage(
        line=account_line(account, {account.handle: account}),
        brand=account.brand_name,
        zone=account.zone,
        language={"en": "English", "fr": "Français"}.get(account.language, account.language),
        language_code=account.language,
        x_user=account.x_user_id or "",
        limit=account.length_limit,
        undo=account.undo_window_seconds,
        paused=await _paused(desk, account),
        people=await _people(desk, account),
        deeds=action_options(desk.access.bundle),
        connect=f"/admin/accounts/{account.handle}/connect",
        keys=await _keys(desk, account),
        listening=await _listening(desk, account),
        may_edit=await desk.access.allows(desk.actor, Action.ACCOUNT_EDIT, target),
        may_connect=await desk.access.allows(desk.actor, Action.ACCOUNT_CONNECT, target),
        may_disconnect=await desk.access.allows(desk.actor, Action.ACCOUNT_DISCONNECT, target),
        connected=account.state is AccountState.CONNECTED,
        name=account.name,
        topic=account.topic,
        objectives=[each.value for each in account.objectives],
        colour=str(account.colour),
        version=account.version,
        at=at,
        form=form,
        options=form_options(account.zone),
    )
    title = f"@{account.handle}"
    return await desk.show("pages/account.html", page, here="accounts", title=title, status=form.status)


async def _keys(desk: Desk, account: Account) -> str:
    found = await find_keys(account.id)
    if found is None:
        return ""
    if found.kind == "oauth1":
        return _("Connected with OAuth 1.0a keys.") if found.state == "active" else found.reason or ""
    if found.state != "active" or found.expires_at is None:
        return found.reason or ""
    told = {"scopes": ", ".join(found.scopes), "until": desk.fmt.moment(found.expires_at)}
    return _("Connected with OAuth 2: %(scopes)s. Its token works until %(until)s, and is renewed before.") % told


async def _listening(desk: Desk, account: Account) -> tuple[str, str]:
    found = await find_keys(account.id)
    if found is None or account.state is not AccountState.CONNECTED:
        return "", ""
    push, words = await push_state(account.id, oauth2=found.kind == "oauth2", settings=desk.settings, now=desk.now)
    tone = {Push.LIVE: "ok", Push.FAULT: "warn"}.get(push, "")
    return tone, f"{_(PUSH_WORDS[push])} {words}".strip()


async def _paused(desk: Desk, account: Account) -> Sequence[str]:
    covering = {account.scope, f"brand:{account.brand}", "company"}
    pauses = await list_pauses(actor=desk.actor, access=desk.access)
    return [f"{pause.reason} ({pause.set_by_name})" for pause in pauses if pause.scope in covering]


async def _people(desk: Desk, account: Account) -> Sequence[tuple[str, str, str]] | None:
    """Return who holds which role here, for those who may see it; None for others."""
    if account.scope not in await desk.access.where_can(desk.actor, Action.ACCESS_READ):
        return None
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    grants = await list_grants(scope=account.scope, **who)
    return [(each.member_name, f"/admin/people/{each.member_email}", role_name(each.role)) for each in grants]


def account_line(account: Account, known: Mapping[str, Account]) -> AccountLine:
    return AccountLine(
        account=chip(account.handle, known),
        href=f"/admin/accounts/{account.handle}",
        kind=_(ACCOUNT_KINDS[account.kind]),
        topic=account.topic,
        objectives=", ".join(_(OBJECTIVES[each]) for each in account.objectives),
        state=badge(ACCOUNT_STATES.get(account.state), account.state),
    )


def form_options(*zones: str) -> Options:
    colours = (_("Navy"), _("Ochre"), _("Green"), _("Violet"), _("Brown"), _("Rose"))
    return Options(
        kinds=[(kind.value, _(words)) for kind, words in ACCOUNT_KINDS.items()],
        objectives=[(each.value, _(words)) for each, words in OBJECTIVES.items()],
        zones=zone_options(*zones),
        colours=[(str(number), name) for number, name in enumerate(colours, 1)],
    )


ROUTES = (show_account, post_edit, post_disconnect)
