"""What a fault does to a request: answers other than X's own, and connections cut for real."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import msgspec
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from govern.sandbox import problems
from govern.sandbox.access import Caller
from govern.sandbox.fault_kinds import FaultKind
from govern.sandbox.faults import Fault
from govern.sandbox.limits import Window
from govern.sandbox.problems import ApiError
from govern.sandbox.query import LAG, Lag
from govern.sandbox.records import Expired, Revoked
from govern.sandbox.world import World

DROP = "govern.sandbox.drop"
"""The ASGI extension with which the sandbox's server lets an application cut its connection."""
_OVERLOADED = b"<!DOCTYPE html><title>X / Over capacity</title><h1>Over capacity</h1><p>Please try again.</p>"
_UNAVAILABLE = b'{"title":"Service Unavailable","detail":"Service Unavailable","type":"about:blank","status":503}'
_HTML = b"text/html; charset=utf-8"
_JSON = b"application/json"
_OTHER_ANSWERS = frozenset(
    {
        FaultKind.HTML_503,
        FaultKind.UNAVAILABLE,
        FaultKind.EMPTY_200,
        FaultKind.BAD_JSON_201,
        FaultKind.REDIRECT_307,
    }
)
_DAY_LIMIT = 100


class Told(msgspec.Struct):
    """What the headers of an answer say, beside the answer: kept in the scope of its request."""

    window: Window | None = None
    day: Window | None = None
    skew: timedelta = timedelta()


class Play:
    """One request that meets a fault."""

    def __init__(self, fault: Fault, caller: Caller, world: World, told: Told) -> None:
        self._fault = fault
        self._caller = caller
        self._world = world
        self._told = told

    async def run(self, app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Let the request meet its fault.

        Raises:
            ApiError: for the kinds that X answers with an error in JSON.
        """
        fault = self._fault
        if fault.commits is None:
            self._beside(scope)
            await app(scope, receive, send)
            return
        held: list[Message] = []
        if fault.commits:
            await app(scope, receive, _hold(held))
        match fault.kind:
            case FaultKind.COMMIT_THEN_DROP | FaultKind.DROP_BEFORE_COMMIT:
                await _drop(scope, receive)
            case FaultKind.COMMIT_THEN_SLOW:
                await _answer_late(held, fault.seconds, receive, send)
            case FaultKind.TRUNCATED:
                await _cut_short(held, scope, receive, send)
            case kind if kind in _OTHER_ANSWERS:
                await _send_other(fault.kind, scope, send)
            case _:
                raise self._refusal()

    def _beside(self, scope: HTTPScope) -> None:
        """Change what the request sees or tells, and let it pass."""
        fault = self._fault
        if fault.kind is FaultKind.CLOCK_SKEW:
            self._told.skew = timedelta(seconds=fault.seconds)
        else:
            since = self._world.clock.now() - timedelta(seconds=fault.seconds)
            scope["state"][LAG] = Lag(since, fault.order.match.text)

    def _refusal(self) -> ApiError:
        refusals: dict[FaultKind, Callable[[], ApiError]] = {
            FaultKind.RATE_LIMIT: self._limited,
            FaultKind.RATE_LIMIT_88: self._limited,
            FaultKind.RATE_LIMIT_DAY: self._limited,
            FaultKind.USAGE_CAP: lambda: problems.usage_capped(self._caller.user.id),
            FaultKind.NO_CREDITS: lambda: problems.no_credits(self._caller.user.id),
            FaultKind.EXPIRE_TOKEN: self._worthless,
            FaultKind.REVOKE_TOKEN: self._worthless,
            FaultKind.SUSPENDED: lambda: ApiError(403, problems.SUSPENDED),
            FaultKind.REFUSE: problems.forbidden,
        }
        return refusals[self._fault.kind]()

    def _limited(self) -> ApiError:
        opens = self._world.clock.now() + timedelta(seconds=self._fault.seconds)
        if self._fault.kind is FaultKind.RATE_LIMIT_DAY:
            self._told.day = Window(_DAY_LIMIT, 0, opens)
        else:
            self._told.window = Window(1, 0, opens)
        if self._fault.kind is FaultKind.RATE_LIMIT_88:
            return problems.bare(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]})
        return ApiError(429, "Too Many Requests")

    def _worthless(self) -> ApiError:
        """Spoil the OAuth 2 token that was used; keys of OAuth 1.0a are only refused this once."""
        if self._caller.grant is not None:
            if self._fault.kind is FaultKind.EXPIRE_TOKEN:
                self._world.state.add(Expired(access=self._caller.token))
            else:
                self._world.state.add(Revoked(grant=self._caller.grant, by_user=True))
        return problems.unauthorized()


async def _drop(scope: HTTPScope, receive: Receive) -> None:
    cut: Callable[[], None] | None = (scope.get("extensions") or {}).get(DROP)  # type: ignore[assignment]
    if cut is None:
        raise ApiError(500, "This server cannot cut a connection; start the sandbox with govern.sandbox.server.")
    cut()
    await _gone(receive)


async def _answer_late(held: list[Message], seconds: float, receive: Receive, send: Send) -> None:
    try:
        await asyncio.wait_for(_gone(receive), seconds)
    except TimeoutError:
        for message in held:
            await send(message)


async def _cut_short(held: list[Message], scope: HTTPScope, receive: Receive, send: Send) -> None:
    """Send the head, which promises a whole answer, and half of it."""
    for message in held:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            break
        await send(message)
    await _drop(scope, receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _hold(held: list[Message]) -> Send:
    async def hold(message: Message) -> None:
        held.append(message)

    return hold


async def _send_other(kind: FaultKind, scope: HTTPScope, send: Send) -> None:
    match kind:
        case FaultKind.HTML_503:
            await _send(send, 503, _OVERLOADED, content_type=_HTML)
        case FaultKind.UNAVAILABLE:
            await _send(send, 503, _UNAVAILABLE, content_type=_JSON)
        case FaultKind.EMPTY_200:
            await _send(send, 200, b"", content_type=_JSON)
        case FaultKind.BAD_JSON_201:
            await _send(send, 201, b'{"data":{"id":"19', content_type=_JSON)
        case _:
            await _send(send, 307, b"", location=scope["raw_path"])


async def _send(send: Send, status: int, body: bytes, **headers: bytes) -> None:
    lines = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body, "more_body": False})
