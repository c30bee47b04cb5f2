"""Times as people write them, turned into instants: a wall clock and its zone, or a time with its offset."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from govern.domain.drafts import UnknownZone
from govern.errors import N_, Invalid

# RFC 3339 with a blank or a T, seconds if wanted; without an offset it is the wall clock of a zone.
_FORM = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_MINUTE = timedelta(minutes=1)


class BadTime(Invalid):
    code = "schedule.bad_time"
    template = N_("{value} is not a time, as 2026-12-01 09:30 or 2026-12-01T09:30+01:00.")


class TimeSkipped(Invalid):
    """The clocks go forward over this time. Data: `before`, `after`."""

    code = "schedule.time_skipped"
    template = N_(
        "{value} does not exist in {zone}: the clocks go forward. The nearest times are {before} and {after}."
    )


class TimeTwice(Invalid):
    """The clocks go back over this time, so it happens twice. Data: `first`, `second`."""

    code = "schedule.time_twice"
    template = N_("{value} happens twice in {zone}: the clocks go back. Write {first} or {second}.")


class OffsetMismatch(Invalid):
    code = "schedule.offset_mismatch"
    template = N_("{value} has an offset that {zone} does not have then; {expected} is the one.")


def read_moment(text: str, zone: str) -> datetime:
    """Read a time and return its instant in UTC; without an offset it is what clocks in `zone` show.

    Raises:
        BadTime: not in the form, or no such day or hour.
        UnknownZone: the time zone database has no such zone.
        TimeSkipped, TimeTwice: the clocks change over it.
        OffsetMismatch: neither UTC nor an offset of the zone at that time; one of the two is a slip.
    """
    written = text.strip()
    if not _FORM.fullmatch(written):
        raise BadTime(value=text[:40], field="scheduled_at")
    try:
        moment = datetime.fromisoformat(written)
        place = find_zone(zone)
        if moment.tzinfo is None:
            return _instant(moment, place)
        instant = moment.astimezone(UTC)
        there = instant.astimezone(place)
    except (ValueError, OverflowError) as error:
        raise BadTime(value=written, field="scheduled_at") from error
    if moment.utcoffset() not in {timedelta(0), there.utcoffset()}:
        raise OffsetMismatch(value=written, zone=zone, expected=there.isoformat()[-6:], field="scheduled_at")
    return instant


def find_zone(name: str) -> ZoneInfo:
    """Return the zone of this name.

    Raises:
        UnknownZone: the time zone database has no such zone.
    """
    if name not in _names():
        raise UnknownZone(zone=name[:40], field="zone")
    return ZoneInfo(name)


def _instant(wall: datetime, place: ZoneInfo) -> datetime:
    earlier, later = (wall.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() == later.utcoffset():
        return earlier.astimezone(UTC)
    value, zone = wall.isoformat(" ", "minutes"), place.key
    if earlier.astimezone(UTC).astimezone(place).replace(tzinfo=None) == wall:
        first, second = earlier.isoformat(timespec="minutes"), later.isoformat(timespec="minutes")
        raise TimeTwice(value=value, zone=zone, first=first, second=second, field="scheduled_at")
    before, after = _around_change(later.astimezone(UTC), earlier.astimezone(UTC), place)
    raise TimeSkipped(value=value, zone=zone, before=before, after=after, field="scheduled_at")


def _around_change(low: datetime, high: datetime, place: ZoneInfo) -> tuple[str, str]:
    """Return the last minute before and the first after the change of clocks that lies between two instants."""
    low, high = low.replace(second=0), high.replace(second=0)
    before = low.astimezone(place).utcoffset()
    while high - low > _MINUTE:
        middle = low + (high - low) // _MINUTE // 2 * _MINUTE
        if middle.astimezone(place).utcoffset() == before:
            low = middle
        else:
            high = middle
    shown = (moment.astimezone(place).replace(tzinfo=None).isoformat(" ", "minutes") for moment in (low, high))
    return next(shown), next(shown)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())  # walks the database's folders: once a process
