"""An answer to an error that must ask the database first: Litestar calls error handlers without awaiting them."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Litestar, Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

Make = Callable[[], Awaitable[Response[Any]]]


class Later(Response[None]):
    """Made when it is sent."""

    def __init__(self, make: Make) -> None:
        super().__init__(content=None)
        self._make = make

    def to_asgi_response(
        self,
        app: Litestar | None,  # noqa: ARG002 - Litestar's own signature
        request: Request[Any, Any, Any],
        **_: Any,
    ) -> ASGIResponse:
        return _LaterAsgi(self._make, request)


class _LaterAsgi(ASGIResponse):
    def __init__(self, make: Make, request: Request[Any, Any, Any]) -> None:
        super().__init__()
        self._make = make
        self._request = request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        made = await self._make()
        await made.to_asgi_response(app=None, request=self._request)(scope, receive, send)
