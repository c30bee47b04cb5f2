"""The approvals queue: what waits, for whom, until when."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action
from govern.domain.members import Actor
from govern.domain.messages import Message
from govern.services.message_lists import MAX_LIMIT
from govern.services.message_views import READABLE, VIEW, pattern, readable, to_message
from govern.services.private_reading import record_listed
from govern.tables import Message as MessageTable

DECIDED_FOR = timedelta(days=14)


class QueueView(StrEnum):
    """Which part of the queue to show."""

    MINE = "mine"
    """Waiting, and the actor may decide."""
    TEAM = "team"
    """Waiting, whoever may decide."""
    CHANGES = "changes"
    """Sent back to their authors."""
    DECIDED = "decided"
    """Decided in the last 14 days."""


class QueueCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages each view has, and how many of those waiting are past their deadline."""

    mine: int
    team: int
    changes: int
    late: int


_SEARCH = """
   AND ({}::text IS NULL OR lower(a.handle) = lower({}))
   AND ({}::text IS NULL OR r.text ILIKE {} OR a.handle ILIKE {} OR au.name ILIKE {})
"""
_WAITING = (
    VIEW
    + " WHERE m.state = 'pending_approval' AND "
    + READABLE
    + " AND (NOT {} OR (m.author <> {} AND a.scope = ANY({})))"
    + _SEARCH
    + " ORDER BY m.deadline_at, m.number LIMIT {}"
)
_CHANGES = (
    VIEW + " WHERE m.state = 'changes_requested' AND " + READABLE + _SEARCH + " ORDER BY m.updated_at DESC LIMIT {}"
)
_LATELY = " AND EXISTS (SELECT 1 FROM approval ap WHERE ap.message = m.id AND ap.created_at > {})"
_DECIDED = VIEW + " WHERE " + READABLE + _LATELY + _SEARCH + " ORDER BY m.updated_at DESC LIMIT {}"
_COUNTS = (
    """
SELECT count(*) FILTER (WHERE m.state = 'pending_approval' AND a.scope = ANY({}) AND m.author <> {}) AS mine,
       count(*) FILTER (WHERE m.state = 'pending_approval') AS team,
       count(*) FILTER (WHERE m.state = 'changes_requested') AS changes,
       count(*) FILTER (WHERE m.state = 'pending_approval' AND m.deadline_at < {}) AS late
  FROM message m JOIN account a ON a.id = m.account
 WHERE m.state IN ('pending_approval', 'changes_requested') AND """
    + READABLE
)


async def list_queue(
    view: QueueView,
    *,
    account: str | None = None,
    q: str | None = None,
    limit: int = 100,
    actor: Actor,
    access: Access,
    now: datetime,
) -> list[Message]:
    """Return a view of the queue: what waits by deadline, the rest by what changed last. DMs on it are recorded."""
    seen = await readable(actor, access)
    like = pattern(q) if q else None
    search = (account, account, like, like, like, like, max(1, min(limit, MAX_LIMIT)))
    if view in {QueueView.MINE, QueueView.TEAM}:
        deciding = sorted(await access.where_can(actor, Action.MESSAGE_REJECT))
        mine = (view is QueueView.MINE, actor.member, deciding)
        found = await MessageTable.raw(_WAITING, *seen, *mine, *search)
    elif view is QueueView.CHANGES:
        found = await MessageTable.raw(_CHANGES, *seen, *search)
    else:
        found = await MessageTable.raw(_DECIDED, *seen, now - DECIDED_FOR, *search)
    shown = [to_message(row) for row in rows(found)]
    await record_listed(shown, actor=actor, now=now)
    return shown


async def count_queue(*, actor: Actor, access: Access, now: datetime) -> QueueCounts:
    """Count what waits."""
    deciding = sorted(await access.where_can(actor, Action.MESSAGE_REJECT))
    found = rows(await MessageTable.raw(_COUNTS, deciding, actor.member, now, *await readable(actor, access)))
    return msgspec.convert(found[0], QueueCounts)
