"""Finds terms of one or more words in a folded text, in one pass for all rules together."""

import re
from collections.abc import Iterable
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

from govern.screening.normalise import fold

MAX_ENDING = 5
"""How many letters `word*` may add to its stem."""
MAX_GAP = 3
"""How many blanks, apostrophes and dashes may stand between two words of a term."""

_WORD = re.compile(r"[^\W_]+")
_BETWEEN = frozenset(" '-\n")

Word = tuple[int, int, str]
"""Start, end and letters of one word of a folded text."""


class Term(NamedTuple):
    """A term cut into words; those that ended in `*` are stems."""

    words: tuple[str, ...]
    stems: tuple[bool, ...]


class TermHit(NamedTuple):
    """Where a rule's term stands in the folded text."""

    start: int
    end: int
    rule: str


class Matcher(Protocol):
    """Whatever finds terms; every matcher gives the same hits."""

    def find(self, text: str) -> list[TermHit]:
        """Return the hits in a folded text, by start, then rule; of the terms of one rule at one place the longest."""


class Matching(StrEnum):
    """How terms are found; the hits are the same."""

    AUTO = "auto"
    """Natively where the library is installed."""
    NATIVE = "native"
    PURE = "pure"


def parse_term(text: str) -> Term:
    """Cut a term of a policy file into folded words."""
    folded = fold(text).text
    found = list(_WORD.finditer(folded))
    stems = tuple(folded[match.end() : match.end() + 1] == "*" for match in found)
    return Term(tuple(match[0] for match in found), stems)


def matcher(terms: Iterable[tuple[str, Term]], matching: Matching = Matching.AUTO) -> Matcher:
    """Return the matcher over the terms of all families.

    Raises:
        ImportError: the native one is asked for, and its library is not installed.
    """
    if matching is Matching.PURE or (matching is Matching.AUTO and find_spec("ahocorasick") is None):
        return PureMatcher(terms)
    return NativeMatcher(terms)


class PureMatcher:
    """A dictionary by first word, then a comparison word by word."""

    def __init__(self, terms: Iterable[tuple[str, Term]]) -> None:
        self._by_word: dict[str, list[tuple[str, Term]]] = {}
        self._by_stem: dict[str, list[tuple[str, Term]]] = {}
        for rule, term in terms:
            index = self._by_stem if term.stems[0] else self._by_word
            index.setdefault(term.words[0], []).append((rule, term))
        self._stem_lengths = frozenset(map(len, self._by_stem))

    def find(self, text: str) -> list[TermHit]:
        words = _words(text)
        hits = _Hits(text, words)
        for at, (_, _, word) in enumerate(words):
            for rule, term in self._by_word.get(word, ()):
                hits.add(at, rule, term)
            for length in range(max(1, len(word) - MAX_ENDING), len(word) + 1):
                if length in self._stem_lengths:
                    for rule, term in self._by_stem.get(word[:length], ()):
                        hits.add(at, rule, term)
        return hits.in_order()


class NativeMatcher:
    """An automaton over the words of a text with one blank between them, then the same comparison."""

    def __init__(self, terms: Iterable[tuple[str, Term]]) -> None:
        by_key: dict[str, list[tuple[str, Term]]] = {}
        for rule, term in terms:
            by_key.setdefault(_key(term), []).append((rule, term))
        # Typed as anything: the library has no types. It refuses to search without words, so an empty policy has none.
        self._automaton: Any = None
        if by_key:
            self._automaton = import_module("ahocorasick").Automaton()
            for key, entries in by_key.items():
                self._automaton.add_word(key, (len(key), tuple(entries)))
            self._automaton.make_automaton()

    def find(self, text: str) -> list[TermHit]:
        words = _words(text)
        hits = _Hits(text, words)
        if self._automaton is None or not words:
            return []
        line = f" {' '.join([word for _, _, word in words])} "
        numbers: dict[int, int] = {}
        for last, (length, entries) in self._automaton.iter(line):
            numbers = numbers or _numbers(words)
            for rule, term in entries:
                hits.add(numbers[last + 1 - length], rule, term)
        return hits.in_order()


class _Hits:
    """Collects the longest hit of each rule at each word."""

    def __init__(self, text: str, words: list[Word]) -> None:
        self._text = text
        self._words = words
        self._ends: dict[tuple[int, str], int] = {}

    def add(self, at: int, rule: str, term: Term) -> None:
        """Add a term whose first word may be the one at `at`, if the whole of it stands there."""
        end = _end_of(term, self._text, self._words, at)
        if end is not None and end > self._ends.get((at, rule), 0):
            self._ends[at, rule] = end

    def in_order(self) -> list[TermHit]:
        return [TermHit(self._words[at][0], end, rule) for (at, rule), end in sorted(self._ends.items())]


def _words(text: str) -> list[Word]:
    return [(match.start(), match.end(), match[0]) for match in _WORD.finditer(text)]


def _numbers(words: list[Word]) -> dict[int, int]:
    """Return which word follows each blank of the line that the automaton reads."""
    numbers, position = {}, 0
    for number, (_, _, word) in enumerate(words):
        numbers[position] = number
        position += len(word) + 1
    return numbers


def _key(term: Term) -> str:
    """Return what of a term is in the line letter by letter: up to its first stem, or all of it."""
    if True not in term.stems:
        return f" {' '.join(term.words)} "
    return " " + " ".join(term.words[: term.stems.index(True) + 1])


def _end_of(term: Term, text: str, words: list[Word], at: int) -> int | None:
    """Return where the term ends that starts at word `at`, or None where another word stands in its way."""
    if at + len(term.words) > len(words):
        return None
    for offset, (wanted, is_stem) in enumerate(zip(term.words, term.stems, strict=True)):
        start, _, word = words[at + offset]
        if word != wanted and not (is_stem and word.startswith(wanted) and len(word) - len(wanted) <= MAX_ENDING):
            return None
        if offset:
            gap = text[words[at + offset - 1][1] : start]
            if len(gap) > MAX_GAP or not _BETWEEN.issuperset(gap):
                return None
    return words[at + len(term.words) - 1][1]
