"""Who acts proves it in the same form: one POST refreshes the session, then does what the form is about."""

from datetime import UTC, datetime

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from govern.domain.members import Actor
from govern.services.passkeys import finish_step_up_passkey
from govern.services.sessions import SessionInfo, SignedIn
from govern.services.step_up import step_up
from govern.settings import Settings
from govern.web.auth import PASSKEY_ANSWER, PASSKEY_STEP, PROOF, AnyRequest, client_address, session_cookie

_COOKIE = "govern_fresh_cookie"


async def prove(request: AnyRequest, session: SessionInfo, actor: Actor) -> SessionInfo:
    """Refresh the session if the form carries a proof, before any handler runs; the old cookie dies at once.

    Raises:
        SignInFailed: the proof is wrong, or its time is over; nothing else is done.
        SignInDelayed: too many wrong ones.
    """
    form = await request.form()
    secret, step, answer = (str(form.get(name) or "") for name in (PROOF, PASSKEY_STEP, PASSKEY_ANSWER))
    settings: Settings = request.app.state.settings
    now = datetime.now(UTC)
    if step and answer:
        signed = await finish_step_up_passkey(
            step=step, answer=answer, session_id=session.id, actor=actor, settings=settings, now=now
        )
    elif secret:
        signed = await step_up(
            session_id=session.id,
            secret=secret,
            actor=actor,
            address=client_address(request),
            settings=settings,
            now=now,
        )
    else:
        return session
    keep_cookie(request, signed)
    return signed.session


def keep_cookie(request: AnyRequest, signed: SignedIn) -> None:
    """Let whatever is answered carry the cookie of a session whose secret was changed."""
    cookie = session_cookie(signed.token, request.app.state.settings)
    request.scope["state"][_COOKIE] = cookie.to_header(header="").strip()


async def send_fresh_cookie(message: Message, scope: Scope) -> None:
    """Hook of the application, before anything is sent: a refusal after a right proof keeps the proof."""
    cookie = scope.get("state", {}).get(_COOKIE)
    if cookie is not None and message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        if not any(each.startswith(f"{cookie.partition('=')[0]}=") for each in headers.getall("set-cookie", [])):
            headers.add("set-cookie", cookie)
