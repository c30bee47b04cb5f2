"""Patterns of policy files: google-re2 only, so that no text can make them slow."""

import re
from collections.abc import Hashable, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

import re2

from govern.screening.normalise import fold

MAX_LENGTH = 500
MAX_REPEAT = 100
MAX_HITS = 101
"""How many places of one pattern a set gives: more than a screening shows."""
SET_MEMORY = 32 << 20
"""RE2 searches many patterns at once in so many bytes; what it builds beyond, it builds anew."""

Key = TypeVar("Key", bound=Hashable)

_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_GROUP_NAME = re.compile(r"\(\?P?<(\w+)>")


class Pattern:
    """One compiled RE2 pattern over folded texts."""

    def __init__(self, source: str) -> None:
        """Compile `source`.

        Raises:
            ValueError: RE2 rejects it, or it breaks a rule of ours; the message says which.
        """
        if fault := _fault(source):
            raise ValueError(fault)
        self.source = source
        try:
            self._compiled: Any = re2.compile(source, options=_options())
        except re2.error as error:
            raise ValueError(f"RE2 rejects the pattern: {_reason(error)}") from error

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Return the spans of its matches, left to right, without empty ones."""
        # The library counts characters again for every match of a text; in ASCII, bytes are characters.
        for match in self._compiled.finditer(text.encode() if text.isascii() else text):
            start, end = match.span()
            if start < end:
                yield start, end


class PatternSet(Generic[Key]):
    """Many patterns over one text: a single pass tells which of them are in it at all, and only those are searched for."""

    def __init__(self, patterns: Iterable[tuple[Key, Pattern]]) -> None:
        """Compile the set; without patterns it finds nothing."""
        self._patterns = tuple(patterns)
        self._set: Any = None
        if self._patterns:
            options = _options()
            options.max_mem = SET_MEMORY
            self._set = re2.Set.SearchSet(options)
            for _, pattern in self._patterns:
                self._set.Add(pattern.source)
            self._set.Compile()

    def find(self, text: str) -> Iterator[tuple[int, int, Key]]:
        """Return the places of all patterns, pattern by pattern in their order, at most 101 of each."""
        return self.find_all(text, most=MAX_HITS)

    def find_all(self, text: str, *, most: int | None = None) -> Iterator[tuple[int, int, Key]]:
        """Yield the places of all patterns, pattern by pattern in their order, `most` of each or all of them."""
        if self._set is None:
            return
        for number in sorted(self._set.Match(text) or ()):
            key, pattern = self._patterns[number]
            for start, end in islice(pattern.find(text), most):
                yield start, end, key


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


def _fault(source: str) -> str | None:
    names = _GROUP_NAME.findall(source)
    if len(source) > MAX_LENGTH:
        return f"the pattern is over {MAX_LENGTH} characters"
    plain = source.replace("(?P<", "(?<")  # RE2's own spelling of a named group
    if plain != fold(plain).text:
        return "the pattern has capitals, accents or double blanks; it sees the folded text, which has none"
    if any(int(count or 0) > MAX_REPEAT for pair in _REPEAT.findall(source) for count in pair):
        return f"the pattern repeats over {MAX_REPEAT} times"
    if len(names) != len(set(names)):
        return "the pattern uses a group name twice"
    return None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode() if isinstance(reason, bytes) else str(reason)
