"""What the texts of entries say, checked one by one: their format, and the search rows made from them."""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from govern.database import rows
from govern.domain.audit import Entry
from govern.services.audit.claims import Findings
from govern.services.audit.entry_reading import StrictEntry, read_slowly, read_strictly
from govern.tables import AuditSearch

# One row per tile, of arrays. Arrays of arrays would have to be of one length: those are joined.
_ROWS = """
SELECT array_agg(leaf_index) AS places, array_agg(entry_id::text) AS ids, array_agg(at) AS ats,
       array_agg(action) AS actions, array_agg(actor_id) AS actors, array_agg(object_kind) AS kinds,
       array_agg(object_id) AS objects, array_agg(scope) AS scopes, array_agg(outcome) AS outcomes,
       array_agg(rule) AS rules, array_agg(array_to_string(refs, chr(10), '?')) AS refs,
       array_agg(array_to_string(tsvector_to_array(words), chr(10), '?')) AS words
  FROM audit.search WHERE leaf_index >= {} AND leaf_index < {}
"""
AnyEntry: TypeAlias = StrictEntry | Entry
_COLUMNS = ("entry_id", "at", "action", "actor_id", "object_kind", "object_id", "scope", "outcome", "rule", "refs")
_NAMES = ("ids", "ats", "actions", "actors", "kinds", "objects", "scopes", "outcomes", "rules", "refs", "words")
_SEPARATORS = re.compile(r"[^A-Za-z0-9_.:/+@-]+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Formats:
    """Checks that each text is canonical, in our format, and of this log."""

    def __init__(self, findings: Findings, origins: Collection[str]) -> None:
        self._findings = findings
        self._origins = origins

    def texts(self, begin: int, texts: Sequence[bytes]) -> None:
        for index, text in enumerate(texts, begin):
            self.read(index, text)

    async def tile_done(self, begin: int, end: int) -> None:
        """Nothing is left to do: each text was judged by itself."""

    def read(self, index: int, text: bytes) -> AnyEntry | None:
        """Return what a text says; None if it cannot be read."""
        entry = read_strictly(text) or read_slowly(text)
        if isinstance(entry, str):
            self._findings.wrong("format", f"Entry {index} {entry}.", index)
            return None
        if entry.log not in self._origins:
            self._findings.wrong("format", f"Entry {index} says that it belongs to the log {entry.log}.", index)
        return entry


class FormatsAndSearch(Formats):
    """Checks the search rows of our database too, up to the last one that was made."""

    def __init__(self, findings: Findings, origins: Collection[str], *, indexed: int) -> None:
        super().__init__(findings, origins)
        self._indexed = indexed
        self._read: dict[int, AnyEntry | None] = {}

    def texts(self, begin: int, texts: Sequence[bytes]) -> None:
        for index, text in enumerate(texts, begin):
            self._read[index] = self.read(index, text)

    async def tile_done(self, begin: int, end: int) -> None:
        read, self._read = self._read, {}
        end = min(end, self._indexed)
        columns = rows(await AuditSearch.raw(_ROWS, begin, end))[0] if read and begin < end else {"places": None}
        found = (
            dict(zip(columns["places"], zip(*(columns[name] for name in _NAMES), strict=True), strict=True))
            if columns["places"]
            else {}
        )
        for index, entry in read.items():
            if index < end:
                self._compare(index, entry, found.get(index))

    def _compare(self, index: int, entry: AnyEntry | None, row: Sequence[Any] | None) -> None:
        if row is None:
            self._findings.wrong("search", f"Entry {index} has no search row: it would not be found.", index)
        elif entry is not None and (column := _differing(row, entry)):
            words = f"The search row of entry {index} has another {column} than its text."
            self._findings.wrong("search", words, index)


def _differing(row: Sequence[Any], entry: AnyEntry) -> str | None:
    """Return the first column that does not follow from the text."""
    about, refs = entry.object, "\n".join([each.id for each in entry.refs])
    who, what = (
        (str(entry.id), entry.at, entry.action, entry.actor.id),
        (about.kind, about.id, entry.scope, entry.outcome),
    )
    expected = (*who, *what, entry.ctx.rule, refs)
    if row[:-1] != expected:
        return next(name for name, one, two in zip(_COLUMNS, row, expected, strict=False) if one != two)
    words = _words(entry)
    if words is not None and set((row[-1] or "").split("\n")) - {""} != words:
        return "words"
    return None


def _words(entry: AnyEntry) -> set[str] | None:
    """Return the words an entry is found by; None where PostgreSQL's own rules for letters decide."""
    found: set[str] = set()
    for text in (entry.action, entry.ctx.rule or "", *_strings(entry.data)):
        if not text.isascii():
            return None
        found |= _split(text) if len(text) <= _CACHED else _split_new(text)
    return found


_CACHED = 40  # longer ones are digests and the like: no two are the same


def _split_new(text: str) -> frozenset[str]:
    words = _SEPARATORS.split(text.lower())
    return frozenset(word for word in words if 1 <= len(word) <= 80 and not _UUID.fullmatch(word))


_split = lru_cache(maxsize=4096)(_split_new)


def _strings(value: object) -> Iterator[str]:
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict | list):
            yield from _strings(each)
