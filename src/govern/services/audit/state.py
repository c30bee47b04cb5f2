"""How the log is, in one word, from what its last verification found: for the badge and for readiness."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from govern import log
from govern.services.audit.log_state import last_checkpoint
from govern.services.audit.row_checks import last_full, last_verification, log_began, state_of_log

logger = log.get(__name__)
EVERY = timedelta(hours=24)
LATE = timedelta(hours=26)
FULL_EVERY = timedelta(days=7)
NIGHT = 3
"""The hour, UTC."""


class Health(StrEnum):
    """What the badge says."""

    INTACT = "intact"
    BEING_CHECKED = "being_checked"
    BROKEN = "broken"


class LogHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The last verification: what it found, when, up to which entry, and against what."""

    state: Health
    """`being_checked`: never verified yet, or not for 26 hours."""
    checked_at: datetime | None = None
    size: int | None = None
    """It read the entries before this one, or an earlier verification did."""
    against: tuple[str, ...] = ()
    """What outside the database it was compared with: `key`, `guard`, `saved`."""
    unchecked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    """The checks that failed."""
    first_bad: int | None = None
    """The place of the first entry that is not right."""
    signed: int = 0
    """How many entries are under a signed checkpoint now."""
    late: bool = False


async def log_health(*, now: datetime) -> LogHealth:
    """Return how the log is, as the last verification found it: nothing is verified here."""
    found, newest = await last_verification(), await last_checkpoint()
    signed = newest.size if newest else 0
    if found is None:
        return LogHealth(state=Health.BEING_CHECKED, signed=signed, late=await _late(None, now))
    late, data = await _late(found.at, now), found.entry.data
    fresh = Health.BEING_CHECKED if late else Health.INTACT
    return LogHealth(
        state=fresh if found.held else Health.BROKEN,
        checked_at=found.at,
        size=data["size"],
        against=tuple(data.get("against", ())),
        unchecked=tuple(data.get("unchecked", ())),
        failed=tuple(data.get("checks", ())),
        first_bad=data.get("first"),
        signed=signed,
        late=late,
    )


async def verification_state(*, now: datetime) -> str:
    """Return `ok`, or that nobody verified the log for 26 hours: for readiness, and a warning too.

    What a verification found is no matter of readiness: pages must be open to those who look into it.
    """
    found = await last_verification()
    if not await _late(found.at if found else None, now):
        return "ok"
    since = found.at.isoformat(timespec="minutes") if found else "it began"
    logger.warning("audit.not_verified", since=since)
    return f"late: the audit log was not verified since {since}"


async def verification_due(*, now: datetime) -> bool:
    """Tell whether the log should be verified now: once a day, by night; what a night missed is made up for."""
    origin, placed = await state_of_log()
    if origin is None or not placed:
        return False
    found = await last_verification()
    if found is None:
        return True
    age = now - found.at
    return age >= EVERY or (now.hour == NIGHT and age >= EVERY / 2)


async def full_due(*, now: datetime) -> bool:
    """Tell whether the next verification should read every entry again: once a week, and after one found something."""
    found = await last_full()
    return found is None or now - found >= FULL_EVERY


async def _late(last: datetime | None, now: datetime) -> bool:
    origin, _ = await state_of_log()
    since = last or await log_began()
    return origin is not None and since is not None and now - since > LATE
