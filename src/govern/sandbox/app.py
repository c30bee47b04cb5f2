"""The sandbox as an ASGI application: an X-compatible API, a control API, and pages for people."""

import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from govern import log, settings
from govern.sandbox import activity, authorize, control, dms, media, pages, posts, tokens, users, webhooks
from govern.sandbox.door import door, is_loopback
from govern.sandbox.gate import gate, headers_of
from govern.sandbox.problems import ApiError
from govern.sandbox.records import App
from govern.sandbox.server import DEFAULT_HOST, DEFAULT_PORT, check, make_server
from govern.sandbox.world import RETRIES, World

_X_API = (
    tokens.make_tokens,
    tokens.revoke,
    posts.create_post,
    posts.get_posts,
    posts.get_post,
    posts.delete_post,
    posts.hide_reply,
    users.get_users,
    users.get_me,
    users.get_user,
    users.get_user_by_handle,
    users.list_posts,
    users.list_mentions,
    dms.create_dm,
    dms.list_thread,
    dms.list_events,
    dms.get_event,
    media.upload,
    media.show_status,
    media.begin,
    media.append,
    media.finalize,
    media.describe,
    webhooks.register,
    webhooks.list_webhooks,
    webhooks.check_again,
    webhooks.remove,
    activity.subscribe,
    activity.list_subscriptions,
    activity.change,
    activity.unsubscribe,
    activity.unsubscribe_many,
)
_MAX_BODY = 1024 * 1024
_log = log.get(__name__)


def create_sandbox(
    *,
    state_file: Path | None = None,
    control_token: str | None = None,
    app_keys: tuple[str, str] | None = None,
    client_keys: tuple[str, str] | None = None,
    webhook_retries: tuple[float, ...] = RETRIES,
) -> Litestar:
    """Build a sandbox with its own state.

    `app_keys`, API key and secret, and `client_keys`, OAuth 2 client id and secret, are those of the one X app all
    accounts authorise; random unless given. `webhook_retries` are the seconds from one try to the next. `state_file` keeps everything, credentials included, over a restart. `control_token` is asked for by the control
    API and the pages when the sandbox listens beyond this machine.

    Raises:
        BrokenJournal: when the state file cannot be read.
    """
    (api_key, api_secret), (client_id, client_secret) = app_keys or ("", ""), client_keys or ("", "")
    app = App(api_key=api_key, api_secret=api_secret, client_id=client_id, client_secret=client_secret)
    world = World.build(state_file, app, webhook_retries)
    guard = door(control_token)

    async def the_world() -> World:
        return world

    return Litestar(
        route_handlers=[
            Router(path="/2", middleware=[gate(world)], route_handlers=_X_API),
            tokens.router(),
            authorize.router(guard),
            control.router(guard),
            pages.router(guard),
        ],
        dependencies={"world": Provide(the_world)},
        before_send=[headers_of(world)],
        lifespan=[lambda _app: world.courier.working()],
        exception_handlers={ApiError: _problem, HTTPException: _http, Exception: _unknown},
        request_max_body_size=_MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )


def run(
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    state_file: Path | None = None,
    allow_remote: bool = False,
    *,
    control_token: str | None = None,
) -> None:
    """Serve until stopped, with those of the X app's keys that the settings have.

    Beyond this machine the control API asks for a token, shown once at the start.

    Raises:
        SettingsError: where the sandbox has no place; see `check`.
        BrokenJournal: when the state file cannot be read.
    """
    found = settings.load()
    check(found, host=host, allow_remote=allow_remote)
    log.set_up(json=False)
    if not is_loopback(host) and control_token is None:
        control_token = secrets.token_urlsafe(24)
        _log.warning("sandbox.remote", use=f"Authorization: Bearer {control_token}")
    app = create_sandbox(
        state_file=state_file,
        control_token=control_token,
        app_keys=(found.x_api_key, found.x_api_secret),
        client_keys=(found.x_client_id, found.x_client_secret),
    )
    make_server(app, host=host, port=port).run()


def _answer(problem: ApiError) -> Response[dict[str, Any]]:
    asks = {"www-authenticate": 'Basic realm="X sandbox"'} if problem.asks_password else {}
    return Response(problem.body, status_code=problem.status, media_type="application/json", headers=asks)


def _problem(_request: Request[Any, Any, Any], problem: ApiError) -> Response[dict[str, Any]]:
    return _answer(problem)


def _http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """X has no 405: what it does not offer is not found."""
    status = (
        HTTPStatus.NOT_FOUND if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else HTTPStatus(error.status_code)
    )
    return _answer(ApiError(status, status.phrase))


def _unknown(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    _log.error("sandbox.failed", method=request.method, path=request.url.path, exc_info=error)
    return _answer(ApiError(500, "Internal Server Error"))
