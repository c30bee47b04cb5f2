"""Before a handler runs: is somebody signed in, did the form come from our own page? The decision is the service's."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from litestar import Litestar
from litestar.handlers import BaseRouteHandler
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from govern.domain.actions import Action
from govern.domain.members import Actor, NotSignedIn, Via, member_actor
from govern.errors import N_, Denied, GovernError
from govern.services.sessions import SessionInfo, find_session
from govern.services.tokens import find_token
from govern.settings import Settings
from govern.web.auth import (
    CONFIRM,
    SAFE_METHODS,
    SECURITY,
    SIGN_OUT,
    AnyConnection,
    AnyRequest,
    bearer_token,
    check_csrf,
    check_one_credential,
    check_origin,
    is_api,
    opens_session,
    session_token,
)
from govern.web.proof import prove


class SecondFactorNeeded(Denied):
    """In production nothing but one's own security opens to a session that proved no more than a password."""

    code = "session.second_factor_needed"
    template = N_("A second factor is compulsory here. Set one up on your security page, or sign in with it.")

    def __init__(self) -> None:
        super().__init__(reason="second_factor", rule=None)


class UndeclaredRouteError(Exception):
    """A route says neither which action it is nor why it needs none: the application does not start."""


async def check_signed_in(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard of the whole application: find out who asks, unless the route is public and changes nothing.

    Raises:
        NotSignedIn, BothCredentials, CsrfFailed, SecondFactorNeeded
        SignInFailed: the form carried a proof that does not fit; nothing was done.
    """
    method, public = connection.scope.get("method", "GET"), "public" in handler.opt
    if method == "OPTIONS" or (public and method in SAFE_METHODS):
        return
    request = cast(AnyRequest, connection)  # we have no websockets
    check_one_credential(request, request.app.state.settings)
    if _shows_token(request):
        if not public:
            request.scope["user"] = await _token_actor(request)
        return
    await _check_session(request, method=str(method), public=public)


async def signed_in_actor(request: AnyRequest) -> Actor:
    """Return who acts: for handlers, and on a public page only for those who ask.

    Raises:
        NotSignedIn
    """
    if "user" in request.scope:
        return cast(Actor, request.scope["user"])
    if _shows_token(request):
        return await _token_actor(request)
    return session_actor(await signed_in_session(request))


async def signed_in_session(request: AnyRequest) -> SessionInfo:
    """Return the session of the panel's cookie.

    Raises:
        NotSignedIn: none, or one that ended.
    """
    session = await find_signed_in(request)
    if session is None:
        raise NotSignedIn
    return session


def session_actor(session: SessionInfo) -> Actor:
    """Return the member of a session, as it was signed in."""
    return member_actor(
        session.member.id,
        session.member.name,
        via=Via.PANEL,
        factors=session.factors,
        fresh=session.is_fresh(datetime.now(UTC)),
        seen=session.seen,
    )


def must_prove_second(session: SessionInfo, settings: Settings) -> bool:
    """Tell whether this session must show a second factor before the panel opens: in production all must."""
    return settings.production and not session.second_factor


async def find_signed_in(request: AnyRequest) -> SessionInfo | None:
    """Return the session of the panel's cookie if there is one."""
    if "auth" not in request.scope:
        token = session_token(request, request.app.state.settings)
        request.scope["auth"] = await find_session(token, now=datetime.now(UTC)) if token else None
    return cast(SessionInfo | None, request.scope["auth"])


def check_declared(app: Litestar) -> None:
    """Refuse to start with a route that declares no action.

    `opt={"action": Action.…}` (or several), `opt={"signed_in": "why"}` for one's own things, `opt={"public": "why"}`.

    Raises:
        UndeclaredRouteError: with all of them.
    """
    missing = [f"{handler} at {route.path}" for route, handler in handlers(app) if not _declared(handler)]
    if missing:
        raise UndeclaredRouteError("; ".join(missing))


def handlers(app: Litestar) -> Iterable[tuple[HTTPRoute, HTTPRouteHandler]]:
    """Give every handler with its route, but for the OPTIONS answers Litestar adds itself."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.http_methods != {"OPTIONS"}:
                    yield route, handler


def _declared(handler: HTTPRouteHandler) -> bool:
    action = handler.opt.get("action")
    if isinstance(action, Action):
        return True
    if isinstance(action, tuple):
        return bool(action) and all(isinstance(each, Action) for each in action)
    return any(isinstance(why := handler.opt.get(word), str) and why for word in ("public", "signed_in"))


def _shows_token(request: AnyRequest) -> bool:
    """Tell whether this is a program: the panel's own scripts ask the API with the session's cookie and `X-CSRF`."""
    return is_api(request) and session_token(request, request.app.state.settings) is None


async def _check_session(request: AnyRequest, *, method: str, public: bool) -> None:
    settings: Settings = request.app.state.settings
    session = await find_signed_in(request)
    if method not in SAFE_METHODS:
        check_origin(request, settings)
        if session is not None and not opens_session(request):
            session = request.scope["auth"] = await _check_form(request, session, settings)
    if session is not None:
        request.scope["user"] = session_actor(session)
        if not public and must_prove_second(session, settings) and not _may_before_second(request):
            raise SecondFactorNeeded
    elif not public:
        raise NotSignedIn


async def _check_form(request: AnyRequest, session: SessionInfo, settings: Settings) -> SessionInfo:
    """Check what a form says of itself, its CSRF token and a proof; a script's body is its handler's to read."""
    if is_api(request):
        await check_csrf(request, session.id, settings)
        return session
    try:
        await check_csrf(request, session.id, settings)
        return await prove(request, session, session_actor(session))
    except GovernError:
        await (await request.form()).close()  # its files: Litestar closes those of forms that reach a handler
        raise


def _may_before_second(request: AnyRequest) -> bool:
    path = request.scope["path"]
    return any(path == open_ or path.startswith(f"{open_}/") for open_ in (SECURITY, CONFIRM, SIGN_OUT))


async def _token_actor(request: AnyRequest) -> Actor:
    token = bearer_token(request)
    actor = await find_token(token, now=datetime.now(UTC)) if token else None
    if actor is None:
        raise NotSignedIn
    return actor
