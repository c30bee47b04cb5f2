"""Times, durations and numbers as the reader wants them. Nothing else formats."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from babel import dates, numbers

from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import language, ngettext

SOON = timedelta(minutes=5)
NEAR = timedelta(minutes=15)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


class Due(msgspec.Struct, frozen=True):
    """A deadline in words, with the tone they are shown in."""

    words: str
    long: str
    tone: str
    at: datetime


class Format(msgspec.Struct, frozen=True):
    """The reader's zone and clock. Every method answers in the language spoken now."""

    zone: str
    now: datetime

    @property
    def zone_name(self) -> str:
        """The zone as people say it: `Paris`."""
        return zone_name(self.zone)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))

    def time(self, at: datetime) -> str:
        """`14:32`."""
        return self.local(at).strftime("%H:%M")

    def clock(self, at: datetime) -> str:
        """`14:32:09`."""
        return self.local(at).strftime("%H:%M:%S")

    def day(self, at: datetime) -> str:
        """`Today, Sunday 22 November 2026`."""
        local = self.local(at).date()
        full = dates.format_date(local, "EEEE d MMMM y", locale=language())
        near = {0: _("Today"), 1: _("Yesterday")}.get((self.local(self.now).date() - local).days)
        return f"{near}, {full}" if near else full

    def short_day(self, day: date) -> str:
        """`22 Nov`."""
        return dates.format_date(day, "d MMM", locale=language())

    def moment(self, at: datetime) -> str:
        """`22 Nov 2025, 14:32`, without the year of now, without the day of today."""
        local, today = self.local(at), self.local(self.now)
        if local.date() == today.date():
            return local.strftime("%H:%M")
        pattern = "d MMM" if local.year == today.year else "d MMM y"
        return f"{dates.format_date(local.date(), pattern, locale=language())}, {local.strftime('%H:%M')}"

    def full(self, at: datetime) -> str:
        """`3 May 2026, 00:00`: a moment with its year, whenever it was."""
        return f"{dates.format_date(self.local(at).date(), 'd MMMM y', locale=language())}, {self.time(at)}"

    def stamp(self, at: datetime) -> str:
        """`2026-11-22 14:32:09.412 +01:00`: exact, for the log."""
        return self.local(at).isoformat(sep=" ", timespec="milliseconds").replace("+", " +", 1)

    def wall(self, at: datetime, zone: str) -> str:
        """`2026-11-22T14:32` in a zone: the value of a field for a local time."""
        return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")

    def fold(self, at: datetime, zone: str) -> int:
        """Which of two it is in a zone, where the clocks show a time twice: 0 the first, 1 the second."""
        return at.astimezone(ZoneInfo(zone)).fold

    def ago(self, at: datetime) -> str:
        """`8 min ago`, then the moment."""
        seconds = int((self.now - at).total_seconds())
        if seconds < _MINUTE:
            return _("just now")
        if seconds < _DAY:
            return _("%(span)s ago") % {"span": span(timedelta(seconds=seconds))}
        return self.moment(at)

    def due(self, at: datetime) -> Due:
        """Say how long there is until a deadline, or how late it is."""
        left = at - self.now
        if left < timedelta(0):
            late = _("Late %(span)s") % {"span": span(-left)}
            return Due(late, late, "bad", at)
        long = _("%(span)s left") % {"span": span(left)}
        if left < timedelta(hours=1):
            tone = "warn" if left < SOON else "ok" if left < NEAR else "muted"
            return Due(span(left), long, tone, at)
        return Due(self.moment(at), long, "muted", at)

    def number(self, value: int) -> str:
        """`184,204`."""
        return numbers.format_decimal(value, locale=language())

    def dollars(self, micro_usd: int) -> str:
        """`$12.40`, of millionths of a dollar."""
        return numbers.format_currency(micro_usd / 1_000_000, "USD", locale=language())


def zone_name(zone: str) -> str:
    """`America/New_York` as people say it: `New York`."""
    return zone.rpartition("/")[2].replace("_", " ")


def span(length: timedelta) -> str:
    """`3 min`, `1 h 6 min`, `2 days`."""
    seconds = int(length.total_seconds())
    if seconds < _MINUTE:
        return _("%(n)s s") % {"n": seconds}
    if seconds < _HOUR:
        return _("%(n)s min") % {"n": seconds // _MINUTE}
    if seconds < _DAY:
        hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
        return _("%(h)s h %(m)s min") % {"h": hours, "m": minutes} if minutes else _("%(h)s h") % {"h": hours}
    days = seconds // _DAY
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
