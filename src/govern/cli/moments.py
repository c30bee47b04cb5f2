"""Times as people type them in commands."""

from datetime import UTC, datetime

import rich_click as click


def read_moment(text: str) -> datetime:
    """Read a time with its offset, as 2026-12-01T09:00:00+01:00, or a day, which begins at midnight UTC.

    Raises:
        click.BadParameter: it is neither; the command ends as wrong usage.
    """
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == len("2026-05-03"):
            return moment.replace(tzinfo=UTC)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: the first or last day of the calendar
        pass
    raise click.BadParameter(f"{text[:40]!r} is neither a day nor a time as 2026-12-01T09:00:00+01:00.")
