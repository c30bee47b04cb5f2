"""X's rate limits: windows that count down, and what of each is left to answers."""

from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from govern.domain.messages import Kind

X_APP = "default"
"""The one X app there is; several are a later step, and the tables know them already."""
ANSWERS, TIMED, REST = 0, 1, 2
"""The lanes: answers while somebody waits, what has a fixed time, all else."""
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


class Family(StrEnum):
    """Which limit a group of X's headers is about."""

    WINDOW = "window"
    """An account's, of 15 minutes."""
    USER_DAY = "user_day"
    """An account's, of 24 hours."""
    APP_DAY = "app_day"
    """The whole X app's, of 24 hours."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """X's limits as X documents them, used until an answer of X says otherwise, and what is kept for answers."""

    as_of: date
    post: int
    """Posts, answers and quotes of an account in 15 minutes."""
    dm: int
    """Private messages of an account in 15 minutes."""
    dm_day: int
    """Private messages of an account in 24 hours."""
    dm_app_day: int
    """Private messages of all accounts together in 24 hours."""
    answers_percent: int = 20
    """Of each window of an account, left to answers."""
    answers_app_day_percent: int = 30
    """Of the whole app's day, left to answers."""


class RateSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What one group of X's headers says."""

    family: Family
    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    refused: bool = False
    """Said with a 429: this window is spent; how much it takes is believed of answers that did something."""


class Bucket(msgspec.Struct, frozen=True):
    """A window's name: what it counts, how long, and for one account or for the whole X app."""

    name: str
    span: timedelta
    quota: int
    kept_percent: int
    app: bool = False


def buckets_of(kind: Kind, limits: Limits) -> tuple[Bucket, ...]:
    """Return the windows that sending one message counts in; the app's come last, as they are locked last."""
    kept = limits.answers_percent
    if kind is not Kind.DM:
        return (Bucket("post", QUARTER, limits.post, kept),)
    return (
        Bucket("dm", QUARTER, limits.dm, kept),
        Bucket("dm_day", DAY, limits.dm_day, kept),
        Bucket("dm_day", DAY, limits.dm_app_day, limits.answers_app_day_percent, app=True),
    )


def kept_for_answers(quota: int, percent: int) -> int:
    """Return how many calls of a window only answers may use, rounded down: a window of one is for everybody."""
    return quota * percent // 100


def has_room(*, remaining: int, quota: int, percent: int, lane: int) -> bool:
    """Tell whether one more may be sent now: answers use a window up, the rest leaves them their part."""
    kept = 0 if lane == ANSWERS else kept_for_answers(quota, percent)
    return remaining > kept
