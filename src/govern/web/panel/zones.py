"""The time zones of lists: the common ones, each by its own name."""

from collections.abc import Sequence

_COMMON = (
    "Europe/Paris",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Madrid",
    "Europe/Rome",
    "Europe/Zurich",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Montreal",
    "Africa/Casablanca",
    "Asia/Dubai",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Australia/Sydney",
    "UTC",
)


def zone_options(*more: str) -> Sequence[tuple[str, str]]:
    """Return the zones to choose from; `more` are in use and must not be lost."""
    return [(name, name.replace("_", " ")) for name in dict.fromkeys((*more, *_COMMON))]
