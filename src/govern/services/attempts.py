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
SELECT t.id, t.publication, t.account, t.outcome, t.finished_at, t.x_id, t.resolved, t.late_at,
       coalesce(t.duplicate, false) AS duplicate, p.message, p.x_kind,
       (SELECT count(*) FROM attempt e WHERE e.publication = t.publication AND (e.started_at, e.id) <= (t.started_at, t.id)) AS tries
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
    finished_at: datetime | None
    x_id: int | None
    resolved: str | None
    late_at: datetime | None
    duplicate: bool
    """X claimed to have this text already."""

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
