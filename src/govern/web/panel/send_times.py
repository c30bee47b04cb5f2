"""A time to send at, as it is typed: the wall time of a zone, and which one is meant of a time that comes twice."""

from collections.abc import Sequence
from datetime import datetime

from govern.domain.schedules import BadTime, Fold, both_moments, read_moment
from govern.web.panel.forms import FieldFault
from govern.web.panel.i18n import gettext as _


def wall_time(text: str | None, zone: str, fold: int | None = None) -> datetime | None:
    """Read a local time of a zone, as `2026-11-22T16:00`.

    Raises:
        FieldFault: it is no such time.
        TimeSkipped: the clocks go over it; the nearest ones are named.
        TimeTwice: it comes twice, and `fold` does not say which is meant.
    """
    if not text:
        return None
    meant: Fold | None = None if fold is None else (1 if fold else 0)
    try:
        return read_moment(text, zone, fold=meant)
    except BadTime:
        raise FieldFault(reason=_("Write a day and a time, as 2026-11-22 16:00."), field="scheduled_at") from None


def twice(text: str, zone: str) -> Sequence[tuple[str, str]]:
    """Return what to choose from if a typed time comes twice: the value of the field `fold`, and which one that is."""
    found = both_moments(text, zone)
    if found is None:
        return ()
    first, second = ({"time": each.strftime("%H:%M"), "offset": each.strftime("%z")[:3]} for each in found)
    return (
        ("0", _("The first %(time)s, before the clocks go back (UTC%(offset)s)") % first),
        ("1", _("The second %(time)s, after the clocks went back (UTC%(offset)s)") % second),
    )
