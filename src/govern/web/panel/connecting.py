"""Connecting an account: a form, then a link to X (a form may not lead there), then the way back."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from govern import database
from govern.domain.accounts import Account
from govern.domain.actions import Action
from govern.domain.credentials import ConnectFault, Connection, Feature, Stage
from govern.errors import N_, Conflict, Denied, Invalid, Unavailable
from govern.services.accounts import get_account
from govern.services.oauth import begin_connect, get_connection, store_code
from govern.web.panel.account_page import AccountLine, account_line
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.proof import Proof
from govern.web.panel.views import View

FEATURES: Mapping[Feature, str] = {
    Feature.IMAGES: N_("Posts with images"),
    Feature.MESSAGES: N_("Direct messages, read and written"),
}
FAULTS: Mapping[ConnectFault, str] = {
    ConnectFault.WRONG_USER: N_(
        "You were signed in to X as @%(other)s, not as @%(handle)s. Sign in there as the account, then begin again."
    ),
    ConnectFault.SCOPES: N_(
        "X did not grant all that was asked for. Begin again, and grant everything the page at X lists."
    ),
    ConnectFault.REFUSED: N_("X did not take what you came back with: it came too late, or twice. Begin again."),
    ConnectFault.APP: N_(
        "X does not know this service as it is set up here. An administrator checks the client id, the client secret and the callback address of the X app."
    ),
    ConnectFault.AWAY: N_("X gave no answer that can be used. Begin again in a few minutes."),
    ConnectFault.DENIED: N_("You may not connect this account any more."),
}


class ConnectForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the account is to be used for besides posts."""

    features: list[Feature] = []


class ConnectPage(View, frozen=True, kw_only=True):
    line: AccountLine
    href: str
    back: str
    command: str
    url: str
    until: str
    working: bool
    done: bool
    fault: str
    may_begin: bool
    features: Sequence[tuple[str, str]]
    form: Form
    proof: Proof


class LostPage(View, frozen=True, kw_only=True):
    """Whatever was wrong: it tells nothing to who has no business here."""

    accounts: str = "/admin/accounts"


@get("/accounts/{handle:str}/connect", opt={"action": Action.ACCOUNT_CONNECT})
async def show_connect(desk: AtDesk, handle: FromPath[str]) -> Response[str]:
    """How far the member is: what to grant, the link to X, what came of it."""
    return await _page(desk, handle, Form())


@post("/accounts/{handle:str}/connect", status_code=303, opt={"action": Action.ACCOUNT_CONNECT})
async def post_connect(desk: AtDesk, handle: FromPath[str]) -> Response[str] | Redirect:
    """Open the way to X; the page that follows has the link."""
    form = await read_form(desk.request)
    try:
        data = form.read(ConnectForm)
        await begin_connect(handle, features=data.features, **_about(desk))
    except (Invalid, Conflict, Unavailable) as error:
        return await _page(desk, handle, form.refuse(error))
    return go(_address(handle))


@get("/x/callback", opt={"action": Action.ACCOUNT_CONNECT})
async def come_back(
    desk: AtDesk,
    given: Annotated[str, QueryParameter(name="state")] = "",
    code: Annotated[str, QueryParameter(name="code")] = "",
) -> Response[str] | Redirect:
    """Take the code X sent the browser back with. Whatever is wrong with it, one page says so and tells nothing."""
    try:
        handle = await store_code(
            given, code, session=desk.session.id, actor=desk.actor, access=desk.access, now=desk.now
        )
    except Denied:
        title = _("This connection cannot be completed")
        return await desk.show("pages/connect_lost.html", LostPage(), here="accounts", title=title, status=403)
    with suppress(*database.AWAY):  # a sweep wakes the worker otherwise, within seconds
        await desk.request.app.state.waker.wake_due(now=desk.now)
    return go(_address(handle))


async def _page(desk: Desk, handle: str, form: Form) -> Response[str]:
    account = await get_account(handle, actor=desk.actor, access=desk.access, now=desk.now)
    found = await get_connection(account.handle, **_about(desk))
    page = ConnectPage(
        line=account_line(account, {account.handle: account}),
        href=_address(account.handle),
        back=f"/admin/accounts/{account.handle}",
        command=f"govern account connect {account.handle} --as {desk.session.member.email}",
        url=found.url,
        until=desk.fmt.time(found.expires_at) if found.expires_at else "",
        working=found.stage is Stage.EXCHANGING,
        done=found.stage is Stage.CONNECTED,
        fault=_fault(found, account),
        may_begin=bool(desk.settings.x_client_id) and found.stage is not Stage.EXCHANGING,
        features=[(each.value, _(words)) for each, words in FEATURES.items()],
        form=form,
        proof=await desk.proof(),
    )
    title = _("Connect @%(handle)s to X") % {"handle": account.handle}
    return await desk.show(
        "pages/connect.html", page, here="accounts", title=title, status=form.status, part="connection"
    )


def _about(desk: Desk) -> dict[str, Any]:
    return {
        "session": desk.session.id,
        "settings": desk.settings,
        "actor": desk.actor,
        "access": desk.access,
        "now": desk.now,
    }


def _fault(found: Connection, account: Account) -> str:
    if found.stage is not Stage.FAILED or found.fault is None:
        return ""
    return _(FAULTS[found.fault]) % {"other": found.other_handle or "?", "handle": account.handle}


def _address(handle: str) -> str:
    return f"/admin/accounts/{handle}/connect"


ROUTES = (show_connect, post_connect, come_back)
