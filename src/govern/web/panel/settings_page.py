"""One's own settings: how the panel looks, password, sessions, API tokens."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from govern.domain.actions import COMPANY, Action, Target
from govern.domain.members import SignInFailed
from govern.errors import Conflict, Invalid
from govern.services.members import change_password, change_settings
from govern.services.sessions import list_sessions, sign_out
from govern.services.tokens import IssuedToken, issue_token, list_tokens, revoke_token
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View
from govern.web.panel.zones import zone_options

_OWN = {"signed_in": "one's own settings"}


class LookForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the panel looks for oneself."""

    language: Literal["en", "fr"]
    zone: str
    theme: Literal["system", "light", "dark"]
    single_keys: bool = False


class PasswordForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password."""

    old: Annotated[str, msgspec.Meta(max_length=128)]
    new: Annotated[str, msgspec.Meta(min_length=12, max_length=128)]


class TokenForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new API token."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 90


class SessionLine(View, frozen=True, kw_only=True):
    id: str
    agent: str
    seen: str
    here: bool


class TokenLine(View, frozen=True, kw_only=True):
    id: str
    name: str
    made: str
    ends: str


class SettingsPage(View, frozen=True, kw_only=True):
    form: Form
    at: str
    language: str
    zone: str
    zones: Sequence[tuple[str, str]]
    theme: str
    single_keys: bool
    sessions: Sequence[SessionLine]
    tokens: Sequence[TokenLine]
    may_issue: bool
    issued: IssuedToken | None
    done: str


@get("/settings", opt=_OWN)
async def show_settings(desk: AtDesk, done: FromQuery[str] = "") -> Response[str]:
    """One's own settings."""
    return await _page(desk, Form(), done=done)


@post("/settings", status_code=303, opt=_OWN)
async def post_look(desk: AtDesk) -> Response[str] | Redirect:
    """Change language, zone, theme and keys."""
    form = await read_form(desk.request)
    try:
        await change_settings(**msgspec.structs.asdict(form.read(LookForm)), actor=desk.actor)
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error), at="look")
    return go("/admin/settings?done=look")


@post("/settings/password", status_code=303, opt=_OWN)
async def post_password(desk: AtDesk) -> Response[str] | Redirect:
    """Change the password; all other sessions end."""
    form = await read_form(desk.request)
    try:
        data = form.read(PasswordForm)
        await change_password(old=data.old, new=data.new, session_id=desk.session.id, actor=desk.actor, now=desk.now)
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error), at="password")
    except SignInFailed:
        fault = FieldFault(reason=_("This is not your password."), field="old")
        return await _page(desk, form.refuse(fault), at="password")
    return go("/admin/settings?done=password")


@post("/settings/sessions/{session_id:uuid}/revoke", status_code=303, opt=_OWN)
async def post_revoke_session(desk: AtDesk, session_id: FromPath[UUID]) -> Redirect:
    """End another session of one's own."""
    await sign_out(session_id, actor=desk.actor, now=desk.now)
    return go("/admin/settings?done=session")


@post("/settings/tokens", status_code=303, opt={"action": Action.TOKEN_ISSUE})
async def post_token(desk: AtDesk) -> Response[str]:
    """Make an API token; its text is in this one answer and never again."""
    form = await read_form(desk.request)
    try:
        data = form.read(TokenForm)
        issued = await issue_token(
            email=desk.session.member.email,
            name=data.name,
            days=data.days,
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error), at="token")
    return await _page(desk, Form(), issued=issued)


@post("/settings/tokens/{token:uuid}/revoke", status_code=303, opt={"action": Action.TOKEN_REVOKE})
async def post_revoke_token(desk: AtDesk, token: FromPath[UUID]) -> Redirect:
    """End an API token of one's own."""
    await revoke_token(token, actor=desk.actor, access=desk.access, now=desk.now)
    return go("/admin/settings?done=token")


async def _page(
    desk: Desk, form: Form, *, at: str = "", issued: IssuedToken | None = None, done: str = ""
) -> Response[str]:
    who: Any = {"actor": desk.actor, "now": desk.now}
    member, fmt = desk.session.member, desk.fmt
    page = SettingsPage(
        form=form,
        at=at,
        language=member.language,
        zone=member.zone,
        zones=zone_options(member.zone),
        theme=desk.session.theme,
        single_keys=desk.session.single_keys,
        sessions=[
            SessionLine(
                id=str(each.id),
                agent=_browser(each.user_agent),
                seen=_("last seen %(ago)s") % {"ago": fmt.ago(each.seen_at)},
                here=each.id == desk.session.id,
            )
            for each in await list_sessions(**who)
        ],
        tokens=[
            TokenLine(
                id=str(each.id), name=each.name, made=fmt.moment(each.created_at), ends=fmt.moment(each.expires_at)
            )
            for each in await list_tokens(**who)
        ],
        may_issue=await _may_issue(desk),
        issued=issued,
        done=_done(done),
    )
    return await desk.show("pages/settings.html", page, here="settings", title=_("Settings"), status=form.status)


_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chromium"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def _browser(agent: str) -> str:
    """Say which browser it was, as far as it told: `Firefox, Linux`."""
    names = [next((name for mark, name in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, names)) or agent[:60] or _("unknown browser")


async def _may_issue(desk: Desk) -> bool:
    """Ask as the service will: for an own token, where the member holds a role."""
    held = sorted(await desk.access.held(desk.actor))
    target = Target(scope=held[0] if held else COMPANY, facts={"member": str(desk.actor.member)})
    return await desk.access.allows(desk.actor, Action.TOKEN_ISSUE, target)


def _done(what: str) -> str:
    return {
        "look": _("Saved."),
        "password": _("Password changed; your other sessions ended."),
        "session": _("That session ended."),
        "token": _("That token ended."),
    }.get(what, "")


ROUTES = (show_settings, post_look, post_password, post_revoke_session, post_token, post_revoke_token)
