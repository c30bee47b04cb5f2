"""Days as people type them, and the moments they mean in the reader's zone."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from govern.web.panel.format import Format
from govern.web.panel.forms import FieldFault
from govern.web.panel.i18n import gettext as _


def start_of(day: date | None, fmt: Format) -> datetime | None:
    """Return the first moment of a day; of today it is now, which is no start of its own."""
    if day is None or day == fmt.local(fmt.now).date():
        return None
    return datetime.combine(day, time(), tzinfo=ZoneInfo(fmt.zone)).astimezone(UTC)


def end_of(day: date | None, fmt: Format) -> datetime | None:
    """Return the last second of a day."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=ZoneInfo(fmt.zone)).astimezone(UTC) if day else None


def as_of(day: str, fmt: Format) -> datetime | None:
    """Return midnight of the day of `?at=2026-05-03`; nothing for no day.

    Raises:
        FieldFault: this is no day.
    """
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(), tzinfo=ZoneInfo(fmt.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FieldFault(reason=_("%(value)s is no day: write 2026-11-22.") % {"value": day[:30]}, field="at") from None
