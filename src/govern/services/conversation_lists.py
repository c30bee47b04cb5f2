"""Conversations in a list: what waits by due time, who is on it, and how many were answered in time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action
from govern.domain.conversations import Conversation, ConversationState
from govern.domain.members import Actor
from govern.tables import Conversation as ConversationTable

MAX_LIMIT = 200
WEEK = timedelta(days=7)

VIEW = """
SELECT c.id, a.handle AS account, a.id AS account_id, a.scope, b.slug AS brand, c.contact, p.handle AS contact_handle,
       p.name AS contact_name, c.state, c.x_kind, c.has_dm, c.waiting_since, c.due_at, c.newest_at, c.assigned_to,
       m.name AS assigned_name, c.closed_for, c.closed_by, c.version
  FROM conversation c JOIN account a ON a.id = c.account JOIN brand b ON b.id = a.brand
  JOIN contact p ON p.id = c.contact LEFT JOIN member m ON m.id = c.assigned_to
"""
# Who reads no private messages sees a person only where they also wrote in public.
_SEEN = """
 WHERE (a.scope = ANY({}) OR (a.scope = ANY({}) AND EXISTS
   (SELECT 1 FROM inbound i WHERE i.account = c.account AND i.contact = c.contact AND i.x_kind = 'post')))
"""
_SAID = """
SELECT DISTINCT ON (i.account, i.contact) i.account, i.contact,
       CASE WHEN i.x_kind = 'post' AND i.erased_at IS NULL THEN i.text ELSE '' END AS said
  FROM inbound i JOIN conversation c ON c.account = i.account AND c.contact = i.contact
 WHERE c.id = ANY({}) ORDER BY i.account, i.contact, i.written_at DESC, i.id DESC
"""
_FILTERS = """
   AND ({}::text IS NULL OR c.state = {}) AND ({}::text IS NULL OR lower(a.handle) = lower({}))
   AND ({}::text IS NULL OR b.slug = {}) AND ({}::text IS NULL OR c.x_kind = {})
   AND ({}::uuid IS NULL OR c.assigned_to = {}) AND (NOT {} OR c.assigned_to IS NULL)
   AND ({}::timestamptz IS NULL OR c.due_at < {})
"""
_LIST = VIEW + _SEEN + _FILTERS + " ORDER BY (c.state <> 'open'), "
_BY_DUE = _LIST + "CASE c.state WHEN 'open' THEN c.due_at END, c.newest_at DESC, c.id LIMIT {}"
_COUNTS = (
    """
SELECT count(*) AS waiting, count(*) FILTER (WHERE c.due_at < {}) AS late,
       count(*) FILTER (WHERE c.assigned_to = {}) AS mine, count(*) FILTER (WHERE c.assigned_to IS NULL) AS unassigned
  FROM conversation c JOIN account a ON a.id = c.account
"""
    + _SEEN
    + " AND c.state = 'open'"
)
_IN_TIME = """
SELECT a.handle AS account, count(t.id) AS answered, count(t.id) FILTER (WHERE t.answered_at <= t.due_at) AS in_time,
       (SELECT count(*) FROM conversation c WHERE c.account = a.id AND c.state = 'open' AND c.due_at < {}) AS late
  FROM account a LEFT JOIN answer_time t ON t.account = a.id AND t.answered_at > {} AND t.answered_at <= {}
 WHERE a.scope = ANY({}) GROUP BY a.id, a.handle ORDER BY a.handle
"""


class Whose(StrEnum):
    """Which conversations by who is on them."""

    ANYBODY = "anybody"
    MINE = "mine"
    NOBODY = "nobody"
    LATE = "late"
    """Whoever is on it: an answer is overdue."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversations are asked for; None is any."""

    state: ConversationState | None = ConversationState.OPEN
    whose: Whose = Whose.ANYBODY
    account: str | None = None
    brand: str | None = None
    x_kind: str | None = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for an answer."""

    waiting: int
    late: int
    mine: int
    unassigned: int


class InTime(msgspec.Struct, frozen=True, kw_only=True):
    """How an account answered in the last seven days; `late`: who waits too long already."""

    account: str
    answered: int
    in_time: int
    late: int

    @property
    def due(self) -> int:
        """How many answers were due: those given, and those overdue."""
        return self.answered + self.late


async def list_conversations(
    wanted: Filter, *, limit: int = 100, actor: Actor, access: Access, now: datetime
) -> list[Conversation]:
    """Return conversations the actor may read, what is due first; texts are not in it."""
    mine = actor.member if wanted.whose is Whose.MINE else None
    late = now if wanted.whose is Whose.LATE else None
    state = wanted.state.value if wanted.state else None
    filters = [each for value in (state, wanted.account, wanted.brand, wanted.x_kind) for each in (value, value)]
    nobody = wanted.whose is Whose.NOBODY
    found = await ConversationTable.raw(
        _BY_DUE,
        *await readable(actor, access),
        *filters,
        mine,
        mine,
        nobody,
        late,
        late,
        max(1, min(limit, MAX_LIMIT)),
    )
    return [msgspec.convert(row, Conversation) for row in rows(found)]


async def newest_posts(shown: Sequence[Conversation]) -> dict[UUID, str]:
    """Return what was written last in each conversation the caller has read; nothing of what was private."""
    found = rows(await ConversationTable.raw(_SAID, [each.id for each in shown]))
    said = {(row["account"], row["contact"]): str(row["said"]) for row in found}
    return {each.id: said.get((each.account_id, each.contact), "") for each in shown}


async def count_conversations(*, actor: Actor, access: Access, now: datetime) -> Counts:
    """Count what waits, of what the actor may read."""
    found = rows(await ConversationTable.raw(_COUNTS, now, actor.member, *await readable(actor, access)))
    return msgspec.convert(found[0], Counts)


async def answered_in_time(*, actor: Actor, access: Access, now: datetime) -> list[InTime]:
    """Return how each account answered in the last seven days, of those whose conversations the actor may read."""
    scopes = sorted(await access.where_can(actor, Action.CONVERSATION_READ))
    found = rows(await ConversationTable.raw(_IN_TIME, now, now - WEEK, now, scopes))
    return [msgspec.convert(row, InTime) for row in found]


async def readable(actor: Actor, access: Access) -> tuple[list[str], list[str]]:
    """Return where the actor reads private messages, and where public ones."""
    private = await access.where_can(actor, Action.CONVERSATION_READ_DM)
    return sorted(private), sorted(await access.where_can(actor, Action.CONVERSATION_READ))
