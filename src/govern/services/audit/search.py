"""Reading the log: filters joined by AND, newest first; every entry with its state and why it was found."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.accounts import COMPANY
from govern.domain.audit import BY_NAME, EntryNotFound, read_entry
from govern.services.audit.conditions import EntryFilter, Saying, Wanted, make_ready, speaks_of
from govern.services.audit.names_then import Placed, names_then
from govern.services.audit.places import find_arrival, find_places
from govern.services.audit.views import EntryView, Why, unreadable_view, view
from govern.tables import AuditEntry

MOST = 200

_ENTRIES = """
SELECT e.arrival, e.entry, e.leaf_hash, e.recorded_at, l.leaf_index,
       coalesce(l.leaf_index < (SELECT max(size) FROM audit.checkpoint), false) AS included
  FROM audit.entry e LEFT JOIN audit.leaf l ON l.arrival = e.arrival WHERE e.arrival = ANY({}::bigint[])
"""
_REQUEST = """
SELECT arrival FROM audit.entry
 WHERE arrival BETWEEN {} AND {} AND entry::jsonb #>> ARRAY['ctx', 'request'] = {}
 ORDER BY arrival LIMIT 50
"""
_NEAR = 2_000
"""So many arrivals before and after an entry the others of its request are looked for: a request lasts seconds."""


class Page(msgspec.Struct, frozen=True):
    """Entries, newest first; `next_cursor` is `before` of the next page, None at the end."""

    items: tuple[EntryView, ...]
    next_cursor: str | None
    searched_to: datetime | None = None
    """Set if time ran out before the page was full: how far back was searched. The next page goes on from there."""


async def search_entries(
    wanted: EntryFilter,
    *,
    scopes: frozenset[str],
    limit: int = 50,
    before: str | None = None,
    saying: Saying | None = None,
) -> Page:
    """Return the entries that match, of the scopes the reader may see (`access.where_can`), at most 200.

    `saying` finds the messages whose text has a free word, as far as the reader may read them.

    Raises:
        Invalid: `q` breaks a rule of its language.
        ValueError: `before` is not a cursor of ours.
    """
    ready = await make_ready(wanted, scopes, saying)
    limit = max(1, min(limit, MOST))
    found = await find_places(ready.condition, limit=limit, before=before, at=wanted.at)
    items = await _views(found.arrivals)
    told = tuple(msgspec.structs.replace(item, why=_why(item, ready)) for item in items)
    return Page(told, found.following, found.searched_to)


async def get_entry(which: int | UUID, *, scopes: frozenset[str]) -> EntryView:
    """Return one entry, by its arrival or its id.

    Raises:
        EntryNotFound: there is none, or the reader may not see its scope.
    """
    arrival = which if isinstance(which, int) else await find_arrival(which)
    found = await _views([arrival]) if arrival is not None else ()
    if not found or not _may_see(found[0], scopes):
        raise EntryNotFound(noun="entry", name=str(which))
    return found[0]


async def same_request(entry: EntryView, *, scopes: frozenset[str]) -> tuple[EntryView, ...]:
    """Return the other entries that the entry's request wrote, oldest first, of the scopes the reader may see."""
    request = entry.context.request
    if request is None:
        return ()
    near = (entry.arrival - _NEAR, entry.arrival + _NEAR)
    found = [row["arrival"] for row in rows(await AuditEntry.raw(_REQUEST, *near, request))]
    views = await _views([arrival for arrival in found if arrival != entry.arrival])
    return tuple(each for each in views if _may_see(each, scopes))


def _may_see(entry: EntryView, scopes: frozenset[str]) -> bool:
    """Who reads the company's log sees all of it, also what a stolen login appended in another format."""
    return COMPANY in scopes or entry.scope in scopes


async def _views(arrivals: Sequence[int]) -> tuple[EntryView, ...]:
    """Return the entries in the order of `arrivals`."""
    if not arrivals:
        return ()
    by_arrival: dict[int, dict[str, Any]] = {
        row["arrival"]: row for row in rows(await AuditEntry.raw(_ENTRIES, list(arrivals)))
    }
    found = [by_arrival[arrival] for arrival in arrivals if arrival in by_arrival]
    entries = [read_entry(str(row["entry"])) for row in found]
    readable = [
        Placed(entry, row["arrival"], row["leaf_index"]) for row, entry in zip(found, entries, strict=True) if entry
    ]
    names = iter(await names_then(readable))
    return tuple(
        view(row, entry, next(names)) if entry else unreadable_view(row)
        for row, entry in zip(found, entries, strict=True)
    )


def _why(entry: EntryView, ready: Wanted) -> tuple[Why, ...]:
    """Say by what each free word found the entry."""
    touched, found = {entry.object.id, *(each.id for each in entry.refs)}, dict[Why, None]()
    for word, meant in ready.words.items():
        fits = {
            Why.SENTENCE: entry.action in BY_NAME and speaks_of(BY_NAME[entry.action], word),
            Why.ACTOR: entry.actor.id in meant.actors,
            Why.TEXT: bool(touched & ready.texts.get(word, frozenset())),
            Why.OBJECT: bool(touched & meant.objects),
            Why.PLACE: entry.scope in meant.scopes,
        }
        reasons = [why for why, fit in fits.items() if fit]
        found |= dict.fromkeys(reasons or [Why.WORDS])
    return tuple(found)
