"""From what happened to what it means: the exchange decides first, the exception only names the cause."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import aiohttp

from govern.xapi.client import Exchange
from govern.xapi.errors import (
    AuthLost,
    DuplicateClaimed,
    NoCredits,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    XError,
)
from govern.xapi.reasons import DUPLICATE, USAGE_CAP, reason_for

WINDOW = timedelta(minutes=15)
MAX_DETAIL = 500
_REFUSALS = frozenset({400, 403, 404})
# The first class that fits names the cause.
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientSSLError, "tls"),
    (aiohttp.ClientConnectorError, "connect"),
    (aiohttp.ConnectionTimeoutError, "connect_timeout"),
    (TimeoutError, "timeout"),
    (asyncio.CancelledError, "cancelled"),
    (aiohttp.ClientPayloadError, "reset"),
    (aiohttp.ClientConnectionError, "reset"),
    (ConnectionError, "reset"),
    (aiohttp.ClientError, "bad_answer"),
    (ValueError, "bad_answer"),
)


def failure(error: BaseException, *, exchange: Exchange, answer: object, operation: str) -> XError:
    """Say what a failed request means for the message. `answer` is the JSON of the answer, if there was any."""
    if isinstance(error, NotSent):
        return error
    if not exchange.connected:
        return NotSent(_cause(error), exchange=exchange)
    refusal = _refusal(exchange.status, _words(answer), exchange, operation)
    return refusal or OutcomeUnknown(_unknown(error, exchange.status), exchange=exchange)


def _refusal(status: int | None, words: str, exchange: Exchange, operation: str) -> XError | None:
    """Return what X's no means; None unless it surely is one."""
    folded = words.casefold()
    if status == 401:
        return AuthLost(exchange=exchange)
    if status == 402 or (status == 429 and any(cap in folded for cap in USAGE_CAP)):
        return NoCredits(exchange=exchange)
    if status == 429:
        reset_at = exchange.rate_reset_at or datetime.now(UTC) + WINDOW
        return RateLimited(reset_at, f"{operation}/{exchange.rate_window}", exchange=exchange)
    if status not in _REFUSALS or not words:
        return None
    if status == 403 and DUPLICATE in folded:
        return DuplicateClaimed(exchange=exchange)
    return Refused(reason_for(status, words), words, exchange=exchange)


def _unknown(error: BaseException, status: int | None) -> str:
    return _cause(error) if status is None or 200 <= status < 300 else f"http_{status}"


def _words(answer: object) -> str:
    """Return what X says in an error of a known form, RFC 7807 or a list of errors; empty for any other."""
    if not isinstance(answer, Mapping):
        return ""
    errors = answer.get("errors")
    problems = [answer, *(errors if isinstance(errors, list) else [])]
    said = [
        text
        for problem in problems
        if isinstance(problem, Mapping)
        for key in ("detail", "message")
        if isinstance(text := problem.get(key), str) and text
    ]
    return "; ".join(dict.fromkeys(said))[:MAX_DETAIL]


def _cause(error: BaseException) -> str:
    return next((cause for kind, cause in _CAUSES if isinstance(error, kind)), type(error).__name__)
