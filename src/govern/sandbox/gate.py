"""What every request to the X API passes: signature, rate window, faults; and the headers of every answer."""

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

from govern.sandbox.effects import play
from govern.sandbox.faults import Call
from govern.sandbox.limits import LimitError, Window
from govern.sandbox.problems import ApiError
from govern.sandbox.world import World

_WINDOW = "govern.sandbox.window"


def gate(world: World) -> Callable[[ASGIApp], ASGIApp]:
    """Build the middleware that stands before the X API; a function, because Litestar copies objects it is given."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            assert scope["type"] == ScopeType.HTTP  # noqa: S101 - there are no other routes
            await _pass(world, app, scope, receive, send)

        return guarded

    return wrap


async def _pass(world: World, app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
    caller = scope["user"] = world.verifier.caller(scope)
    try:
        scope["state"][_WINDOW] = world.windows.spend(caller.id, _route(scope), world.clock.now())
        fault = world.faults.take(await _call(scope, receive, caller.handle))
        if fault is None:
            await app(scope, receive, send)
        else:
            await play(fault, caller, world, app, scope=scope, receive=receive, send=send)
    except LimitError as reached:
        scope["state"][_WINDOW] = reached.window
        raise ApiError(429, "Too Many Requests") from reached


def headers_of(world: World) -> Any:
    """Return the hook that completes every answer's headers."""

    async def complete(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders(message)
        headers["date"] = format_datetime(world.clock.now(), usegmt=True)
        headers["x-transaction-id"] = secrets.token_hex(8)
        window: Window | None = scope["state"].get(_WINDOW)
        if window is not None:
            headers["x-rate-limit-limit"] = str(window.limit)
            headers["x-rate-limit-remaining"] = str(window.remaining)
            headers["x-rate-limit-reset"] = str(int(window.resets_at.timestamp()))

    return complete


def _route(scope: HTTPScope) -> str:
    return f"{scope['method']} {re.sub(r'{[^}]*}', '{}', scope['path_template'])}"


async def _call(scope: HTTPScope, receive: Receive, account: str) -> Call:
    body = await Request[Any, Any, Any](scope, receive).body()
    try:
        sent = msgspec.json.decode(body or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError):
        sent = None
    text = sent.get("text") if isinstance(sent, dict) else None
    return Call(method=scope["method"], path=scope["path"], account=account, text=str(text or ""))
