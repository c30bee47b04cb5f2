"""What the texts of entries say, checked one by one: their format, and the search rows made from them."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from govern.services.audit.claims import Findings
from govern.services.audit.entry_reading import AnyEntry, read_text
from govern.services.audit.replay import Replay

FindRows: TypeAlias = Callable[[int], Awaitable[Mapping[int, Sequence[str | None]]]]
"""Returns the search rows around a place in the log."""
_COLUMNS = ("entry_id", "at", "action", "actor_id", "object_kind", "object_id", "scope", "outcome", "rule", "refs")
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
        entry = read_text(text)
        if isinstance(entry, str):
            self._findings.wrong("format", f"Entry {index} {entry}.", index)
            return None
        if entry.log not in self._origins:
            self._findings.wrong("format", f"Entry {index} says that it belongs to the log {entry.log}.", index)
        return entry


class FormatsAndSearch(Formats):
    """Checks the search rows of our database too, up to the last one that was made; shows the entries to the replay."""

    def __init__(
        self, findings: Findings, origins: Collection[str], *, indexed: int, found: FindRows, replay: Replay
    ) -> None:
        super().__init__(findings, origins)
        self._indexed = indexed
        self._found = found
        self._replay = replay
        self._read: dict[int, AnyEntry | None] = {}

    def texts(self, begin: int, texts: Sequence[bytes]) -> None:
        for index, text in enumerate(texts, begin):
            entry = self._read[index] = self.read(index, text)
            if entry is not None:
                self._replay.feed(index, entry)

    async def tile_done(self, begin: int, end: int) -> None:
        read, self._read = self._read, {}
        found = await self._found(begin) if begin < min(end, self._indexed) else {}
        for index, entry in read.items():
            if index < self._indexed:
                self._compare(index, entry, found.get(index))

    def _compare(self, index: int, entry: AnyEntry | None, row: Sequence[str | None] | None) -> None:
        if row is None:
            self._findings.wrong("search", f"Entry {index} has no search row: it would not be found.", index)
        elif entry is not None and (column := _differing(row, entry)):
            words = f"The search row of entry {index} has another {column} than its text."
            self._findings.wrong("search", words, index)


def _differing(row: Sequence[str | None], entry: AnyEntry) -> str | None:
    """Return the first column that does not follow from the text."""
    about, refs = entry.object, "\n".join([each.id for each in entry.refs])
    who = (str(entry.id), entry.at, entry.action, entry.actor.id, about.kind, about.id)
    expected = (*who, entry.scope, entry.outcome, entry.ctx.rule, refs)
    if row[:-1] != expected:
        return next(name for name, one, two in zip(_COLUMNS, row, expected, strict=False) if one != two)
    words = _words(entry)
    if words is not None and words != (set(row[-1].split("\n")) if row[-1] else set()):
        return "words"
    return None


def _words(entry: AnyEntry) -> set[str] | None:
    """Return the words an entry is found by; None where PostgreSQL's own rules for letters decide."""
    found: set[str] = set()
    for text in (entry.action, entry.ctx.rule or "", *_strings(entry.data)):
        if not text.isascii():
            return None
        if len(text) <= _CACHED:
            found |= _split(text)
        elif text.isalnum() and len(text) <= 80:  # a digest, most of the time: one word
            found.add(text.lower())
        else:
            found |= _split_new(text)
    return found


_CACHED = 40  # longer ones are digests and the like: no two are the same


def _split_new(text: str) -> frozenset[str]:
    words = _SEPARATORS.split(text.lower())
    return frozenset(word for word in words if 1 <= len(word) <= 80 and not _UUID.fullmatch(word))


_split = lru_cache(maxsize=4096)(_split_new)


def _strings(value: dict[str, Any] | list[Any]) -> list[str]:
    found = []
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, dict | list):
            found += _strings(each)
    return found
