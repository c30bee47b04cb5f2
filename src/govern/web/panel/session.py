"""Signing in and out: the password, then a code or a passkey; or a passkey alone."""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from govern.domain.members import SignInDelayed, SignInFailed, Via, member_actor
from govern.domain.sign_in import Factor, StepOver
from govern.services.passkeys import begin_passkey_sign_in, finish_passkey_sign_in
from govern.services.sessions import SignedIn, sign_out
from govern.services.sign_in import SecondStep, finish_sign_in, sign_in
from govern.settings import Settings
from govern.web.auth import SIGN_IN, client_address, ended_cookie, session_cookie, user_agent
from govern.web.dependencies import CurrentSettings, Now
from govern.web.guards import find_signed_in
from govern.web.panel.confirm import PasskeyAsked, passkey_asked
from govern.web.panel.desk import AtDesk, render_bare
from govern.web.panel.forms import Form, go, local_path, read_form
from govern.web.panel.i18n import error_sentence

AnyRequest = Request[Any, Any, Any]
_PUBLIC = {"public": "where people sign in"}


@get("/sign-in", opt=_PUBLIC)
async def show_sign_in(
    request: AnyRequest,
    settings: CurrentSettings,
    back: Annotated[str, QueryParameter(name="next")] = "",
) -> Response[str] | Redirect:
    """The sign-in form; who is signed in already goes on."""
    if await find_signed_in(request):
        return go(local_path(back))
    return _first(request, settings, Form(values={"return": local_path(back)}))


@post("/sign-in", status_code=303, opt=_PUBLIC)
async def post_sign_in(request: AnyRequest, settings: CurrentSettings, now: Now) -> Response[str] | Redirect:
    """Check the password; who has a second factor is asked for it next."""
    form = await read_form(request)
    try:
        found = await sign_in(
            email=form.get("email"),
            password=form.get("password"),
            address=client_address(request),
            user_agent=user_agent(request),
            now=now,
        )
    except SignInFailed as error:
        return _first(request, settings, _refuse(form, error))
    if isinstance(found, SecondStep):
        form.values |= {"step": found.token, "methods": " ".join(found.methods)}
        return _second(request, form)
    return await enter(request, found, form.get("return"), settings=settings, now=now)


@post("/sign-in/step", status_code=303, opt=_PUBLIC)
async def post_step(request: AnyRequest, settings: CurrentSettings, now: Now) -> Response[str] | Redirect:
    """Check a code of the authenticator app, or a recovery code."""
    form = await read_form(request)
    try:
        signed = await finish_sign_in(
            step=form.get("step"),
            code=form.get("code"),
            address=client_address(request),
            user_agent=user_agent(request),
            now=now,
        )
    except StepOver as error:
        return _first(request, settings, _refuse(form, error))
    except SignInFailed as error:
        return _second(request, _refuse(form, error))
    return await enter(request, signed, form.get("return"), settings=settings, now=now)


@post("/sign-in/passkey/begin", status_code=200, opt=_PUBLIC)
async def post_begin_passkey(request: AnyRequest, settings: CurrentSettings, now: Now) -> PasskeyAsked:
    """Begin with a passkey: alone, or as the step after the password."""
    form = await read_form(request)
    return passkey_asked(await begin_passkey_sign_in(step=form.get("step") or None, settings=settings, now=now))


@post("/sign-in/passkey", status_code=303, opt=_PUBLIC)
async def post_passkey(request: AnyRequest, settings: CurrentSettings, now: Now) -> Response[str] | Redirect:
    """Sign in with a passkey's answer."""
    form = await read_form(request)
    try:
        signed = await finish_passkey_sign_in(
            step=form.get("passkey_step"),
            answer=form.get("passkey_answer"),
            user_agent=user_agent(request),
            settings=settings,
            now=now,
        )
    except SignInFailed as error:
        return _first(request, settings, _refuse(form, error))
    return await enter(request, signed, form.get("return"), settings=settings, now=now)


@post("/sign-out", status_code=303, opt={"signed_in": "ends one's own session"})
async def post_sign_out(desk: AtDesk) -> Redirect:
    """End this session."""
    await sign_out(desk.session.id, actor=desk.actor, now=desk.now)
    return Redirect(SIGN_IN, status_code=303, cookies=[ended_cookie(desk.settings)])


async def enter(request: AnyRequest, signed: SignedIn, back: str, *, settings: Settings, now: Any) -> Redirect:
    """Let a person in; an earlier session of this browser ends."""
    before = await find_signed_in(request)
    if before:
        actor = member_actor(before.member.id, before.member.name, via=Via.PANEL)
        await sign_out(before.id, actor=actor, now=now)
    return Redirect(local_path(back), status_code=303, cookies=[session_cookie(signed.token, settings)])


def _refuse(form: Form, error: SignInFailed) -> Form:
    form.errors[""] = error_sentence(error)
    form.status = 429 if isinstance(error, SignInDelayed) else 401
    return form


def _first(request: AnyRequest, settings: Settings, form: Form) -> Response[str]:
    return render_bare(request, "pages/sign_in.html", status=form.status, form=form, company=settings.company)


def _second(request: AnyRequest, form: Form) -> Response[str]:
    methods = form.get("methods").split()
    form.values.pop("code", None)
    return render_bare(
        request,
        "pages/second_step.html",
        status=form.status,
        form=form,
        code=Factor.TOTP in methods or Factor.RECOVERY in methods,
        passkey=Factor.PASSKEY in methods,
    )


ROUTES = (show_sign_in, post_sign_in, post_step, post_begin_passkey, post_passkey, post_sign_out)
