"""The folded view: a text without marks, capitals, disguises and double blanks, and the way back to the original."""

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

from govern.screening.findings import Span, Via

_DROPPED = frozenset({"Cf", "Mn", "Me"})
_BLANK_LOOKALIKES = frozenset("\u3164\u115f\u1160\uffa0\u2800")
_LINE_ENDS = frozenset("\n\v\f\x85\u2028\u2029")
_APOSTROPHES = frozenset("'`\u00b4\u2018\u2019\u201a\u201b\u2032\u02bc\uff07")
_DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")
# Letters that no decomposition takes apart, and that people write both ways.
_LETTERS = MappingProxyType({"œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "ł": "l", "đ": "d"})
_STYLES = ("<font>", "<wide>", "<circle>", "<square>")


class View(msgspec.Struct, frozen=True):
    """A folded text. `origins` gives the original position of each of its characters; None when nothing moved."""

    text: str
    original: str
    origins: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> Span:
        """Return the span in the original of a span of the view, with the marks that belong to its last letter."""
        if self.origins is None:
            return start, end
        first, after = self.origins[start], self.origins[end - 1] + 1
        while after < len(self.original) and unicodedata.category(self.original[after]) in {"Mn", "Me"}:
            after += 1
        return first, after


def fold(text: str) -> View:
    """Return the folded view of `text`. Linear; ASCII without odd blanks only changes its case."""
    if text.isascii() and "  " not in text and text.replace("\n", "").isprintable():
        return View(text.lower().replace("`", "'"), text)
    letters: list[str] = []
    origins: list[int] = []
    plain = [_fold_letter(letter) for letter in text]
    for start, end in _words(plain):
        for at, folded in enumerate(_as_latin(text[start:end], plain[start:end]), start):
            for letter in folded:
                if letter == " " and letters and letters[-1] == " ":
                    continue
                letters.append(letter)
                origins.append(at)
    return View("".join(letters), text, tuple(origins))


def disguise(original: str) -> Via | None:
    """Tell through which disguise a stretch of the original had to be read, if any."""
    if original.isascii():
        return None
    if any(unicodedata.category(letter) == "Cf" and letter != "\u00ad" for letter in original):
        return Via.ZERO_WIDTH
    if not lookalikes().keys().isdisjoint(original):
        return Via.HOMOGLYPH
    if any(letter.isalnum() and unicodedata.decomposition(letter).startswith(_STYLES) for letter in original):
        return Via.STYLED
    return None


@cache
def lookalikes() -> Mapping[str, str]:
    """Letters of other alphabets, and the Latin letter each is mistaken for.

    The letters of a word keep their alphabet unless all of the word becomes Latin: Greek stays Greek.
    """
    lines = (files("govern.screening") / "lookalikes.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return MappingProxyType({letter: latin for latin, *letters in pairs for letter in letters})


def _words(plain: list[str]) -> Iterator[tuple[int, int]]:
    """Give where words begin and end, and each blank between them: folding makes blanks, too (of a lone breve)."""
    start = 0
    for at, folded in enumerate(plain):
        if " " in folded or "\n" in folded:
            if start < at:
                yield start, at
            yield at, at + 1
            start = at + 1
    if start < len(plain):
        yield start, len(plain)


def _as_latin(word: str, plain: list[str]) -> list[str]:
    """Return the folded word with look-alikes read as Latin, if all of it becomes Latin so; else as it was folded."""
    table = lookalikes()
    if word.isascii() or (table.keys().isdisjoint(word) and table.keys().isdisjoint("".join(plain))):
        return plain
    # A letter may be in the table as it was written (the ohm sign) or only once it is folded (omega).
    swapped = [
        table.get(letter) or "".join(table.get(part, part) for part in plain[at]) for at, letter in enumerate(word)
    ]
    return swapped if all(_is_latin(letter) for folded in swapped for letter in folded) else plain


def _is_latin(letter: str) -> bool:
    return not letter.isalpha() or letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")


@lru_cache(maxsize=8192)
def _fold_letter(letter: str) -> str:
    if letter.isspace():
        return "\n" if letter in _LINE_ENDS else " "
    return "".join(map(_fold_part, unicodedata.normalize("NFKD", letter)))


def _fold_part(part: str) -> str:
    if unicodedata.category(part) in _DROPPED:
        return ""
    if part.isspace() or part in _BLANK_LOOKALIKES:
        return " "
    if part in _APOSTROPHES:
        return "'"
    if part in _DASHES:
        return "-"
    if part.isdecimal():
        return str(unicodedata.decimal(part))
    lower = part.lower()
    return _LETTERS.get(lower, lower)
