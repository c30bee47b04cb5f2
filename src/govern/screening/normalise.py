"""The folded view: a text without marks, capitals, disguises and double blanks, and the way back to the original."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

from govern.screening.findings import Span

_DROPPED = frozenset({"Cf", "Mn", "Me"})
_MARKS = frozenset({"Mn", "Me"})
_BLANK_LOOKALIKES = frozenset("\u3164\u115f\u1160\uffa0\u2800")
_LINE_ENDS = frozenset("\n\v\f\x85\u2028\u2029")
_APOSTROPHES = frozenset("'`\u00b4\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u02c8\u055a\ua78c\uff07")
_DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d")
# Letters that no decomposition takes apart, and that people write both ways.
_LETTERS = MappingProxyType({"œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t"})
_SAME = MappingProxyType({**dict.fromkeys(_APOSTROPHES, "'"), **dict.fromkeys(_DASHES, "-"), **_LETTERS})
_NO_CHARACTER = "\ufffd"


class View(msgspec.Struct, frozen=True):
    """A folded text. `origins` gives the original position of each of its characters; None when nothing moved."""

    text: str
    original: str
    origins: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> Span:
        """Return the span in the original of a span of the view, with the marks that belong to its last letter."""
        if start >= end:
            return self._place(start), self._place(start)
        first, after = self._place(start), self._place(end - 1) + 1
        if after < len(self.original) and not self.original[after].isascii():
            while after < len(self.original) and unicodedata.category(self.original[after]) in _MARKS:
                after += 1
        return first, after

    def derived(self, text: str, places: Sequence[int] | None = None) -> "View":
        """Return a view made of this one; `places` gives the position here of each of its characters, if any moved."""
        if places is None:
            return View(text, self.original, self.origins)
        return View(text, self.original, tuple(self._place(place) for place in places))

    def _place(self, position: int) -> int:
        if self.origins is None:
            return position
        return self.origins[position] if position < len(self.origins) else len(self.original)


def fold(text: str) -> View:
    """Return the folded view of `text`. Linear; where no character grows, vanishes or changes its alphabet, nothing moves."""
    if text.isascii() and "  " not in text and text.replace("\n", "").isprintable():
        return View(text.lower().replace("`", "'"), text)
    letters = set(text)
    folds = {letter: fold_letter(letter) for letter in letters}
    if lookalikes().keys().isdisjoint(letters) and lookalikes().keys().isdisjoint("".join(folds.values())):
        folded = "".join([folds[letter] for letter in text])
        if "  " not in folded and all(len(each) == 1 for each in folds.values()):
            return View(folded, text)
        return _placed(text, [folds[letter] for letter in text])
    return _placed(text, _as_latin_words(text, [folds[letter] for letter in text]))


@cache
def lookalikes() -> Mapping[str, str]:
    """Letters of other alphabets, and the Latin letter each is mistaken for; those decided by hand come first.

    The letters of a word keep their alphabet unless all of the word becomes Latin: Greek stays Greek.
    """
    return MappingProxyType({**_table("confusables.txt"), **_table("lookalikes.txt")})


def _table(name: str) -> dict[str, str]:
    lines = (files("govern.screening") / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {letter: latin for latin, *letters in pairs for letter in letters}


def _placed(text: str, plain: list[str]) -> View:
    """Put the folded letters together, one blank for a run of them, and note where each comes from."""
    letters: list[str] = []
    origins: list[int] = []
    for at, folded in enumerate(plain):
        for letter in folded:
            if letter == " " and letters and letters[-1] == " ":
                continue
            letters.append(letter)
            origins.append(at)
    return View("".join(letters), text, tuple(origins))


def _as_latin_words(text: str, plain: list[str]) -> list[str]:
    """Return the folded letters, in each word with its look-alikes read as Latin where all of it becomes Latin so."""
    result = list(plain)
    for start, end in _words(plain):
        result[start:end] = _as_latin(text[start:end], plain[start:end])
    return result


def _words(plain: list[str]) -> Iterator[tuple[int, int]]:
    """Give where words begin and end: folding makes blanks, too (of a lone breve)."""
    start = 0
    for at, folded in enumerate(plain):
        if " " in folded or "\n" in folded:
            if start < at:
                yield start, at
            start = at + 1
    if start < len(plain):
        yield start, len(plain)


def _as_latin(word: str, plain: list[str]) -> list[str]:
    table = lookalikes()
    if word.isascii() or (table.keys().isdisjoint(word) and table.keys().isdisjoint("".join(plain))):
        return plain
    # A letter may be in the table as it was written (the ohm sign) or only once it is folded (omega).
    swapped = [
        table.get(letter) or "".join(table.get(part, part) for part in plain[at]) for at, letter in enumerate(word)
    ]
    return swapped if all(is_latin(letter) for folded in swapped for letter in folded) else plain


@lru_cache(maxsize=8192)
def is_latin(letter: str) -> bool:
    """Tell whether a character is a Latin letter, or no letter at all."""
    return not letter.isalpha() or letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")


@lru_cache(maxsize=8192)
def fold_letter(letter: str) -> str:
    """Return what one character becomes wherever it stands; its alphabet is the word's matter."""
    if letter.isspace():
        return "\n" if letter in _LINE_ENDS else " "
    return "".join(map(_fold_part, unicodedata.normalize("NFKD", letter)))


def _fold_part(part: str) -> str:
    category = unicodedata.category(part)
    if category in _DROPPED:
        return ""
    if part.isspace() or part in _BLANK_LOOKALIKES:
        return " "
    if part.isdecimal():
        return str(unicodedata.decimal(part))
    if category == "Cs":  # half of a pair: no library can encode it
        return _NO_CHARACTER
    lower = part.lower()
    return _SAME.get(lower, lower)
