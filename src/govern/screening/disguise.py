"""How a stretch of text is disguised: letters nobody sees, letters of other alphabets, letters in fancy dress."""

import unicodedata
from collections.abc import Iterator

from govern.screening.findings import Via
from govern.screening.normalise import fold, fold_letter, is_latin, lookalikes

_STYLES = ("<font>", "<wide>", "<circle>", "<square>")
_RAISED = "<super>"
_MIN_RAISED = 3
"""So many raised letters are a disguise; `1er` and `Mme` have one or two."""
SOFT_HYPHEN = "\u00ad"
"""A browser may break the word there: text copied from web pages is full of them."""
# Marks that are never on a letter: they choose the dress of an emoji, or keep letters apart.
_UNSEEN_MARKS = frozenset({"\u034f", *map(chr, range(0xFE00, 0xFE10))})


def disguise(original: str) -> Via | None:
    """Tell through which disguise a stretch of the original had to be read, if any."""
    if original.isascii():
        return None
    if next(unseen(original), None) is not None:
        return Via.ZERO_WIDTH
    if any(map(_is_foreign_latin, original.split())):
        return Via.HOMOGLYPH
    styles = [unicodedata.decomposition(letter).partition(" ")[0] for letter in original if letter.isalnum()]
    if any(style in _STYLES for style in styles) or styles.count(_RAISED) >= _MIN_RAISED:
        return Via.STYLED
    return None


def unseen(text: str) -> Iterator[int]:
    """Yield where invisible characters stand inside words: between two characters that are read as Latin or digits.

    Joiners in emoji and between Persian letters, flags, and marks at the edge of a word are where they belong.
    """
    if not any(map(is_unseen, set(text))):
        return
    before, waiting = False, list[int]()
    for at, letter in enumerate(text):
        if is_unseen(letter):
            waiting.append(at)
            continue
        if unicodedata.category(letter) in {"Mn", "Me"}:
            continue
        after = _is_read(letter)
        if before and after:
            yield from waiting
        before, waiting = after, []


def is_unseen(letter: str) -> bool:
    """Tell whether a character takes no room at all, soft hyphens aside."""
    if letter.isascii() or letter == SOFT_HYPHEN:
        return False
    return unicodedata.category(letter) == "Cf" or letter in _UNSEEN_MARKS


def _is_read(letter: str) -> bool:
    """Tell whether a character passes for a Latin letter or is a digit."""
    if letter.isascii():
        return letter.isalnum()
    folded = fold_letter(letter)
    return letter in lookalikes() or (folded.isalnum() and all(map(is_latin, folded)))


def _is_foreign_latin(word: str) -> bool:
    table = lookalikes()
    if word.isascii() or (table.keys().isdisjoint(word) and table.keys().isdisjoint(map(fold_letter, word))):
        return False
    return all(map(is_latin, fold(word).text))
