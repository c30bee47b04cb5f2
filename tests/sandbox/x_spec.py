"""Compare the sandbox's traffic with a copy of X's OpenAPI file: `make check-x-spec SPEC=path/to/openapi.json`.

The file has no free licence, so none is here: a developer reads X's own. Answers below 400 are compared, and the
requests that got them; X's real errors fit no schema of the file, and fixtures pin those.
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar.types import ASGIApp, Receive, Send
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

HOST = "https://api.x.com"
JSON = "application/json"


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer, as they were on the wire."""

    method: str
    path: str
    query: str
    body: bytes
    content_type: str
    status: int
    answer: bytes
    answer_type: str


class Recorder:
    """Keeps what passes through an ASGI application below `/2/`."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def around(self, inner: ASGIApp) -> ASGIApp:
        """Return the application with ears."""

        async def app(scope: Any, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].startswith("/2/"):
                await inner(scope, receive, send)
                return
            asked, told = bytearray(), bytearray()
            start: dict[str, Any] = {"status": 0, "headers": ()}

            async def hear() -> Any:
                event: Any = await receive()
                asked.extend(event.get("body", b""))
                return event

            async def tell(event: Any) -> None:
                if event["type"] == "http.response.start":
                    start.update(event)
                told.extend(event.get("body", b""))
                await send(event)

            await inner(scope, hear, tell)
            self.exchanges.append(
                Exchange(
                    method=scope["method"],
                    path=scope["path"],
                    query=scope["query_string"].decode(),
                    body=bytes(asked),
                    content_type=_type_of(scope["headers"]),
                    status=start["status"],
                    answer=bytes(told),
                    answer_type=_type_of(start["headers"]),
                )
            )

        return app


class Specification:
    """X's OpenAPI file, read so that openapi-core takes it: no doubled enum values, no security schemes."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._openapi: Any = OpenAPI.from_dict(_fit(document))

    @classmethod
    def read(cls, path: Path) -> "Specification":
        return cls(json.loads(path.read_text()))

    def faults(self, exchanges: list[Exchange]) -> Iterator[str]:
        """Yield one line for each exchange that the file does not allow."""
        for exchange in exchanges:
            if exchange.status < 300:
                yield from self._faults(exchange)

    def _faults(self, exchange: Exchange) -> Iterator[str]:
        request: Any = MockRequest(
            HOST,
            exchange.method.lower(),
            exchange.path,
            args=dict(parse_qsl(exchange.query)),
            data=exchange.body or None,
            content_type=exchange.content_type or JSON,
        )
        response: Any = MockResponse(exchange.answer, status_code=exchange.status, content_type=exchange.answer_type)
        for side, check in (
            ("asks", partial(self._openapi.validate_request, request)),
            ("answers", partial(self._openapi.validate_response, request, response)),
        ):
            try:
                check()
            except OpenAPIError as error:
                yield f"{exchange.method} {exchange.path} {side}: {_reason(error)}"


def _reason(error: BaseException) -> str:
    """Name the innermost causes: the outer ones only say that something is invalid."""
    schema_errors = getattr(error.__cause__, "schema_errors", None) or ()
    return "; ".join(one.message for one in schema_errors) or str(error.__cause__ or error)


def _fit(node: Any) -> Any:
    if isinstance(node, dict):
        fitted = {key: _fit(value) for key, value in node.items() if key != "security"}
        if isinstance(fitted.get("enum"), list):
            fitted["enum"] = list(dict.fromkeys(fitted["enum"]))
        return fitted
    return [_fit(item) for item in node] if isinstance(node, list) else node


def _type_of(headers: Any) -> str:
    found = {bytes(name).lower(): bytes(value).decode() for name, value in headers}
    return found.get(b"content-type", "")
