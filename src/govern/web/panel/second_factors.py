"""One's own second factors: the authenticator app, recovery codes, passkeys. What is secret is shown in one answer."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup

from govern.domain.sign_in import StepOver
from govern.errors import Conflict, Invalid
from govern.services.passkeys import begin_add_passkey, finish_add_passkey, remove_passkey
from govern.services.recovery_codes import new_recovery_codes
from govern.services.totp import TotpSetup, begin_totp, confirm_totp, pending_totp, remove_totp
from govern.web.auth import CONFIRM, SECURITY
from govern.web.guards import must_prove_second
from govern.web.panel.charts import qr
from govern.web.panel.confirm import PasskeyAsked, passkey_asked
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.security import OWN
from govern.web.panel.security_page import show_security
from govern.web.panel.views import View


class CodeForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first code of an authenticator app."""

    code: Annotated[str, msgspec.Meta(max_length=20)]


class PasskeyForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new passkey."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    passkey_step: Annotated[str, msgspec.Meta(max_length=200)]
    passkey_answer: Annotated[str, msgspec.Meta(max_length=20_000)]


class AppPage(View, frozen=True, kw_only=True):
    """An authenticator app that is being set up."""

    picture: Markup
    secret: str
    form: Form


class CodesPage(View, frozen=True, kw_only=True):
    """Recovery codes, this one time; `next` is where one goes on."""

    codes: Sequence[str]
    next: str


@post("/settings/security/authenticator", status_code=200, opt=OWN)
async def post_begin_app(desk: AtDesk) -> Response[str]:
    """Show a new secret, which counts once a code confirms it."""
    return await _app(desk, await begin_totp(actor=desk.actor, settings=desk.settings, now=desk.now), Form())


@post("/settings/security/authenticator/confirm", status_code=303, opt=OWN)
async def post_confirm_app(desk: AtDesk) -> Response[str] | Redirect:
    """Take the first code; whoever has no recovery codes gets ten."""
    form = await read_form(desk.request)
    try:
        data = form.read(CodeForm)
        codes = await confirm_totp(code=data.code, actor=desk.actor, now=desk.now)
    except Invalid as error:
        setup = await pending_totp(actor=desk.actor, settings=desk.settings, now=desk.now)
        return await _app(desk, setup, form.refuse(error)) if setup else go(SECURITY)
    return await _codes(desk, codes) if codes else go(f"{SECURITY}?done=authenticator")


@post("/settings/security/authenticator/remove", status_code=303, opt=OWN)
async def post_remove_app(desk: AtDesk) -> Response[str] | Redirect:
    """Forget the authenticator app."""
    try:
        await remove_totp(actor=desk.actor, settings=desk.settings, now=desk.now)
    except Conflict as error:
        return await show_security(desk, Form().refuse(error), at="authenticator")
    return go(f"{SECURITY}?done=no-authenticator")


@post("/settings/security/recovery-codes", status_code=200, opt=OWN)
async def post_codes(desk: AtDesk) -> Response[str]:
    """Make ten new recovery codes; the old ones are worth nothing from now on."""
    try:
        return await _codes(desk, await new_recovery_codes(actor=desk.actor, now=desk.now))
    except Conflict as error:
        return await show_security(desk, Form().refuse(error), at="codes")


@post("/settings/security/passkeys/begin", status_code=200, opt=OWN)
async def post_begin_passkey(desk: AtDesk) -> PasskeyAsked:
    """Ask the browser for a new passkey."""
    return passkey_asked(await begin_add_passkey(actor=desk.actor, settings=desk.settings, now=desk.now))


@post("/settings/security/passkeys", status_code=303, opt=OWN)
async def post_passkey(desk: AtDesk) -> Response[str] | Redirect:
    """Keep a new passkey's public half."""
    form = await read_form(desk.request)
    try:
        data = form.read(PasskeyForm)
        await finish_add_passkey(
            step=data.passkey_step,
            name=data.name,
            answer=data.passkey_answer,
            actor=desk.actor,
            settings=desk.settings,
            now=desk.now,
        )
    except (Invalid, Conflict) as error:
        return await show_security(desk, form.refuse(error), at="passkey")
    except StepOver:
        fault = FieldFault(reason=_("This took too long. Please try again."))
        return await show_security(desk, form.refuse(fault), at="passkey")
    return go(f"{SECURITY}?done=passkey")


@post("/settings/security/passkeys/{passkey:uuid}/remove", status_code=303, opt=OWN)
async def post_remove_passkey(desk: AtDesk, passkey: FromPath[UUID]) -> Response[str] | Redirect:
    """Forget a passkey."""
    try:
        await remove_passkey(passkey, actor=desk.actor, settings=desk.settings, now=desk.now)
    except Conflict as error:
        return await show_security(desk, Form().refuse(error), at="passkey")
    return go(f"{SECURITY}?done=no-passkey")


async def _app(desk: Desk, setup: TotpSetup, form: Form) -> Response[str]:
    secret = " ".join(setup.secret[at : at + 4] for at in range(0, len(setup.secret), 4))
    page = AppPage(picture=qr(setup.uri, _("Picture for the authenticator app")), secret=secret, form=form)
    title = _("Set up an authenticator app")
    return await desk.show("pages/authenticator.html", page, here="settings", title=title, status=form.status)


async def _codes(desk: Desk, codes: Sequence[str]) -> Response[str]:
    page = CodesPage(codes=codes, next=CONFIRM if must_prove_second(desk.session, desk.settings) else SECURITY)
    return await desk.show("pages/recovery_codes.html", page, here="settings", title=_("Your recovery codes"))


ROUTES = (
    post_begin_app,
    post_confirm_app,
    post_remove_app,
    post_codes,
    post_begin_passkey,
    post_passkey,
    post_remove_passkey,
)
