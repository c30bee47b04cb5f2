"""An entry as pages and answers print it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from govern.domain.audit import UNREADABLE, Context, Entry, EntryObject, Lang, Names, object_name, sentence, time_of


class EntryState(StrEnum):
    """How far an entry has come."""

    RECORDED = "recorded"
    """It stands in the database; no checkpoint covers it yet."""
    INCLUDED = "included"
    """A signed checkpoint covers it: its place can be proven."""


class Why(StrEnum):
    """By what a free word found an entry."""

    SENTENCE = "sentence"
    """The sentence of its action has the word."""
    ACTOR = "actor"
    """It names who acted."""
    OBJECT = "object"
    """It names something the entry is about."""
    PLACE = "place"
    """It names the account or brand where it happened."""
    TEXT = "text"
    """The text of a message the entry is about has it."""
    WORDS = "words"
    """The word stands in the entry itself."""


class NamedObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object an entry is about, with its name of that time."""

    kind: str
    id: str
    rev: int | None
    name: str


class ChangedField(msgspec.Struct, frozen=True, kw_only=True):
    """A public field before and after; None: empty."""

    field: str
    before: str | None
    after: str | None


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to see of an entry but its sealed fields (`openings`)."""

    arrival: int
    leaf_index: int | None
    """Its place in the tree; None: not placed yet."""
    state: EntryState
    id: UUID | None
    """None: the text is not in our format."""
    at: datetime
    recorded_at: datetime
    action: str
    outcome: str
    actor: NamedObject
    via: str
    factors: tuple[str, ...]
    sentence: Mapping[Lang, str]
    """By language: `en`, `fr`."""
    object: NamedObject
    refs: tuple[NamedObject, ...]
    scope: str
    data: Mapping[str, Any]
    changes: tuple[ChangedField, ...]
    sealed: tuple[str, ...]
    """Names of the personal fields, of which the text holds commitments only."""
    context: Context
    """Request or job, and rule, grant and policy digest of the access decision."""
    leaf_hash: str
    """Hexadecimal."""
    text: str
    """The canonical text, byte for byte what is hashed."""
    why: tuple[Why, ...] = ()
    """By what the free words of a search found it."""


_NOTHING = NamedObject(kind="", id="", rev=None, name="")


def unreadable_view(row: Mapping[str, Any]) -> EntryView:
    """Build the view of a row whose text is not in our format: it is shown, and said to be so."""
    return EntryView(
        arrival=row["arrival"],
        leaf_index=row["leaf_index"],
        state=EntryState.INCLUDED if row["included"] else EntryState.RECORDED,
        id=None,
        at=row["recorded_at"],
        recorded_at=row["recorded_at"],
        action="",
        outcome="",
        actor=_NOTHING,
        via="",
        factors=(),
        sentence=UNREADABLE,
        object=_NOTHING,
        refs=(),
        scope="",
        data={},
        changes=(),
        sealed=(),
        context=Context(govern="?"),
        leaf_hash=row["leaf_hash"].hex(),
        text=row["entry"],
    )


def view(row: Mapping[str, Any], entry: Entry, names: Names) -> EntryView:
    """Build the view of a row."""
    return EntryView(
        arrival=row["arrival"],
        leaf_index=row["leaf_index"],
        state=EntryState.INCLUDED if row["included"] else EntryState.RECORDED,
        id=entry.id,
        at=time_of(entry.at),
        recorded_at=row["recorded_at"],
        action=entry.action,
        outcome=entry.outcome,
        actor=NamedObject(
            kind=entry.actor.kind, id=entry.actor.id, rev=None, name=object_name(entry.actor.id, "en", names)
        ),
        via=entry.actor.via,
        factors=entry.actor.factors,
        sentence={"en": sentence(entry, "en", names), "fr": sentence(entry, "fr", names)},
        object=_named(entry.object, names),
        refs=tuple(_named(each, names) for each in entry.refs),
        scope=entry.scope,
        data=entry.data,
        changes=tuple(
            ChangedField(field=field, before=_shown(values.before), after=_shown(values.after))
            for field, values in sorted(entry.change.items())
        ),
        sealed=tuple(sorted(entry.commit)),
        context=entry.ctx,
        leaf_hash=row["leaf_hash"].hex(),
        text=row["entry"],
    )


def _named(each: EntryObject, names: Names) -> NamedObject:
    return NamedObject(kind=each.kind, id=each.id, rev=each.rev, name=object_name(each.key, "en", names))


def _shown(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
