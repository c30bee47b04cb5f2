"""Attempts as the services read and settle them: one try to hand a publication to X."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.audit import ObjectRef
from govern.domain.members import Actor
from govern.domain.publications import Settlement
from govern.tables import Attempt

_ONE = """
SELECT t.id, t.publication, t.account, t.outcome, t.x_id, t.resolved, p.message, p.tries, p.x_kind
  FROM attempt t JOIN publication p ON p.id = t.publication WHERE t.id = {}
"""


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt with what it belongs to; `tries` is its number."""

    id: UUID
    publication: UUID
    account: UUID
    message: UUID
    x_kind: str
    tries: int
    outcome: str | None
    x_id: int | None
    resolved: str | None

    @property
    def refs(self) -> tuple[ObjectRef, ...]:
        """Name it in an entry."""
        return (ObjectRef(kind="publication", id=self.publication), ObjectRef(kind="attempt", id=self.id))


async def read_attempt(attempt: UUID) -> AttemptRow:
    """Return an attempt known to exist."""
    return msgspec.convert(rows(await Attempt.raw(_ONE, attempt))[0], AttemptRow)


async def resolve_attempt(
    attempt: UUID, settlement: Settlement, reason: str, *, actor: Actor | None, now: datetime
) -> None:
    """Write how an unknown outcome was settled, in the caller's transaction; None stands for X itself."""
    await Attempt.update(
        {
            Attempt.resolved: settlement.value,
            Attempt.resolved_by: actor.member if actor else None,
            Attempt.resolved_reason: reason,
            Attempt.resolved_at: now,
        }
    ).where(Attempt.id == attempt)
