"""How the log is, for those who may read it: the last verification, and where the first wrong entry opens."""

from datetime import datetime

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.members import Actor
from govern.services.audit.state import LogHealth, log_health
from govern.services.use_case import use_case
from govern.tables import AuditLeaf


class LogReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the last verification found."""

    health: LogHealth
    first_bad_arrival: int | None
    """By which pages open the first wrong entry; None if none is named, or if it is gone."""


async def read_health(*, actor: Actor, access: Access, now: datetime) -> LogReport:
    """Return how the log is, as its last verification found it.

    Raises:
        Denied: the actor may not read the log anywhere.
    """
    async with use_case(actor=actor, now=now):
        if not await access.where_can(actor, Action.AUDIT_READ):
            await access.require(actor, Action.AUDIT_READ, Target(scope=COMPANY))
    health = await log_health(now=now)
    return LogReport(health=health, first_bad_arrival=await _arrival_at(health.first_bad))


async def _arrival_at(leaf_index: int | None) -> int | None:
    if leaf_index is None:
        return None
    found = rows(await AuditLeaf.select(AuditLeaf.arrival).where(AuditLeaf.leaf_index == leaf_index))
    return found[0]["arrival"] if found else None
