"""Phrases over classes of words: what an opt-out is made of, whatever words it uses. Linear in the length of the text.

A phrase is written as its elements, with blanks between them: `{stop}` is any entry of that class of words, other words stand
for themselves (`word*` takes any ending), a `?` makes an element optional, `~3` lets up to three words stand between two
elements, `^` and `$` are the beginning and the end of a sentence. A phrase never reaches over the end of a sentence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from govern.screening.normalise import View, fold
from govern.screening.spelling import Spelling

_SIGNS = "\U0001f6d1\U0001f6ab\U0001f515\U0001f507\U0001f910\u26d4"
"""Signs that people write for words: a stop sign, a forbidden sign, bells and mouths that are shut."""
_WORD = re.compile(rf"[^\W_]+|[{_SIGNS}]")
_UNREAD = re.compile(r"(?:https?://|www\.)\S+|@[\w.-]+")
_ENTRY_WORD = re.compile(rf"[^\W_]+\*?|[{_SIGNS}]")
_SENTENCE_END = re.compile(r"[.!?;:…]+(?=\s|$)|\n")
_ELEMENT = re.compile(r"(\{[a-z_]+\}|[^\W_]+\*?)(\??)")
_GAP = re.compile(r"~([1-8])")


class Element(NamedTuple):
    """One place of a phrase: what stands there, after how many other words at most, and whether it may be missing."""

    name: str
    gap: int
    optional: bool


class Phrase(NamedTuple):
    """A phrase cut into its elements, and whether it must begin or end where its sentence does."""

    elements: tuple[Element, ...]
    needed: frozenset[str]
    """The classes it cannot do without."""
    starts: bool
    ends: bool


class Word(NamedTuple):
    """A word of a text, spelt as it was meant."""

    start: int
    end: int
    text: str
    sentence: int


class Reading(NamedTuple):
    """A text cut into words. `hits` says, by class, where its entries start and where each of them may end."""

    words: tuple[Word, ...]
    hits: Mapping[str, Mapping[int, tuple[int, ...]]]
    first: Mapping[int, int]
    after: Mapping[int, int]
    """By sentence: its first word, and the word after its last one."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the words from `start` to before `end` stand in the text that was read."""
        return self.words[start].start, self.words[end - 1].end


class Vocabulary:
    """The classes of words of a policy file, indexed by the first word of their entries."""

    def __init__(
        self, classes: Iterable[tuple[str, str]], *, silent: Iterable[str] = (), spelling: Spelling | None = None
    ) -> None:
        """Index pairs of a class and an entry. `silent` words are left out before anything is compared."""
        self._by_word: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self._stems: set[int] = set()
        self._silent = frozenset(silent)
        self._spelling = spelling or Spelling(())
        for name, entry in classes:
            words = tuple(entry_words(entry))
            self._by_word.setdefault(words[0], []).append((name, words))
            if words[0].endswith("*"):
                self._stems.add(len(words[0]) - 1)

    def read(self, view: View) -> Reading:
        """Cut a folded text into words and say what they are; handles, hashtags and addresses are not read."""
        words = tuple(self._words(view.text))
        first: dict[int, int] = {}
        after: dict[int, int] = {}
        for at, word in enumerate(words):
            first.setdefault(word.sentence, at)
            after[word.sentence] = at + 1
        hits: dict[str, dict[int, tuple[int, ...]]] = {}
        for at, word in enumerate(words):
            for name, entry in self._starting_with(word.text):
                end = _end_of(entry, words, at, after[word.sentence])
                if end is not None:
                    starts = hits.setdefault(name, {})
                    starts[at] = (*starts.get(at, ()), end)
        return Reading(words, hits, first, after)

    def _words(self, text: str) -> Iterator[Word]:
        unread = _UNREAD.sub(lambda found: " " * len(found[0]), text)
        ends = [found.end() for found in _SENTENCE_END.finditer(unread)]
        sentence = 0
        for found in _WORD.finditer(unread):
            while sentence < len(ends) and ends[sentence] <= found.start():
                sentence += 1
            word = self._spelling.meant(found[0])
            if word not in self._silent:
                yield Word(found.start(), found.end(), word, sentence)

    def _starting_with(self, word: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield from self._by_word.get(word, ())
        for length in self._stems:
            if length <= len(word):
                yield from self._by_word.get(f"{word[:length]}*", ())


def parse_phrase(source: str) -> Phrase:
    """Read a phrase of a policy file.

    Raises:
        ValueError: it is not written as the module says; the message tells where.
    """
    parts = source.split()
    starts, ends = parts[:1] == ["^"], parts[-1:] == ["$"]
    elements: list[Element] = []
    gap = 0
    for part in parts[starts : len(parts) - ends]:
        if found := _GAP.fullmatch(part):
            gap = int(found[1])
            continue
        element = _ELEMENT.fullmatch(part)
        if element is None:
            raise ValueError(f"{part!r} is no part of a phrase: words, classes, `~1` to `~8`, `^` and `$` are")
        name = element[1] if element[1].startswith("{") else fold(element[1]).text
        elements.append(Element(name.strip("{}") if name.startswith("{") else f"={name}", gap, bool(element[2])))
        gap = 0
    if not elements or elements[0].optional:
        raise ValueError("a phrase must begin with something that may not be missing")
    if gap:
        raise ValueError("a phrase must end with a word, a class or `$`")
    needed = frozenset(element.name for element in elements if not element.optional)
    return Phrase(tuple(elements), needed, starts, ends)


def literals(phrase: Phrase) -> Iterator[tuple[str, str]]:
    """Yield the words of a phrase that stand for themselves, as classes of one entry."""
    return ((element.name, element.name[1:]) for element in phrase.elements if element.name.startswith("="))


def entry_words(entry: str) -> list[str]:
    """Cut an entry of a class into folded words; a word may end in `*`."""
    return _ENTRY_WORD.findall(fold(entry).text)


def find(phrase: Phrase, reading: Reading) -> Iterator[tuple[int, int]]:
    """Yield where a phrase stands, as the number of its first word and of the word after it; the longest at each start."""
    if not phrase.needed <= reading.hits.keys():
        return
    head, *rest = phrase.elements
    for start, heads in reading.hits[head.name].items():
        sentence = reading.words[start].sentence
        if phrase.starts and start != reading.first[sentence]:
            continue
        ends = set(heads)
        for element in rest:
            ends = _further(ends, element, reading, reading.after[sentence])
        if phrase.ends:
            ends &= {reading.after[sentence]}
        if ends:
            yield start, max(ends)


def _further(ends: set[int], element: Element, reading: Reading, limit: int) -> set[int]:
    starts = reading.hits.get(element.name, {})
    further = {
        after for end in ends for at in range(end, min(end + element.gap + 1, limit)) for after in starts.get(at, ())
    }
    return further | ends if element.optional else further


def _end_of(entry: tuple[str, ...], words: tuple[Word, ...], at: int, limit: int) -> int | None:
    if at + len(entry) > limit:
        return None
    for wanted, word in zip(entry, words[at : at + len(entry)], strict=True):
        matches = word.text.startswith(wanted[:-1]) if wanted.endswith("*") else word.text == wanted
        if not matches:
            return None
    return at + len(entry)
