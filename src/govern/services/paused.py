"""What a pause stopped: what X had in hand then, and what came due meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action
from govern.domain.members import Actor
from govern.domain.messages import Event, Kind, State, can
from govern.domain.pauses import Pause
from govern.services.pauses import BELOW
from govern.services.publications import FREE
from govern.tables import Message as MessageTable

# What was handed to X before a moment and had no answer then: with what became of it since.
_IN_FLIGHT = (
    BELOW
    + """
SELECT m.id, m.number, a.handle AS account, m.kind, m.state, t.started_at
  FROM attempt t JOIN publication p ON p.id = t.publication JOIN message m ON m.id = p.message
  JOIN account a ON a.id = m.account JOIN below b ON b.key = a.scope
 WHERE m.kind = ANY({}) AND t.started_at <= {} AND (t.finished_at IS NULL OR t.finished_at > {}) AND a.scope = ANY({})
 ORDER BY t.started_at LIMIT 200
"""
)
_CAME_DUE = (
    BELOW
    + """
SELECT m.id FROM publication p JOIN message m ON m.id = p.message JOIN account a ON a.id = m.account
  JOIN below b ON b.key = a.scope
 WHERE p.closed_at IS NULL AND p.due_at <= {} AND m.kind = ANY({}) AND m.state IN ('approved', 'scheduled')
   AND """
    + FREE
    + " ORDER BY p.account, p.lane, p.due_at, p.id LIMIT 1000"
)


class InFlight(msgspec.Struct, frozen=True, kw_only=True):
    """A message X had in hand when a pause was set, as it is now."""

    id: UUID
    number: int
    account: str
    kind: Kind
    state: State
    started_at: datetime

    @property
    def open(self) -> bool:
        """Whether nobody knows yet what became of it."""
        return can(self.state, Event.LOSE)


async def list_in_flight(
    scope: str, kinds: Sequence[str], *, at: datetime, actor: Actor, access: Access
) -> list[InFlight]:
    """Return what X had in hand at a moment and what became of it, of what the actor may read; no text."""
    seen = sorted(await access.where_can(actor, Action.MESSAGE_READ))
    found = rows(await MessageTable.raw(_IN_FLIGHT, scope, list(kinds), at, at, seen))
    return [msgspec.convert(row, InFlight) for row in found]


async def list_came_due(pause: Pause, *, now: datetime) -> list[UUID]:
    """Return the messages a lifted pause had stopped, in the order in which they would have gone."""
    found = rows(await MessageTable.raw(_CAME_DUE, pause.scope, now, list(pause.kinds)))
    return [row["id"] for row in found]
