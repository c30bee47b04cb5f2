"""What X tells beside the answer: limits, its clock, the id of the transaction."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from govern.domain.x_limits import Family, RateSeen
from govern.xapi.client import Exchange

_FAMILIES = {
    Family.WINDOW: "x-rate-limit",
    Family.USER_DAY: "x-user-limit-24hour",
    Family.APP_DAY: "x-app-limit-24hour",
}
_LAST_SECOND = 253_402_300_799  # 9999-12-31: what a datetime can hold


def read_headers(exchange: Exchange, headers: Mapping[str, str]) -> None:
    """Note what the headers say; one that makes no sense says nothing."""
    exchange.transaction_id = headers.get("x-transaction-id")
    exchange.date = _date(headers.get("Date"))
    rates = [rate for family in _FAMILIES if (rate := _rate(family, headers)) is not None]
    if not rates:
        return
    tightest = _tightest(rates)
    exchange.rates = tuple(rates)
    exchange.rate_window = tightest.family.value
    exchange.rate_limit = tightest.limit
    exchange.rate_remaining = tightest.remaining
    exchange.rate_reset_at = tightest.reset_at


def _tightest(rates: list[RateSeen]) -> RateSeen:
    """Return the spent limit that opens last; with none spent, the first X names."""
    spent = [rate for rate in rates if rate.remaining == 0]
    return max(spent, key=lambda rate: rate.reset_at or datetime.min.replace(tzinfo=UTC)) if spent else rates[0]


def _rate(family: Family, headers: Mapping[str, str]) -> RateSeen | None:
    limit, remaining, reset = (
        _number(headers.get(f"{_FAMILIES[family]}-{part}")) for part in ("limit", "remaining", "reset")
    )
    if limit is None and remaining is None and reset is None:
        return None
    reset_at = None if reset is None else datetime.fromtimestamp(reset, UTC)
    return RateSeen(family=family, limit=limit, remaining=remaining, reset_at=reset_at)


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > len(str(_LAST_SECOND)):
        return None
    return min(int(text), _LAST_SECOND)


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None
