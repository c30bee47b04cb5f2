"""Signing in and out."""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from govern.domain.members import SignInDelayed, SignInFailed, Via, member_actor
from govern.services.sessions import sign_in, sign_out
from govern.web.auth import ended_cookie, session_cookie
from govern.web.dependencies import CurrentSettings, Now
from govern.web.guards import find_signed_in
from govern.web.panel.desk import AtDesk, render_bare
from govern.web.panel.forms import Form, go, local_path, read_form
from govern.web.panel.i18n import error_sentence

MAX_AGENT = 200


@get("/sign-in", opt={"public": "where people sign in"})
async def show_sign_in(
    request: Request[Any, Any, Any],
    settings: CurrentSettings,
    back: Annotated[str, QueryParameter(name="next")] = "",
) -> Response[str] | Redirect:
    """The sign-in form; who is signed in already goes on."""
    if await find_signed_in(request):
        return go(local_path(back))
    return _page(request, settings.company, Form(values={"return": local_path(back)}))


@post("/sign-in", status_code=303, opt={"public": "where people sign in"})
async def post_sign_in(
    request: Request[Any, Any, Any], settings: CurrentSettings, now: Now
) -> Response[str] | Redirect:
    """Sign in; an earlier session of this browser ends."""
    form = await read_form(request)
    agent = request.headers.get("user-agent", "")[:MAX_AGENT]
    try:
        signed = await sign_in(
            email=form.get("email"), password=form.values.get("password", ""), user_agent=agent, now=now
        )
    except SignInFailed as error:
        form.errors[""] = error_sentence(error)
        form.status = 429 if isinstance(error, SignInDelayed) else 401
        return _page(request, settings.company, form)
    before = await find_signed_in(request)
    if before:
        actor = member_actor(before.member.id, before.member.name, via=Via.PANEL)
        await sign_out(before.id, actor=actor, now=now)
    address = local_path(form.get("return"))
    return Redirect(address, status_code=303, cookies=[session_cookie(signed.token, settings)])


@post("/sign-out", status_code=303, opt={"signed_in": "ends one's own session"})
async def post_sign_out(desk: AtDesk) -> Redirect:
    """End this session."""
    await sign_out(desk.session.id, actor=desk.actor, now=desk.now)
    return Redirect("/admin/sign-in", status_code=303, cookies=[ended_cookie(desk.settings)])


def _page(request: Request[Any, Any, Any], company: str, form: Form) -> Response[str]:
    return render_bare(request, "pages/sign_in.html", status=form.status, form=form, company=company)


ROUTES = (show_sign_in, post_sign_in, post_sign_out)
