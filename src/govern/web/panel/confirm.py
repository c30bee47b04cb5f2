"""Signing in again, in the middle of something: what was typed is kept, and done once the proof is right."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap

from govern.domain.members import SignInDelayed, SignInFailed
from govern.errors import Denied, GovernError
from govern.services.passkeys import PasskeyRequest, begin_step_up_passkey
from govern.settings import Settings
from govern.web.auth import CONFIRM, PROOF, SAFE_METHODS, SECURITY, csrf_token
from govern.web.errors import answer_govern_error
from govern.web.guards import SecondFactorNeeded, find_signed_in, session_actor
from govern.web.later import Later
from govern.web.panel.desk import AtDesk, render_bare
from govern.web.panel.forms import Form, go, local_path
from govern.web.panel.i18n import error_sentence, in_language, speak
from govern.web.panel.i18n import gettext as _
from govern.web.panel.proof import FRESH_RULES, proof_of, typed_fields

_OWN = {"signed_in": "proves once more who is signed in"}
AnyRequest = Request[Any, Any, Any]


class PasskeyAsked(msgspec.Struct, frozen=True):
    """What a browser needs to ask a passkey: the step goes back with the answer."""

    step: str
    options: msgspec.Raw


@get("/confirm", opt=_OWN)
async def show_confirm(
    desk: AtDesk, back: Annotated[str, QueryParameter(name="next")] = ""
) -> Response[str] | Redirect:
    """Ask for a proof, then lead on; who is fresh is led on at once."""
    address = local_path(back)
    return go(address) if desk.fresh else await _ask(desk.request, Form(), fields=[("next", address)])


@post("/confirm", status_code=303, opt=_OWN)
async def post_confirm(desk: AtDesk) -> Response[str] | Redirect:
    """Lead on: the proof in the form was taken before this ran."""
    fields = await typed_fields(desk.request)
    if desk.fresh:
        return go(local_path(dict(fields).get("next")))
    return await _ask(desk.request, Form(errors={PROOF: _("Please fill this in.")}, status=422), fields=fields)


@post("/confirm/passkey", status_code=200, opt=_OWN)
async def post_begin(desk: AtDesk) -> PasskeyAsked:
    """Begin a proof by passkey; the answer travels in the form it is for."""
    asked = await begin_step_up_passkey(
        session_id=desk.session.id, actor=desk.actor, settings=desk.settings, now=desk.now
    )
    return passkey_asked(asked)


def passkey_asked(asked: PasskeyRequest) -> PasskeyAsked:
    return PasskeyAsked(step=asked.step, options=msgspec.Raw(asked.options.encode()))


def answer_denied(request: AnyRequest, error: Denied) -> Response[Any]:
    """Offer the proof that a refusal asks for; all other refusals are answered as everywhere."""
    if not str(error.data.get("rule") or "").startswith(FRESH_RULES):
        return answer_govern_error(request, error)
    return Later(partial(_ask_again, request, error))


def answer_failed(request: AnyRequest, error: SignInFailed) -> Response[Any]:
    """Ask again after a wrong proof: nothing was done, nothing typed is lost."""
    return Later(partial(_ask_again, request, error))


def answer_second_factor_needed(_request: AnyRequest, _error: SecondFactorNeeded) -> Redirect:
    """Lead to the page where a second factor is set up; it says why."""
    return go(SECURITY)


HANDLERS: ExceptionHandlersMap = {
    SecondFactorNeeded: answer_second_factor_needed,
    Denied: answer_denied,
    SignInFailed: answer_failed,
}


async def _ask_again(request: AnyRequest, error: Denied | SignInFailed) -> Response[Any]:
    session = await find_signed_in(request)
    if session is None or "hx-request" in request.headers:
        return answer_govern_error(request, error)
    speak(session.member.language)  # a wrong proof is found before the language is chosen
    form = _refused(error)
    if request.method in SAFE_METHODS:
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return await _ask(request, form, fields=[("next", local_path(address))], error=error)
    return await _ask(request, form, fields=await typed_fields(request), action=request.url.path, error=error)


def _refused(error: Denied | SignInFailed) -> Form:
    if isinstance(error, Denied):
        return Form(status=403)
    return Form(errors={PROOF: error_sentence(error)}, status=429 if isinstance(error, SignInDelayed) else 422)


async def _ask(
    request: AnyRequest,
    form: Form,
    *,
    fields: list[tuple[str, str]],
    action: str = CONFIRM,
    error: GovernError | None = None,
) -> Response[str]:
    session = await find_signed_in(request)
    if session is None:
        raise RuntimeError("only who is signed in can prove it again")
    settings: Settings = request.app.state.settings
    proof = await proof_of(session_actor(session), settings)
    seconds = error.data.get("seconds") if error else None
    return render_bare(
        request,
        "pages/confirm.html",
        status=form.status,
        headers={"retry-after": str(seconds)} if seconds else {},
        form=form,
        fields=fields,
        action=action,
        proof=proof,
        sentence=_sentence(error),
        back=_back(request),
        csrf=csrf_token(session.id, settings),
    )


def _sentence(error: GovernError | None) -> str:
    if isinstance(error, Denied):
        return in_language({"en": error.detail, "fr": error.data.get("sentence_fr")})
    return ""


def _back(request: AnyRequest) -> str:
    before = urlsplit(request.headers.get("referer", ""))
    return local_path(before.path + (f"?{before.query}" if before.query else ""))


ROUTES = (show_confirm, post_confirm, post_begin)
