"""Names as they were when an entry was written: the log holds them, and a reader takes the last one before the entry.

Where the log tells no name, or its seal does not open here, the name of today stands in. A member's name is shown to
whoever reads the log, so it is no look at an opening (`audit.opened`); what a contact was called before is one, so their
names are those of today.
"""

from base64 import b64encode
from collections import ChainMap, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from govern import log
from govern.database import rows
from govern.domain.accounts import brand_scope
from govern.domain.audit import (
    AccountCreated,
    BrandCreated,
    Entry,
    ErasedBy,
    MemberCreated,
    MemberRenamed,
    Names,
    read_entry,
)
from govern.errors import GovernError
from govern.services.audit.erasures import find_erasures
from govern.services.audit.names import ERASED, SHOWN, TokenName, mentioned, names_for, token_names
from govern.services.audit.openings import Opened, open_entries
from govern.tables import AuditEntry

logger = log.get(__name__)

# Kind of object: the actions that name one, and the field with its name.
_NAMING: Mapping[str, tuple[frozenset[str], str]] = {
    "member": (frozenset({MemberCreated.NAME, MemberRenamed.NAME}), "name"),
    "account": (frozenset({AccountCreated.NAME}), "handle"),
    "brand": (frozenset({BrandCreated.NAME}), "name"),
}
_BIRTHS = frozenset({MemberCreated.NAME, AccountCreated.NAME, BrandCreated.NAME})
_ACTIONS = sorted(action for actions, _ in _NAMING.values() for action in actions)
_UNPLACED = 1 << 63

# `audit.recent` has what is not in `search` yet.
_TOLD = """
SELECT s.leaf_index, s.arrival, e.entry FROM audit.search s JOIN audit.entry e ON e.arrival = s.arrival
 WHERE s.object_id = ANY({}) AND s.action = ANY({})
UNION
SELECT r.leaf_index, r.arrival, r.entry FROM audit.recent r
 WHERE r.entry::jsonb #>> ARRAY['object', 'id'] = ANY({}) AND r.entry::jsonb ->> 'action' = ANY({})
"""


class Placed(NamedTuple):
    """An entry and where it stands; what has no place yet stands behind all that has one."""

    entry: Entry
    arrival: int
    leaf_index: int | None

    @property
    def order(self) -> tuple[int, int]:
        return (_UNPLACED if self.leaf_index is None else self.leaf_index, self.arrival)


class _Named(NamedTuple):
    """An entry that names its object; None: its seal is gone, or does not open here."""

    told: Placed
    name: str | None

    def counts_for(self, placed: Placed) -> bool:
        """Tell whether an entry was written under this name; the first name counts for its own entry too."""
        if self.told.order == placed.order:
            return self.told.entry.action in _BIRTHS
        return self.told.order < placed.order


async def names_then(placed: Sequence[Placed]) -> list[Names]:
    """Return for each entry the names of what it speaks of, by `kind:id`, and of brands by their scope too."""
    entries = [each.entry for each in placed]
    today: dict[str, str | ErasedBy] = {**await names_for(entries)}
    tokens = await token_names(entries)
    keys = {key for entry in entries for key in mentioned(entry)} | {each.owner for each in tokens.values()}
    known = await _namings(keys)
    erased = await _erased(keys, known, today)
    return [ChainMap(dict(_then(each, known, erased, tokens)), today) for each in placed]


async def _namings(keys: Collection[str]) -> Mapping[str, Sequence[_Named]]:
    """Return what the log calls objects, in its order."""
    ids = [key.partition(":")[2] for key in keys if key.partition(":")[0] in _NAMING]
    if not ids:
        return {}
    found = rows(await AuditEntry.raw(_TOLD, ids, _ACTIONS, ids, _ACTIONS))
    told = [
        Placed(entry, row["arrival"], row["leaf_index"])
        for row in found
        if (entry := read_entry(row["entry"])) and entry.action in _NAMING.get(entry.object.kind, ((), ""))[0]
    ]
    opened = await _open([each.entry.id for each in told if each.entry.commit])
    known: dict[str, list[_Named]] = defaultdict(list)
    for each in sorted(told, key=lambda each: each.order):
        known[each.entry.object.key].append(_Named(each, _name(each.entry, opened.get(each.entry.id, {}))))
        if each.entry.action == BrandCreated.NAME:
            known[brand_scope(str(each.entry.data.get("slug")))].append(known[each.entry.object.key][-1])
    return known


async def _open(entry_ids: Collection[UUID]) -> Mapping[UUID, Mapping[str, Opened]]:
    try:
        return await open_entries(entry_ids)
    except GovernError as error:  # a name is a kindness: that seals do not open is said where they are asked for
        logger.warning("log.names_sealed", reason=error.code)
        return {}


def _name(entry: Entry, opened: Mapping[str, Opened]) -> str | None:
    """Return the name an entry tells; a seal with another one than the entry is committed to does not count."""
    kind, field = entry.object.kind, _NAMING[entry.object.kind][1]
    value: object = entry.data.get(field)
    if field in entry.commit:
        found = opened.get(field)
        promised = found and b64encode(found.promise(field)).decode() == entry.commit[field]
        value = found.value if found and promised else None
    return SHOWN[kind][2].format(value) if isinstance(value, str) else None


async def _erased(keys: Collection[str], known: Mapping[str, Sequence[_Named]], today: Names) -> Mapping[str, ErasedBy]:
    """Return by which entry the names were erased that are told nowhere any more."""
    gone = [key for key in keys if today.get(key) in ERASED or any(each.name is None for each in known.get(key, ()))]
    found = await find_erasures(gone)
    return {
        key: ErasedBy(str(each.entry_id) if each.leaf_index is None else str(each.leaf_index))
        for key, each in found.items()
    }


def _then(
    placed: Placed,
    known: Mapping[str, Sequence[_Named]],
    erased: Mapping[str, ErasedBy],
    tokens: Mapping[str, TokenName],
) -> Iterable[tuple[str, str | ErasedBy]]:
    """Give the names of that time, of what an entry speaks of."""
    for key in (*mentioned(placed.entry), placed.entry.scope):
        token = tokens.get(key)
        name = _name_then(token.owner if token else key, placed, known, erased)
        if name is not None:
            yield key, token.of(name) if token and isinstance(name, str) else name


def _name_then(
    key: str, placed: Placed, known: Mapping[str, Sequence[_Named]], erased: Mapping[str, ErasedBy]
) -> str | ErasedBy | None:
    if key in erased:
        return erased[key]
    return next((each.name for each in reversed(known.get(key, ())) if each.counts_for(placed)), None)
