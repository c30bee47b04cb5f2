"""A folded text cut into words and numbers, and the context words before each of them."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from govern.screening.normalise import View
from govern.screening.personal_data.groups import Groups
from govern.screening.personal_data.rules import PersonalRules, Type, Words
from govern.screening.personal_data.vocabulary import words
from govern.screening.terms import TermHit

REACH = 5
"""How many words may stand between a context word and its number."""

_TOKEN = re.compile(r"([^\W_]+)")
# Seen of what stands between two tokens: where it is the end of the text, nobody asks.
_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*(?=\s)")
# A full stop after these ends no sentence.
_SHORT = words(
    "no n nr num ref refs tel ph mob appt apt bat res av ave bd bld blvd boul st ste rd dr mr mrs ms m mme cmd cde acct "
    "cust ext c e ca resa ord dos cf art p o ln sq ct pl imp all ch rte fg qc ont"
)
CONTEXT = {str(words): words for words in Words}
"""The sorts of context words by the ids of their terms."""


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
    """A text as the finders see it: its tokens, which are runs of letters and digits, by number.

    `texts`, `begins` and `ends` say what each is and where; `gaps` what stands before each, and last what ends the text.
    Lists, not objects: most texts are only looked at, and the hostile ones have thousands of tokens.
    """

    def __init__(self, view: View, terms: Iterable[TermHit], rules: PersonalRules, *, is_ours: bool = False) -> None:
        """Cut a text apart; `is_ours` where the company says it, not a customer."""
        self.view = view
        self.rules = rules
        self.is_ours = is_ours
        self.text = view.text
        parts = _TOKEN.split(view.text)
        places = list(accumulate(map(len, parts)))
        self.gaps, self.texts = parts[::2], parts[1::2]
        self.begins, self.ends = places[:-1:2], places[1::2]
        self.numbered = [number for number, text in enumerate(self.texts) if has_digit(text)]
        """The tokens with digits."""
        self._words: dict[int, list[tuple[Words, int]]] = {}
        for hit in terms:
            last = self.at(hit.end) - 1
            self._words.setdefault(last, []).append((CONTEXT[hit.rule], self.at(hit.start)))
        self.said = frozenset(said for found in self._words.values() for said, _ in found)
        """The sorts of context words in the text."""

    @cached_property
    def starts(self) -> list[int]:
        """The tokens with digits, and the two before each: nothing else begins a number."""
        starts: list[int] = []
        after = 0
        for number in self.numbered:
            starts.extend(range(max(after, number - 2), number + 1))
            after = number + 1
        return starts

    @cached_property
    def groups(self) -> Groups:
        """The tokens put together."""
        return Groups(self.texts, self.gaps)

    @cached_property
    def is_small(self) -> bool:
        """Whether no capital letter stands behind the first character."""
        return not any(letter.isupper() for letter in self.view.original[1:])

    @cached_property
    def is_loud(self) -> bool:
        """Whether there are no small letters at all."""
        return not any(letter.islower() for letter in self.view.original)

    @cached_property
    def sentences(self) -> list[int]:
        """The number of the sentence that each token is in."""
        number, sentences = 0, []
        for before, gap in zip(["", *self.texts], self.gaps, strict=True):
            if len(gap) > 1:
                number += _ends_in(before, gap)
            sentences.append(number)
        return sentences

    def at(self, position: int) -> int:
        """Return the number of the first token that starts at `position` or later."""
        return bisect_left(self.begins, position)

    def before_character(self, number: int) -> str:
        """Return the character right before a token, if any."""
        return self.gaps[number][-1:]

    def as_written(self, number: int) -> str:
        """Return a token as it was written."""
        start, end = self.view.span(self.begins[number], self.ends[number])
        return self.view.original[start:end]

    def is_capital(self, number: int) -> bool:
        """Tell whether a token has capital letters and no small ones."""
        return self.as_written(number).isupper()

    def is_context(self, number: int) -> bool:
        """Tell whether a token ends a context word."""
        return number in self._words

    def before(self, number: int, reach: int = REACH) -> Iterator[Near]:
        """Yield the context words before a token, nearest first, within its sentence and `reach` words."""
        if not self._words:
            return
        sentences, distance, at = self.sentences, 0, number - 1
        least = max(0, number - 2 * reach - 6)
        while at >= least and distance <= reach and sentences[at] == sentences[number]:
            for said, _ in self._words.get(at, ()):
                yield Near(said, distance, self.ends[at])
            distance += len(self.texts[at]) > 1  # elided articles and "n°" are no words
            at -= 1

    def behind(self, number: int, reach: int = 3) -> Iterator[Near]:
        """Yield the context words after a token, nearest first, within its sentence and `reach` words."""
        if not self._words:
            return
        sentences = self.sentences
        for at in range(number + 1, min(number + reach + 3, len(self.texts))):
            if sentences[at] != sentences[number]:
                return
            for said, first in self._words.get(at, ()):
                if first > number:
                    yield Near(said, first - number - 1, self.ends[at])

    def says_other_behind(self, number: int) -> bool:
        """Tell whether the words after a token say that it is a thing in a shop, or such."""
        if Words.OTHER not in self.said:
            return False
        near = next((near for near in self.behind(number, 3) if near.words is Words.OTHER), None)
        return near is not None and not {",", ";", "("} & set(self.text[self.ends[number] : near.end])

    def has_before(self, number: int, wanted: Words, reach: int = REACH) -> bool:
        """Tell whether a context word of one sort stands before a token."""
        return wanted in self.said and any(near.words is wanted for near in self.before(number, reach))


def has_digit(text: str) -> bool:
    """Tell whether a token holds a digit."""
    return not text.isalpha() and (text.isdecimal() or any(map(str.isdecimal, text)))


def _ends_in(before: str, gap: str) -> int:
    """Count the sentences that end between two tokens; the full stop right after a short form ends none."""
    ends = [match.start() for match in _SENTENCE_END.finditer(gap)]
    return len(ends) - (ends[:1] == [0] and gap[0] == "." and before in _SHORT)
