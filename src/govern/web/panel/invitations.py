"""One-time links: an admin makes one and hands it over; the page it opens lets a person choose how to sign in."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.domain.sign_in import LinkKind
from govern.errors import Conflict, Invalid
from govern.services.member_links import (
    Invitation,
    LinkEnded,
    LinkInfo,
    accept_link,
    find_link,
    invite_member,
    link_address,
    reset_sign_in,
)
from govern.services.sign_in import SecondStep, sign_in
from govern.settings import Settings
from govern.web.auth import SECURITY, SIGN_IN, client_address, user_agent
from govern.web.dependencies import CurrentSettings, Now
from govern.web.panel.desk import AtDesk, Desk, render_bare
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import speak
from govern.web.panel.membership import ReasonForm, show_membership
from govern.web.panel.people import show_everybody
from govern.web.panel.session import enter
from govern.web.panel.views import View

AnyRequest = Request[Any, Any, Any]
_PUBLIC = {"public": "a one-time link opens it"}
_QUIET = {"referrer-policy": "no-referrer"}


class InviteForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new person; they choose their password themselves."""

    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    language: str = "en"
    zone: str = "Europe/Paris"


class WelcomeForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password somebody chose."""

    password: Annotated[str, msgspec.Meta(min_length=12, max_length=128)]


class LinkPage(View, frozen=True, kw_only=True):
    """A link, this one time."""

    name: str
    email: str
    href: str
    link: str
    ends: str
    reset: bool


@post("/people", status_code=303, opt={"action": Action.MEMBER_INVITE})
async def post_invite(desk: AtDesk) -> Response[str]:
    """Invite a person; the link is in this one answer and never again."""
    form = await read_form(desk.request)
    try:
        data = form.read(InviteForm)
        made = await invite_member(**msgspec.structs.asdict(data), actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await show_everybody(desk, form.refuse(error))
    return await _show_link(desk, made, LinkKind.INVITE)


@post("/people/{email:str}/invite-again", status_code=303, opt={"action": Action.MEMBER_INVITE})
async def post_invite_again(desk: AtDesk, email: FromPath[str]) -> Response[str]:
    """Make the link anew for somebody who has not used it; the one before ends."""
    try:
        made = await invite_member(email=email, name="", actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await show_membership(desk, email, Form().refuse(error), at="invite")
    return await _show_link(desk, made, LinkKind.INVITE)


@post("/people/{email:str}/reset-sign-in", status_code=303, opt={"action": Action.MEMBER_RESET_SIGN_IN})
async def post_reset(desk: AtDesk, email: FromPath[str]) -> Response[str]:
    """End all ways in of a person, and show the link by which they choose new ones."""
    form = await read_form(desk.request)
    try:
        data = form.read(ReasonForm)
        made = await reset_sign_in(email=email, reason=data.reason, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await show_membership(desk, email, form.refuse(error), at="reset")
    return await _show_link(desk, made, LinkKind.RESET)


@get("/welcome/{token:str}", opt=_PUBLIC)
async def show_welcome(request: AnyRequest, token: FromPath[str], now: Now) -> Response[str]:
    """What a link opens: choose a password; or the one page for all links that do not work."""
    return _welcome(request, await find_link(token, now=now), Form())


@post("/welcome/{token:str}", status_code=303, opt=_PUBLIC)
async def post_welcome(
    request: AnyRequest, token: FromPath[str], settings: CurrentSettings, now: Now
) -> Response[str] | Redirect:
    """Set the password and sign in; the second factor comes next."""
    form = await read_form(request)
    try:
        data = form.read(WelcomeForm)
        member = await accept_link(token, password=data.password, now=now)
    except LinkEnded:
        return _welcome(request, None, form)
    except Invalid as error:
        return _welcome(request, await find_link(token, now=now), form.refuse(error))
    return await _go_in(request, member.email, data.password, settings=settings, now=now)


async def _go_in(request: AnyRequest, email: str, password: str, *, settings: Settings, now: datetime) -> Redirect:
    found = await sign_in(
        email=email,
        password=password,
        address=client_address(request),
        user_agent=user_agent(request),
        now=now,
    )
    if isinstance(found, SecondStep):  # somebody was faster and set one up
        return go(SIGN_IN)
    return await enter(request, found, f"{SECURITY}?done=welcome", settings=settings, now=now)


def _welcome(request: AnyRequest, link: LinkInfo | None, form: Form) -> Response[str]:
    if link is None:
        return render_bare(request, "pages/link_ended.html", status=404, headers=_QUIET)
    speak(link.language)
    reset = link.kind is LinkKind.RESET
    context = {"link": link, "reset": reset, "form": form, "action": request.url.path}
    return render_bare(request, "pages/welcome.html", status=form.status, headers=_QUIET, **context)


async def _show_link(desk: Desk, made: Invitation, kind: LinkKind) -> Response[str]:
    base = desk.settings.public_url or str(desk.request.base_url)
    reset = kind is LinkKind.RESET
    page = LinkPage(
        name=made.member.name,
        email=made.member.email,
        href=f"/admin/people/{made.member.email}",
        link=link_address(made.link_token, base),
        ends=desk.fmt.moment(made.expires_at),
        reset=reset,
    )
    title = _("New sign-in for %(name)s") if reset else _("Invitation for %(name)s")
    return await desk.show("pages/invitation.html", page, here="people", title=title % {"name": made.member.name})


ROUTES = (post_invite, post_invite_again, post_reset, show_welcome, post_welcome)
