"""One request to X over aiohttp: rebased after signing, on a connection of its own, behind a gate."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from json import dumps as encode
from time import monotonic
from types import SimpleNamespace
from typing import Any, Self

import aiohttp
from yarl import URL

from govern.settings import REAL_X_HOSTS
from govern.xapi.client import Exchange
from govern.xapi.errors import NotSent
from govern.xapi.headers import read_headers

CONNECT_TIMEOUT = timedelta(seconds=5)
API = URL("https://api.x.com")
"""Where the real X takes requests that carry a bearer token."""


def parse_address(text: str) -> URL:
    """Read the address of X: scheme, host and port, nothing after them.

    Raises:
        ValueError: it is something else. An empty address never means the real X.
    """
    url = URL(text)
    if url.scheme not in {"http", "https"} or not url.host or url.raw_path_qs not in {"", "/"} or url.user:
        raise ValueError(f"GOVERN_X_BASE_URL must be an address such as https://api.x.com, not {text!r}.")
    return url


def rebase(url: URL, address: URL, *, signed: bool = True) -> URL:
    """Point a URL at another server. Path and query stay byte for byte, or the signature breaks.

    The real X verifies a signature against the host that tweepy signs, so there a signed URL stays as it is; what
    carries a bearer token goes to `API` (`x.md` 2).
    """
    if address.host in REAL_X_HOSTS:
        if signed:
            return url
        address = API
    return URL.build(
        scheme=address.scheme,
        authority=address.raw_authority,
        path=url.raw_path,
        query_string=url.raw_query_string,
        encoded=True,
    )


class _GatedConnector(aiohttp.TCPConnector):
    """One fresh connection, handed out only before `write_before`.

    The gate stands here and not in a trace of aiohttp's: an error raised in `on_connection_create_end` leaves the
    new connection open with no owner. aiohttp also repeats a PUT or DELETE whose connection dropped, whatever
    `force_close` says: a second connection is refused.
    """

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(force_close=True)
        self._exchange = exchange

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's
    ) -> aiohttp.connector.Connection:
        if self._exchange.connected:
            raise aiohttp.ClientConnectionError("a request is never repeated")
        connection = await super().connect(req, traces, timeout)
        write_before = self._exchange.write_before
        if write_before is not None and datetime.now(UTC) > write_before:
            connection.close()
            raise NotSent("late", exchange=self._exchange)  # nothing was written
        self._exchange.connected = True  # from here on, silence means "unknown"
        return connection


class XSession:
    """What tweepy takes for its aiohttp session. It serves one request, and `exchange` tells how that went."""

    def __init__(
        self, address: URL, *, timeout: timedelta, write_before: datetime | None = None, signed: bool = True
    ) -> None:
        self.exchange = Exchange(write_before=write_before)
        self._address = address
        self._timeout = timeout
        self._signed = signed
        self._response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._note)
        total = self._timeout.total_seconds()
        self._session = aiohttp.ClientSession(
            connector=_GatedConnector(self.exchange),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=total, connect=min(CONNECT_TIMEOUT.total_seconds(), total)),
            trace_configs=[trace],
        )
        self._started = monotonic()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.exchange.duration_ms = round((monotonic() - self._started) * 1000)
        await self._session.close()

    def request(
        self,
        method: str,
        url: URL | str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        headers: Mapping[str, str],
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Answer tweepy's one call. Where it signs, `params` are None: they are in the URL."""
        if self._signed and params is not None:
            raise ValueError("only signed URLs go to X")
        target = rebase(URL(str(url), encoded=True), self._address, signed=self._signed)
        body = None if json is None else BytesIO(encode(json).encode())  # bytes of over 1 MiB aiohttp warns of
        return self._session.request(method, target, params=params, data=body, headers=headers, allow_redirects=False)

    async def answer(self) -> object:
        """Return the JSON that X answered, None if there is none to read. The body is here already, or lost."""
        if self._response is None:
            return None
        try:
            return await self._response.json()
        except (aiohttp.ClientError, ValueError, RecursionError):
            return None

    async def _note(
        self, _session: aiohttp.ClientSession, _ctx: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        self._response = params.response
        self.exchange.status = params.response.status
        read_headers(self.exchange, params.response.headers)
