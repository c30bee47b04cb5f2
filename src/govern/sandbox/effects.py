"""What a fault does to a request: answers other than X's own, and connections cut for real."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from govern.sandbox.faults import Fault, FaultKind
from govern.sandbox.limits import LimitError, Window
from govern.sandbox.problems import ApiError, no_credits, unauthorized
from govern.sandbox.records import User
from govern.sandbox.world import World

DROP = "govern.sandbox.drop"
"""The ASGI extension with which the sandbox's server lets an application cut its connection."""
_SLOW_S = 45.0
_WINDOW_S = 5.0
_OVERLOADED = b"<!DOCTYPE html><title>X / Over capacity</title><h1>Over capacity</h1><p>Please try again.</p>"


async def play(
    fault: Fault, caller: User, world: World, app: ASGIApp, *, scope: HTTPScope, receive: Receive, send: Send
) -> None:
    """Let one request meet a fault.

    Raises:
        ApiError: for the kinds that X answers with an error in JSON.
        LimitError: for `rate_limit`.
    """
    match fault.kind:
        case FaultKind.COMMIT_THEN_DROP:
            await app(scope, receive, _hold([]))
            await _drop(scope, receive)
        case FaultKind.COMMIT_THEN_SLOW:
            await _answer_late(fault, app, scope, receive, send)
        case FaultKind.BAD_JSON_201:
            await app(scope, receive, _hold([]))
            await _send(send, 201, b'{"data":{"id":"19', content_type=b"application/json")
        case FaultKind.DROP_BEFORE_COMMIT:
            await _drop(scope, receive)
        case FaultKind.HTML_503:
            await _send(send, 503, _OVERLOADED, content_type=b"text/html; charset=utf-8")
        case FaultKind.REDIRECT_307:
            await _send(send, 307, b"", location=scope["raw_path"])
        case _:
            raise _refusal(fault, caller, world)


def _refusal(fault: Fault, caller: User, world: World) -> Exception:
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            opens = world.clock.now() + timedelta(seconds=fault.seconds or _WINDOW_S)
            return LimitError(Window(limit=1, remaining=0, resets_at=opens))
        case FaultKind.NO_CREDITS:
            return no_credits(caller.id)
        case FaultKind.REVOKE_TOKEN:
            return unauthorized()
        case FaultKind.REFUSE:
            return ApiError(403, "Forbidden")
        case _:
            return ApiError(503, "Service Unavailable")


async def _drop(scope: HTTPScope, receive: Receive) -> None:
    cut: Callable[[], None] | None = (scope.get("extensions") or {}).get(DROP)  # type: ignore[assignment]
    if cut is None:
        raise ApiError(500, "This server cannot cut a connection; start the sandbox with govern.sandbox.server.")
    cut()
    await _gone(receive)


async def _answer_late(fault: Fault, app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
    held: list[Message] = []
    await app(scope, receive, _hold(held))
    try:
        await asyncio.wait_for(_gone(receive), fault.seconds or _SLOW_S)
    except TimeoutError:
        for message in held:
            await send(message)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _hold(held: list[Message]) -> Send:
    async def hold(message: Message) -> None:
        held.append(message)

    return hold


async def _send(send: Send, status: int, body: bytes, **headers: bytes) -> None:
    lines = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body, "more_body": False})
