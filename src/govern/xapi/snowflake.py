"""X's ids carry their own time: `(unix_ms - EPOCH_MS) << 22`, then worker and sequence."""

from datetime import UTC, datetime, timedelta

EPOCH_MS = 1_288_834_974_657
_EPOCH = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=EPOCH_MS)
_TIME_SHIFT = 22


def snowflake_time(x_id: str) -> datetime:
    """Return when X made this id, to the millisecond: the time an SLA clock and a consent start from."""
    return _EPOCH + timedelta(milliseconds=int(x_id) >> _TIME_SHIFT)


def snowflake_floor(at: datetime) -> str:
    """Return the highest id from before this time: `since_id` excludes its own id, so nothing made at `at` is missed."""
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    return str(max((milliseconds << _TIME_SHIFT) - 1, 0))
