"""What X's API costs, by `policies/x.toml`, and how much a month may cost: estimates, X's bill is the truth."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import msgspec

from govern.domain.messages import Kind

MICRO = 1_000_000
"""Money is kept in millionths of a US dollar, in whole numbers."""
FULL = 100


class CostKind(StrEnum):
    """What a cost was for."""

    POST = "post"
    """A post, quote or answer without a link."""
    POST_WITH_URL = "post_with_url"
    """One with a link."""
    SUMMONED_REPLY = "summoned_reply"
    """An answer to who named us, without a link."""
    DM = "dm"
    """A private message."""
    MEDIA_METADATA = "media_metadata"
    """The description of an image."""
    READ_POST = "read_post"
    """A post that was read, ours or not."""
    READ_DM = "read_dm"
    """A private message that was read."""
    READ_USER = "read_user"
    """A person's profile that was read."""


READS = frozenset({CostKind.READ_POST, CostKind.READ_DM, CostKind.READ_USER})


class Prices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What X's API asks for each thing, in millionths of a dollar, as of a day."""

    as_of: date
    post: int
    post_with_url: int
    summoned_reply: int
    dm: int
    media_metadata: int
    read_post: int
    read_dm: int
    read_user: int

    @property
    def times(self) -> int:
        """How many plain posts one with a URL costs."""
        return round(self.post_with_url / self.post)

    def of(self, kind: CostKind) -> int:
        price: int = getattr(self, kind.value)
        return price


class Ceilings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a month may cost at most, in whole US dollars; None: no ceiling. Months are those of UTC.

    `account` holds for each account that has none of its own. `answers_reserve_percent` is what answers may spend
    beyond a ceiling that has stopped all else.
    """

    company: int | None = None
    account: int | None = None
    reads: int | None = None
    answers_reserve_percent: int = 10
    warn_percent: int = 80


class Line(msgspec.Struct, frozen=True):
    """So many of one kind, and what they cost together."""

    kind: CostKind
    units: int
    micro_usd: int


def lines_of(prices: Prices, kind: Kind, *, has_url: bool, summoned: bool, images: int = 0) -> tuple[Line, ...]:
    """Return what sending one message costs: the message, and the descriptions of its images."""
    what = _sent_as(kind, has_url=has_url, summoned=summoned)
    message = Line(what, 1, prices.of(what))
    if not images:
        return (message,)
    return message, Line(CostKind.MEDIA_METADATA, images, images * prices.media_metadata)


def _sent_as(kind: Kind, *, has_url: bool, summoned: bool) -> CostKind:
    if kind is Kind.DM:
        return CostKind.DM
    if has_url:
        return CostKind.POST_WITH_URL
    return CostKind.SUMMONED_REPLY if kind is Kind.REPLY and summoned else CostKind.POST


def total(lines: tuple[Line, ...]) -> int:
    return sum(line.micro_usd for line in lines)


def fits(*, spent: int, cost: int, ceiling: int | None, answers: bool, reserve_percent: int) -> bool:
    """Tell whether something may still be sent this month: answers go on beyond the ceiling, up to their reserve.

    `ceiling` is in whole dollars, the rest in millionths.
    """
    if ceiling is None:
        return True
    percent = FULL + (reserve_percent if answers else 0)
    return (spent + cost) * FULL <= ceiling * MICRO * percent


def used_percent(spent: int, ceiling: int | None) -> int:
    """Return how much of a ceiling is spent, in whole per cent, rounded down; 0 where there is none."""
    if ceiling is None:
        return 0
    return FULL if ceiling == 0 else spent * FULL // (ceiling * MICRO)


def month_of(now: datetime) -> date:
    """Return the first day of a moment's month."""
    return now.astimezone(UTC).date().replace(day=1)


def next_month(now: datetime) -> datetime:
    """Return when the month's ceilings begin anew."""
    first = month_of(now)
    days = monthrange(first.year, first.month)[1]
    return datetime(first.year, first.month, 1, tzinfo=UTC) + timedelta(days=days)


def forecast(*, spent: int, unplanned: int, scheduled: int, now: datetime) -> int:
    """Return what the month will have cost if it goes on so: spent, planned, and the rest of the month as until now.

    `unplanned` is the part of what is spent that was not for a fixed time; `scheduled` is what is planned for this
    month. The first day counts as a whole one, so that an hour of work is not taken for a month's pace.
    """
    begin, end = datetime.combine(month_of(now), datetime.min.time(), UTC), next_month(now)
    gone = max(now - begin, timedelta(days=1))
    return spent + scheduled + round(unplanned * ((end - now) / gone))
