"""Around every request, also those that find no route: its id, the security headers, one line in the log."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from govern import log
from govern.domain.ids import uuid7
from govern.services.audit.receipts import Receipt, kept_receipts
from govern.settings import Settings
from govern.web.auth import WELCOME

logger = log.get(__name__)
MOST_RECEIPTS = 50

# panel.md 10. No nonce and no `data:`: nothing inline exists.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
_HSTS = {"strict-transport-security": "max-age=31536000; includeSubDomains"}


class RequestContext:
    """Wraps the whole application, since Litestar's middleware is not called for an address without a route."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._headers = {**_HEADERS, **(_HSTS if settings.production else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        api = scope["path"].startswith("/api/")
        if api:
            scope["query_string"] = without_blanks(scope["query_string"])
        request_id, started, status = str(uuid7(datetime.now(UTC))), time.perf_counter(), 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                ours = {**self._headers, "x-request-id": request_id, **(_told(receipts) if api else {})}
                message["headers"] = _added(message["headers"], ours)
            await send(message)

        bound = {"request": request_id, "method": scope["method"], "path": shown_path(scope["path"])}
        with structlog.contextvars.bound_contextvars(**bound), kept_receipts() as receipts:
            try:
                await self._app(scope, receive, send_with_headers)
            finally:
                spent = round((time.perf_counter() - started) * 1000, 1)
                logger.info("http.request", status=status, ms=spent)


def without_blanks(query: bytes) -> bytes:
    """Drop filters left empty: `?state=&q=x` asks for what `?q=x` asks for."""
    return b"&".join(part for part in query.split(b"&") if not part.endswith(b"=") or part.count(b"=") > 1)


def shown_path(path: str) -> str:
    """Return the path as the log may keep it: a one-time link is a secret."""
    return f"{WELCOME}/…" if path.startswith(f"{WELCOME}/") else path


def request_id() -> str:
    """Return the id of the request being answered."""
    return str(structlog.contextvars.get_contextvars().get("request", ""))


def _told(receipts: Sequence[Receipt]) -> dict[str, str]:
    """Name the entries that the request wrote, in their order: who keeps both headers can demand the proofs later."""
    if not receipts:
        return {}
    return {
        "govern-entry": ", ".join(str(each.entry_id) for each in receipts[:MOST_RECEIPTS]),
        "govern-leaf-hash": ", ".join(each.leaf_hash.hex() for each in receipts[:MOST_RECEIPTS]),
    }


def _added(given: object, ours: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Add headers that the answer does not set itself: static files may be cached, all else may not."""
    headers = list(given) if isinstance(given, list | tuple) else []
    present = {name.lower() for name, _ in headers}
    headers.extend((name.encode(), value.encode()) for name, value in ours.items() if name.encode() not in present)
    return headers
