"""Finds terms of one or more words in a folded text, in one pass for all rules together."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from govern.screening.normalise import fold

MAX_ENDING = 5
"""How many letters `word*` may add to its stem."""
MAX_GAP = 3
"""How many blanks, apostrophes and dashes may stand between two words of a term."""

_WORD = re.compile(r"[^\W_]+")
_BETWEEN = frozenset(" '-\n")


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
        """Return the hits in a folded text, by start; of the terms of one rule at one place the longest."""


def parse_term(text: str) -> Term:
    """Cut a term of a policy file into folded words."""
    folded = fold(text).text
    found = list(_WORD.finditer(folded))
    stems = tuple(folded[match.end() : match.end() + 1] == "*" for match in found)
    return Term(tuple(match[0] for match in found), stems)


class PureMatcher:
    """A dictionary by first word, then a comparison word by word."""

    def __init__(self, terms: Iterable[tuple[str, Term]]) -> None:
        self._by_word: dict[str, list[tuple[str, Term]]] = {}
        self._by_stem: dict[str, list[tuple[str, Term]]] = {}
        for rule, term in terms:
            index = self._by_stem if term.stems[0] else self._by_word
            index.setdefault(term.words[0], []).append((rule, term))

    def find(self, text: str) -> list[TermHit]:
        words = [(match.start(), match.end(), match[0]) for match in _WORD.finditer(text)]
        hits: list[TermHit] = []
        for at, (start, _, word) in enumerate(words):
            longest: dict[str, int] = {}
            for rule, term in self._starting_with(word):
                end = _end_of(term, text, words, at)
                if end is not None:
                    longest[rule] = max(end, longest.get(rule, 0))
            hits.extend(TermHit(start, end, rule) for rule, end in sorted(longest.items()))
        return hits

    def _starting_with(self, word: str) -> Iterator[tuple[str, Term]]:
        yield from self._by_word.get(word, ())
        for length in range(max(1, len(word) - MAX_ENDING), len(word) + 1):
            yield from self._by_stem.get(word[:length], ())


def _end_of(term: Term, text: str, words: list[tuple[int, int, str]], at: int) -> int | None:
    """Return where the term ends that starts at word `at`, or None where another word stands in its way."""
    if at + len(term.words) > len(words):
        return None
    for offset, (wanted, is_stem) in enumerate(zip(term.words, term.stems, strict=True)):
        start, _, word = words[at + offset]
        gap = text[words[at + offset - 1][1] : start] if offset else ""
        if len(gap) > MAX_GAP or not _BETWEEN.issuperset(gap):
            return None
        if word != wanted and not (is_stem and word.startswith(wanted) and len(word) - len(wanted) <= MAX_ENDING):
            return None
    return words[at + len(term.words) - 1][1]
