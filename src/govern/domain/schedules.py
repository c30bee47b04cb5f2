"""Times as people write them, turned into instants: a wall clock and its zone, or a time with its offset."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from govern.domain.drafts import UnknownZone
from govern.errors import N_, Invalid

# RFC 3339 with a blank or a T, seconds if wanted; without an offset it is the wall clock of a zone.
_FORM = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_MINUTE = timedelta(minutes=1)

Fold: TypeAlias = Literal[0, 1]
"""Which of the two is meant where a wall time happens twice: the first or the second."""


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
    """The clocks go back over this time, so it happens twice. Data: `first`, `second`, with their offsets."""

    code = "schedule.time_twice"
    template = N_(
        "{value} happens twice in {zone}: the clocks go back. Say whether you mean the first, {first}, "
        "or the second, {second}."
    )


class OffsetMismatch(Invalid):
    code = "schedule.offset_mismatch"
    template = N_("{value} has an offset that {zone} does not have then; {expected} is the one.")


class SendTime(msgspec.Struct, frozen=True, kw_only=True):
    """When something is to go out: what the clocks of a zone show then, and the instant that is.

    `time_data` is the version of the time zone database that says so: a later one may move the instant.
    """

    wall_time: str
    zone: str
    fold: int
    at: datetime
    time_data: str


def send_time(at: datetime, zone: str) -> SendTime:
    """Return an instant as the clocks of a zone show it.

    Raises:
        UnknownZone
    """
    there = at.astimezone(find_zone(zone))
    wall = there.replace(tzinfo=None, fold=0).isoformat()
    return SendTime(wall_time=wall, zone=zone, fold=there.fold, at=at.astimezone(UTC), time_data=time_data_version())


def instant_of(wall_time: str, zone: str, fold: int) -> datetime:
    """Return the instant of a stored wall time by the time zone database of now; a skipped one counts on from before.

    Raises:
        UnknownZone
    """
    return datetime.fromisoformat(wall_time).replace(tzinfo=find_zone(zone), fold=fold).astimezone(UTC)


@cache
def time_data_version() -> str:
    """Return the version of the time zone database in use: the pinned package's, never the machine's own."""
    return version("tzdata")


def has_offset(text: str) -> bool:
    """Tell whether a written time says by itself which instant it is."""
    found = _FORM.fullmatch(text.strip())
    return found is not None and found[1] is not None


def read_moment(text: str, zone: str, *, fold: Fold | None = None) -> datetime:
    """Read a time and return its instant in UTC; without an offset it is what clocks in `zone` show.

    `fold` says which one is meant of a time that happens twice; of any other time it says nothing.

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
            return _instant(moment, place, fold)
        instant = moment.astimezone(UTC)
        there = instant.astimezone(place)
    except (ValueError, OverflowError) as error:
        raise BadTime(value=written, field="scheduled_at") from error
    if moment.utcoffset() not in {timedelta(0), there.utcoffset()}:
        raise OffsetMismatch(value=written, zone=zone, expected=there.isoformat()[-6:], field="scheduled_at")
    return instant


def both_moments(text: str, zone: str) -> tuple[datetime, datetime] | None:
    """Return the two instants of a wall time that happens twice, each in its zone; None for any other text."""
    try:
        read_moment(text, zone)
    except TimeTwice:
        first, second = (read_moment(text, zone, fold=fold) for fold in (0, 1))
        place = find_zone(zone)
        return first.astimezone(place), second.astimezone(place)
    except Invalid:
        pass
    return None


def find_zone(name: str) -> ZoneInfo:
    """Return the zone of this name.

    Raises:
        UnknownZone: the time zone database has no such zone.
    """
    if name not in _names():
        raise UnknownZone(zone=name[:40], field="zone")
    return ZoneInfo(name)


def _instant(wall: datetime, place: ZoneInfo, chosen: Fold | None) -> datetime:
    earlier, later = (wall.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() == later.utcoffset():
        return earlier.astimezone(UTC)
    value, zone = wall.isoformat(" ", "minutes"), place.key
    if earlier.astimezone(UTC).astimezone(place).replace(tzinfo=None) == wall:
        if chosen is not None:
            return (earlier, later)[chosen].astimezone(UTC)
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
