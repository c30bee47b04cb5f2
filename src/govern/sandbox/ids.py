"""Snowflake ids, random secrets, and the sandbox's own clock.

An id holds the time it was made: `(unix_ms - 1288834974657) << 22`, plus a sequence. They rise, and none comes twice.
"""

import secrets
import string
import time
from datetime import UTC, datetime, timedelta

EPOCH_MS = 1288834974657
_TIME_SHIFT = 22
_LETTERS = string.ascii_letters + string.digits


class Clock:
    """The time of day, which the control API can move, so that no test has to wait for a window to pass."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the sandbox's time in UTC."""
        return datetime.fromtimestamp(time.time(), UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        self._ahead += by


class Snowflakes:
    """Give ids that rise even when the clock stands still or steps back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        unix_ms = int(self._clock.now().timestamp() * 1000)
        self.seen(max((unix_ms - EPOCH_MS) << _TIME_SHIFT, self._last + 1))
        return self._last

    def seen(self, known: int) -> None:
        """Take note of an id read back from the journal: the next one is above it."""
        self._last = max(self._last, known)


def random_text(length: int) -> str:
    """Return letters and digits nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def floor_of(moment: datetime) -> int:
    """Return the lowest id a moment can have."""
    return max(int(moment.timestamp() * 1000) - EPOCH_MS, 0) << _TIME_SHIFT


def time_of(snowflake: int) -> datetime:
    """Return when an id was made."""
    return datetime.fromtimestamp(((snowflake >> _TIME_SHIFT) + EPOCH_MS) / 1000, UTC)


def stamp(snowflake: int) -> str:
    """Return the time of an id as X writes it: RFC 3339 in UTC, with milliseconds."""
    return iso(time_of(snowflake).timestamp())


def iso(seconds: float) -> str:
    """Return a time in Unix seconds as X writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
