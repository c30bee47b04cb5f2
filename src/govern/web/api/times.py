"""Times to send at, as programs write them: RFC 3339 with its offset, or a wall time and its zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from govern.errors import N_, Invalid
from govern.services.members import check_zone


class BadSendTime(Invalid):
    code = "message.bad_schedule"
    template = N_("{value} is not a time, as 2026-12-01T09:00:00+01:00.")


class TimeWithoutOffset(Invalid):
    code = "message.schedule_without_offset"
    template = N_("{value} has no offset. Write one, as 2026-12-01T09:00:00+01:00, or name the zone.")


class NoSuchWallTime(Invalid):
    code = "message.no_such_wall_time"
    template = N_("{value} does not exist in {zone}: the clocks go forward over it.")


def parse_send_time(text: str, zone: str | None) -> datetime:
    """Read a time to send at; a wall time that comes twice in autumn means the first one.

    Raises:
        BadSendTime, TimeWithoutOffset, NoSuchWallTime, UnknownZone
    """
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == len("2026-12-01"):
            raise BadSendTime(value=text, field="scheduled_at")
        return _in_utc(moment, text, zone)
    except (ValueError, OverflowError):  # OverflowError: the first or last day of the calendar
        raise BadSendTime(value=text[:40], field="scheduled_at") from None


def _in_utc(moment: datetime, text: str, zone: str | None) -> datetime:
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if zone is None:
        raise TimeWithoutOffset(value=text[:40], field="scheduled_at")
    there = moment.replace(tzinfo=ZoneInfo(check_zone(zone)))
    if there.astimezone(UTC).astimezone(there.tzinfo).replace(tzinfo=None) != moment:
        raise NoSuchWallTime(value=text[:40], zone=zone, field="scheduled_at")
    return there.astimezone(UTC)
