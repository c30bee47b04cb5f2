"""What the texts of entries say, checked one by one: their format, and the search rows made from them."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from govern.database import rows
from govern.domain.audit import read_entry
from govern.services.audit.claims import Findings
from govern.tables import AuditSearch
from govern.tlog.canonical import Json, NotCanonicalError, parse

_ROWS = """
SELECT leaf_index, entry_id::text AS entry_id, at, action, actor_id, object_kind, object_id, scope, outcome, rule, refs,
       tsvector_to_array(words) AS words
  FROM audit.search WHERE leaf_index >= {} AND leaf_index < {}
"""
_SEPARATORS = re.compile(r"[^A-Za-z0-9_.:/+@-]+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST = 500


class Formats:
    """Checks that each text is canonical, in our format, and of this log."""

    def __init__(self, findings: Findings, origins: Collection[str]) -> None:
        self._findings = findings
        self._origins = origins

    def text(self, index: int, text: bytes) -> None:
        self.read(index, text)

    async def tile_done(self, begin: int, end: int) -> None:
        """Nothing is left to do: each text was judged by itself."""

    def read(self, index: int, text: bytes) -> Json:
        """Return what a text says; None if it cannot be read."""
        wrong = self._findings.wrong
        try:
            value = parse(text.decode())
        except (NotCanonicalError, UnicodeDecodeError) as error:
            wrong("format", f"Entry {index} is not canonical ({error}).", index)
            return None
        entry = read_entry(text.decode())
        if entry is None:
            wrong("format", f"Entry {index} is not in our format: a stolen login may have appended it.", index)
        elif entry.log not in self._origins:
            wrong("format", f"Entry {index} says that it belongs to the log {entry.log}.", index)
        return value


class FormatsAndSearch(Formats):
    """Checks the search rows of our database too, up to the last one that was made."""

    def __init__(self, findings: Findings, origins: Collection[str], *, indexed: int) -> None:
        super().__init__(findings, origins)
        self._indexed = indexed
        self._read: dict[int, Json] = {}

    def text(self, index: int, text: bytes) -> None:
        self._read[index] = self.read(index, text)

    async def tile_done(self, begin: int, end: int) -> None:
        end = min(end, self._indexed)
        found = {row.pop("leaf_index"): row for row in rows(await AuditSearch.raw(_ROWS, begin, end))}
        for index, value in self._read.items():
            if index >= end:
                continue
            row = found.pop(index, None)
            if row is None:
                self._findings.wrong("search", f"Entry {index} has no search row: it would not be found.", index)
            elif isinstance(value, dict) and (column := _differing(row, value)):
                words = f"The search row of entry {index} has another {column} than its text."
                self._findings.wrong("search", words, index)
        self._read.clear()


def _differing(row: dict[str, Any], value: dict[str, Json]) -> str | None:
    """Return the first column that does not follow from the text."""
    words = _words(value)
    for column, expected in _columns(value):
        if row[column] != expected:
            return column
    if words is not None and set(row["words"] or ()) != words:
        return "words"
    return None


def _columns(value: dict[str, Json]) -> Iterator[tuple[str, object]]:
    entry_id = _short(value.get("id"))
    yield "entry_id", entry_id if entry_id and _UUID.fullmatch(entry_id) else None
    for column in ("at", "action", "scope", "outcome"):
        yield column, _short(value.get(column))
    yield "actor_id", _short(_member(value, "actor", "id"))
    yield "object_kind", _short(_member(value, "object", "kind"))
    yield "object_id", _short(_member(value, "object", "id"))
    yield "rule", _short(_member(value, "ctx", "rule"))
    refs = value.get("refs")
    named = [each.get("id") for each in refs if isinstance(each, dict)] if isinstance(refs, list) else []
    yield "refs", [short for each in named if (short := _short(each))]


def _member(value: dict[str, Json], name: str, field: str) -> Json:
    inner = value.get(name)
    return inner.get(field) if isinstance(inner, dict) else None


def _short(value: Json) -> str | None:
    """Return a text that an index can hold, or None."""
    return value if isinstance(value, str) and 1 <= len(value.encode()) <= _LONGEST else None


def _words(value: dict[str, Json]) -> set[str] | None:
    """Return the words an entry is found by; None where PostgreSQL's own rules for letters decide."""
    texts = list(_strings([value.get("action"), value.get("data"), _member(value, "ctx", "rule")]))
    if not all(text.isascii() for text in texts):
        return None
    words = {word for text in texts for word in _SEPARATORS.split(text.lower())}
    return {word for word in words if 1 <= len(word) <= 80 and not _UUID.fullmatch(word)}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
