"""Entries of the audit log as programs read them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.services.audit import EntryView, Page


class ActorJson(msgspec.Struct, kw_only=True):
    """Who acted, with today's name."""

    kind: str
    id: str
    name: str


class ObjectJson(msgspec.Struct, kw_only=True):
    """What an entry is about, with today's name."""

    kind: str
    id: str
    name: str
    rev: int | None = None


class ChangeJson(msgspec.Struct, kw_only=True):
    """A field before and after; null is empty."""

    before: str | None
    after: str | None


class EntryJson(msgspec.Struct, kw_only=True):
    """One entry. `arrival` is its place in the log; `ctx` has the request and the decision that let it happen.

    `state` is `recorded`, then `included`: a signed checkpoint covers it, at `leaf_index` of the tree. `why` says by
    what the free words of a search found it.
    """

    id: UUID | None
    arrival: int
    leaf_index: int | None
    state: str
    at: datetime
    action: str
    outcome: str
    actor: ActorJson
    object: ObjectJson
    refs: list[ObjectJson]
    scope: str
    sentence: dict[str, str]
    change: dict[str, ChangeJson]
    data: dict[str, Any]
    ctx: dict[str, Any]
    sealed: tuple[str, ...]
    leaf_hash: str
    why: tuple[str, ...]


class EntriesJson(msgspec.Struct, kw_only=True):
    """One page of entries, newest first; `searched_to` is set if time ran out before the page was full."""

    items: list[EntryJson]
    next_cursor: str | None
    searched_to: datetime | None


def entry_json(entry: EntryView) -> EntryJson:
    """Return an entry as programs read it."""
    return EntryJson(
        id=entry.id,
        arrival=entry.arrival,
        leaf_index=entry.leaf_index,
        state=entry.state.value,
        at=entry.at,
        action=entry.action,
        outcome=entry.outcome,
        actor=msgspec.convert(entry.actor, ActorJson, from_attributes=True),
        object=msgspec.convert(entry.object, ObjectJson, from_attributes=True),
        refs=[msgspec.convert(ref, ObjectJson, from_attributes=True) for ref in entry.refs],
        scope=entry.scope,
        sentence={str(language): text for language, text in entry.sentence.items()},
        change={change.field: ChangeJson(before=change.before, after=change.after) for change in entry.changes},
        data=dict(entry.data),
        ctx=msgspec.to_builtins(entry.context),
        sealed=entry.sealed,
        leaf_hash=entry.leaf_hash,
        why=tuple(why.value for why in entry.why),
    )


def entries_json(page: Page) -> EntriesJson:
    """Return a page as programs read it."""
    items = [entry_json(entry) for entry in page.items]
    return EntriesJson(items=items, next_cursor=page.next_cursor, searched_to=page.searched_to)
