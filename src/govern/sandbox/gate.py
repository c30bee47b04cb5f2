"""What every request to the X API passes: credentials, rate window, credits, faults; and the headers of every answer."""

import re
import secrets
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from govern.sandbox.access import Kind
from govern.sandbox.effects import Play, Told
from govern.sandbox.faults import Call
from govern.sandbox.limits import LimitError, Window
from govern.sandbox.problems import ApiError, no_credits
from govern.sandbox.world import World

_TOLD = "govern.sandbox.told"
_NO_TEXT = "/2/media/"


def gate(world: World) -> Callable[[ASGIApp], ASGIApp]:
    """Build the middleware that stands before the X API; a function, because Litestar copies objects it is given."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            assert scope["type"] == ScopeType.HTTP  # noqa: S101 - there are no other routes
            await _pass(world, app, scope, receive, send)

        return guarded

    return wrap


async def _pass(world: World, app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
    route = _route(scope)
    caller = scope["auth"] = world.callers.let_in(scope, route)
    scope["user"] = caller.user
    told = scope["state"][_TOLD] = Told()
    try:
        told.window = world.windows.spend(caller.user.id, route, world.clock.now())
    except LimitError as reached:
        told.window = reached.window
        raise ApiError(429, "Too Many Requests") from reached
    if caller.kind is not Kind.NONE and world.ledger.empty:
        raise no_credits(caller.user.id)
    fault = world.faults.take(await _call(scope, receive, caller.user.handle))
    if fault is None:
        await app(scope, receive, send)
    else:
        await Play(fault, caller, world, told).run(app, scope, receive, send)


def headers_of(world: World) -> Any:
    """Return the hook that completes every answer's headers."""

    async def complete(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders(message)
        told: Told = scope["state"].get(_TOLD) or Told()
        headers["date"] = format_datetime(world.clock.now() + told.skew, usegmt=True)
        headers["x-transaction-id"] = secrets.token_hex(8)
        _tell(headers, "x-rate-limit", told.window)
        _tell(headers, "x-user-limit-24hour", told.day)

    return complete


def _tell(headers: MutableScopeHeaders, family: str, window: Window | None) -> None:
    if window is not None:
        headers[f"{family}-limit"] = str(window.limit)
        headers[f"{family}-remaining"] = str(window.remaining)
        headers[f"{family}-reset"] = str(int(window.resets_at.timestamp()))


def _route(scope: HTTPScope) -> str:
    return f"{scope['method']} {re.sub(r'{[^}]*}', '{}', scope['path_template'])}"


async def _call(scope: HTTPScope, receive: Receive, account: str) -> Call:
    body = b"" if scope["path"].startswith(_NO_TEXT) else await Request[Any, Any, Any](scope, receive).body()
    try:
        sent = msgspec.json.decode(body or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError):
        sent = None
    text = sent.get("text") if isinstance(sent, dict) else None
    return Call(method=scope["method"], path=scope["path"], account=account, text=str(text or ""))
