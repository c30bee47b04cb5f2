"""How the log is, as its last verification found it."""

from datetime import datetime

import msgspec
from litestar import get

from govern.domain.actions import Action
from govern.services.audit_health import read_health
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, Now


class LogStateJson(msgspec.Struct, frozen=True, kw_only=True):
    """`intact`, `being_checked` (never verified, or not for 26 hours) or `broken`."""

    state: str
    checked_at: datetime | None
    size: int | None
    """It was verified up to, not including, this entry."""
    signed: int
    """Entries under a signed checkpoint now."""
    against: tuple[str, ...]
    """What outside the database it was compared with: `key`, `guard`, `saved`."""
    unchecked: tuple[str, ...]
    failed: tuple[str, ...]
    first_bad: int | None
    """Place in the log of the first entry that is not right."""


@get(
    "/audit/log/state",
    tags=("audit",),
    summary="How the log is, as its last verification found it",
    opt={"action": Action.AUDIT_READ},
    responses=problems(403),
)
async def log_state(actor: CurrentActor, access: CurrentAccess, now: Now) -> LogStateJson:
    health = (await read_health(actor=actor, access=access, now=now)).health
    return LogStateJson(
        state=health.state.value,
        checked_at=health.checked_at,
        size=health.size,
        signed=health.signed,
        against=health.against,
        unchecked=health.unchecked,
        failed=health.failed,
        first_bad=health.first_bad,
    )
