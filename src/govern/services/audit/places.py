"""Which entries a condition finds, newest first, in pages that neither skip nor repeat one while the log grows.

What is indexed is found in `audit.search` and stands in the order of the tree. What is newer (placed but not indexed,
or only recorded) is read from the texts themselves and stands before it, in the order of arrival. Where the one ends and
the other begins is fixed by the first page and kept in its cursor. Dates are compared row by row and never turned into
a range of places: `at` is the writer's own word, so one false clock could hide what stands around it.
"""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from piccolo.querystring import QueryString

from govern.database import rows
from govern.domain.audit import time_of, time_text
from govern.tables import AuditEntry, AuditSearch

PATIENCE = 2.0
"""Seconds after which a page says how far it got, instead of searching on."""
FIRST_WINDOW = 4_096
LAST_WINDOW = 262_144
NEWEST = 10**18
CURSOR = re.compile(r"(?P<leaf>[0-9]{1,18})(?:-(?P<arrival>[0-9]{1,18}))?")

_STATE = """
SELECT (SELECT coalesce(max(leaf_index) + 1, 0) FROM audit.search) AS indexed, floor, snap
  FROM audit.log_state WHERE id = 1
"""
# Beside the sequencer's own condition the leaf is looked for: one may be placed since the state was read.
_NEWER = """
SELECT n.arrival, audit.short(n.j -> 'id') AS entry_id, audit.short(n.j -> 'at') COLLATE "C" AS at,
       audit.short(n.j -> 'action') AS action, audit.short(n.j #> ARRAY['actor', 'id']) AS actor_id,
       audit.short(n.j #> ARRAY['object', 'id']) AS object_id, audit.short(n.j -> 'scope') AS scope,
       audit.short(n.j -> 'outcome') AS outcome, audit.short(n.j #> ARRAY['ctx', 'rule']) AS rule,
       audit.words_of(n.j) AS words,
       ARRAY(SELECT each #>> ARRAY[]::text[] FROM jsonb_path_query(n.j, '$.refs[*].id') AS each) AS refs
  FROM (SELECT e.arrival, e.entry::jsonb AS j
          FROM audit.leaf l JOIN audit.entry e ON e.arrival = l.arrival WHERE l.leaf_index >= {}
        UNION ALL
        SELECT e.arrival, e.entry::jsonb FROM audit.entry e
         WHERE e.xid >= pg_snapshot_xmin({}::text::pg_snapshot)
           AND NOT pg_visible_in_snapshot(e.xid, {}::text::pg_snapshot) AND e.arrival > {}
           AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.arrival = e.arrival)) AS n
"""
_NEWEST = "SELECT arrival FROM ({}) AS s WHERE arrival < {} AND ({}) ORDER BY arrival DESC LIMIT {}"
_NEWER_OF_ID = "SELECT arrival FROM ({}) AS s WHERE entry_id = {} ORDER BY arrival LIMIT 1"
_OF_ID = "SELECT arrival FROM audit.search WHERE entry_id = {} ORDER BY leaf_index LIMIT 1"
_INDEXED = """
SELECT leaf_index, arrival FROM audit.search WHERE leaf_index >= {} AND leaf_index < {} AND ({})
 ORDER BY leaf_index DESC LIMIT {}
"""
_JUMP = "SELECT leaf_index FROM audit.search WHERE at >= {} ORDER BY at, leaf_index LIMIT 1"
_AT = "SELECT at FROM audit.search WHERE leaf_index = {}"


class Found(msgspec.Struct, frozen=True):
    """The arrivals of a page's entries, in their order, and how the next page begins."""

    arrivals: Sequence[int]
    following: str | None = None
    searched_to: datetime | None = None


class _State(msgspec.Struct, frozen=True):
    indexed: int
    """How many leaves are in `search`."""
    floor: int
    snap: str

    def newer(self, indexed: int) -> QueryString:
        """Return the query that gives what is not among the first `indexed` leaves the form of `search`."""
        return QueryString(_NEWER, indexed, self.snap, self.snap, self.floor)


async def find_places(
    condition: QueryString, *, limit: int, before: str | None = None, at: datetime | None = None
) -> Found:
    """Return the newest entries that fit, from a cursor on; without one, from the moment `at` on.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    jump = await _jump(at) if before is None and at is not None else None
    cursor = CURSOR.fullmatch(before if before is not None else jump or f"{NEWEST - 1}-{NEWEST - 1}")
    if cursor is None:
        raise ValueError("not a cursor of this log")
    if cursor["arrival"] is None:
        return await _indexed(condition, int(cursor["leaf"]), limit, [])
    state = await _read_state()
    indexed = min(state.indexed, int(cursor["leaf"]))
    newest = await AuditEntry.raw(_NEWEST, state.newer(indexed), int(cursor["arrival"]), condition, limit + 1)
    newer = [row["arrival"] for row in rows(newest)]
    if len(newer) > limit:
        return Found(newer[:limit], f"{indexed}-{newer[limit - 1]}")
    return await _indexed(condition, indexed, limit, newer)


async def find_arrival(entry_id: UUID) -> int | None:
    """Return where the entry of that id stands. Should several bear it, which `verify` tells of, the first one."""
    found = rows(await AuditSearch.raw(_OF_ID, entry_id))
    if not found:
        state = await _read_state()
        found = rows(await AuditEntry.raw(_NEWER_OF_ID, state.newer(state.indexed), str(entry_id)))
    return found[0]["arrival"] if found else None


async def _indexed(condition: QueryString, before: int, limit: int, newer: Sequence[int]) -> Found:
    """Go back through the tree in growing windows: what is frequent is found at once, what is rare by its index."""
    clock, found, width = asyncio.get_running_loop().time, list[dict[str, Any]](), FIRST_WINDOW
    stop, room = clock() + PATIENCE, limit - len(newer)
    high = min(before, (await _read_state()).indexed)
    while high > 0 and len(found) <= room and clock() < stop:
        low = max(0, high - width)
        found += rows(await AuditSearch.raw(_INDEXED, low, high, condition, room + 1 - len(found)))
        high, width = low, min(width * 8, LAST_WINDOW)
    arrivals = [*newer, *(row["arrival"] for row in found[:room])]
    if len(found) > room:
        return Found(arrivals, str(found[room - 1]["leaf_index"] if room else before))
    return Found(arrivals, str(high), await _time_at(high)) if high > 0 else Found(arrivals)


async def _jump(moment: datetime) -> str | None:
    found = rows(await AuditSearch.raw(_JUMP, time_text(moment)))
    return str(found[0]["leaf_index"]) if found else None


async def _time_at(leaf_index: int) -> datetime | None:
    found = rows(await AuditSearch.raw(_AT, leaf_index))
    try:
        return time_of(found[0]["at"]) if found and found[0]["at"] else None
    except ValueError:  # a stolen login can write any time
        return None


async def _read_state() -> _State:
    return msgspec.convert(rows(await AuditSearch.raw(_STATE))[0], _State)
