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
from govern.services.sessions import SessionInfo, find_session
from govern.services.tokens import find_token
from govern.settings import Settings
from govern.web.auth import (
    SAFE_METHODS,
    SIGN_IN,
    AnyConnection,
    AnyRequest,
    bearer_token,
    check_csrf,
    check_one_credential,
    check_origin,
    is_api,
    session_token,
)


class UndeclaredRouteError(Exception):
    """A route says neither which action it is nor why it needs none: the application does not start."""


async def check_signed_in(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard of the whole application: find out who asks, unless the route is public and changes nothing.

    Raises:
        NotSignedIn, BothCredentials, CsrfFailed
    """
    method, public = connection.scope.get("method", "GET"), "public" in handler.opt
    if method == "OPTIONS" or (public and method in SAFE_METHODS):
        return
    request = cast(AnyRequest, connection)  # we have no websockets
    check_one_credential(request, request.app.state.settings)
    if is_api(request):
        if not public:
            request.scope["user"] = await _token_actor(request)
        return
    await _check_panel(request, method=str(method), public=public)


async def signed_in_actor(request: AnyRequest) -> Actor:
    """Return who acts: for handlers, and on a public page only for those who ask.

    Raises:
        NotSignedIn
    """
    if "user" in request.scope:
        return cast(Actor, request.scope["user"])
    if is_api(request):
        return await _token_actor(request)
    return _session_actor(await signed_in_session(request))


async def signed_in_session(request: AnyRequest) -> SessionInfo:
    """Return the session of the panel's cookie.

    Raises:
        NotSignedIn: none, or one that ended.
    """
    session = await find_signed_in(request)
    if session is None:
        raise NotSignedIn
    return session


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


async def _check_panel(request: AnyRequest, *, method: str, public: bool) -> None:
    settings: Settings = request.app.state.settings
    session = await find_signed_in(request)
    if method not in SAFE_METHODS:
        check_origin(request, settings)
        # Signing in anew needs no token: the form was made before there was a session.
        if session is not None and request.scope["path"] != SIGN_IN:
            await check_csrf(request, session.id, settings)
    if session is not None:
        request.scope["user"] = _session_actor(session)
    elif not public:
        raise NotSignedIn


async def _token_actor(request: AnyRequest) -> Actor:
    token = bearer_token(request)
    actor = await find_token(token, now=datetime.now(UTC)) if token else None
    if actor is None:
        raise NotSignedIn
    return actor


def _session_actor(session: SessionInfo) -> Actor:
    return member_actor(session.member.id, session.member.name, via=Via.PANEL, factors=tuple(session.factors))
