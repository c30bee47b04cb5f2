"""A message's time to send at, as its row keeps it."""

from datetime import datetime
from typing import Any

from govern.domain.schedules import send_time


def schedule_columns(at: datetime | None, zone: str) -> dict[str, Any]:
    """Return the columns of a message's time to send at: the instant, and what the clocks of its zone show then.

    Raises:
        UnknownZone
    """
    if at is None:
        return {}
    chosen = send_time(at, zone)
    return {
        "scheduled_at": chosen.at,
        "zone": chosen.zone,
        "wall_time": chosen.wall_time,
        "fold": chosen.fold,
        "tz_version": chosen.time_data,
    }
