"""Reads a few long words that people misspell; nothing else is ever guessed."""

import re
from collections.abc import Iterable, Iterator

MIN_LETTERS = 6
_DRAWN_OUT = re.compile(r"(.)\1{2,}")


class Spelling:
    """Words by what is left of them without one of their letters: a letter more, less, other or swapped is found so."""

    def __init__(self, words: Iterable[str], *, never: Iterable[str] = ()) -> None:
        """Index folded `words`; the words of `never` are words of their own."""
        self._known = frozenset(words)
        self._never = frozenset(never)
        self._shorter: dict[str, str] = {}
        for word in sorted(self._known):
            for shorter in _without_a_letter(word):
                self._shorter.setdefault(shorter, word)

    def meant(self, word: str) -> str:
        """Return the known word that `word` is a slip of, or `word` without drawn-out letters ("stopppp")."""
        word = _DRAWN_OUT.sub(r"\1", word)
        if word in self._known or word in self._never or not MIN_LETTERS <= len(word) <= 2 * MIN_LETTERS + 4:
            return word
        candidates = (self._shorter.get(shorter) for shorter in (word, *_without_a_letter(word)))
        return next((known for known in candidates if known), word)


def _without_a_letter(word: str) -> Iterator[str]:
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
