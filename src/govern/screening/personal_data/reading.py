"""A folded text cut into words and numbers, and the context words before each of them."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from govern.screening.normalise import View
from govern.screening.personal_data.rules import PersonalRules, Type, Words
from govern.screening.personal_data.vocabulary import words
from govern.screening.terms import TermHit

REACH = 5
"""How many words may stand between a context word and its number."""

_TOKEN = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*(?=\s|$)")
# A full stop after these ends no sentence.
_SHORT = words(
    "no n nr num ref refs tel ph mob appt apt bat res av ave bd bld blvd boul st ste rd dr mr mrs ms m mme cmd cde acct "
    "cust ext c e ca resa ord dos cf art p o ln sq ct pl imp all ch rte fg qc ont"
)


class Token(NamedTuple):
    """A run of letters and digits."""

    start: int
    end: int
    text: str
    sentence: int


class Near(NamedTuple):
    """A context word before a token: how many words stand between them, and where the context word ends."""

    words: Words
    distance: int
    end: int


class Claim(NamedTuple):
    """Where personal data stands in the folded text.

    `rule` where one of the company's own formats found it; `is_public` where it is nobody's and only keeps others off.
    """

    start: int
    end: int
    type: Type
    rule: str | None = None
    is_public: bool = False


class Reading:
    """A text as the finders see it."""

    def __init__(self, view: View, terms: Iterable[TermHit], rules: PersonalRules) -> None:
        self.view = view
        self.rules = rules
        self.text = view.text
        self.tokens = _tokens(view.text)
        self.is_small = not any(letter.isupper() for letter in view.original[1:])
        self.is_loud = not any(letter.islower() for letter in view.original)
        self._starts = [token.start for token in self.tokens]
        numbered = [number for number, token in enumerate(self.tokens) if has_digit(token.text)]
        self.starts = sorted({start for number in numbered for start in range(max(0, number - 2), number + 1)})
        """The tokens with digits, and the two before each: nothing else begins a number."""
        self._words: dict[int, list[tuple[Words, int]]] = {}
        for hit in terms:
            if hit.rule in _CONTEXT:
                last = self.at(hit.end) - 1
                self._words.setdefault(last, []).append((_CONTEXT[hit.rule], self.at(hit.start)))

    def at(self, position: int) -> int:
        """Return the number of the first token that starts at `position` or later."""
        return bisect_left(self._starts, position)

    def gap(self, number: int) -> str:
        """Return what stands before a token, back to the token before it."""
        return self.text[self.tokens[number - 1].end if number else 0 : self.tokens[number].start]

    def after(self, number: int) -> str:
        """Return what stands after a token, up to the next one."""
        following = self.tokens[number + 1].start if number + 1 < len(self.tokens) else len(self.text)
        return self.text[self.tokens[number].end : following]

    def before_character(self, number: int) -> str:
        """Return the character right before a token, if any."""
        start = self.tokens[number].start
        return self.text[start - 1 : start] if start else ""

    def raw(self, number: int) -> str:
        """Return a token as it was written."""
        token = self.tokens[number]
        start, end = self.view.span(token.start, token.end)
        return self.view.original[start:end]

    def is_capital(self, number: int) -> bool:
        """Tell whether a token has capital letters and no small ones."""
        return self.raw(number).isupper()

    def is_context(self, number: int) -> bool:
        """Tell whether a token ends a context word."""
        return number in self._words

    def before(self, number: int, reach: int = REACH) -> Iterator[Near]:
        """Yield the context words before a token, nearest first, within its sentence and `reach` words."""
        if not self._words:
            return
        sentence, distance, at = self.tokens[number].sentence, 0, number - 1
        least = max(0, number - 2 * reach - 6)
        while at >= least and distance <= reach and self.tokens[at].sentence == sentence:
            for said, _ in self._words.get(at, ()):
                yield Near(said, distance, self.tokens[at].end)
            distance += len(self.tokens[at].text) > 1  # elided articles and "n°" are no words
            at -= 1

    def behind(self, number: int, reach: int = 3) -> Iterator[Near]:
        """Yield the context words after a token, nearest first, within its sentence and `reach` words."""
        if not self._words:
            return
        sentence = self.tokens[number].sentence
        for at in range(number + 1, min(number + reach + 3, len(self.tokens))):
            if self.tokens[at].sentence != sentence:
                return
            for said, first in self._words.get(at, ()):
                if first > number:
                    yield Near(said, first - number - 1, self.tokens[at].end)

    def says_other_behind(self, number: int) -> bool:
        """Tell whether the words after a token say that it is a thing in a shop, or such."""
        return any(near.words is Words.OTHER for near in self.behind(number, 3))

    def has_before(self, number: int, wanted: Words, reach: int = REACH) -> bool:
        """Tell whether a context word of one sort stands before a token."""
        return any(near.words is wanted for near in self.before(number, reach))


_CONTEXT = {str(words): words for words in Words}


def has_digit(text: str) -> bool:
    """Tell whether a token holds a digit."""
    return not text.isalpha() and any(letter.isdecimal() for letter in text)


def _tokens(text: str) -> Sequence[Token]:
    tokens: list[Token] = []
    ends = iter([match.start() for match in _SENTENCE_END.finditer(text)])
    sentence, end = 0, next(ends, None)
    for match in _TOKEN.finditer(text):
        while end is not None and end < match.start():
            last = tokens[-1] if tokens else None
            is_short = last and text[end] == "." and last.end == end and last.text in _SHORT
            sentence += not is_short
            end = next(ends, None)
        tokens.append(Token(match.start(), match.end(), match[0], sentence))
    return tokens
