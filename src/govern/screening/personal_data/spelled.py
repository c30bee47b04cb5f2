"""Numbers written in words, behind a word that says what they are: "order number is five five eight one two zero"."""

import re
from collections.abc import Iterator

from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type, Words
from govern.screening.personal_data.vocabulary import words

MIN_WORDS = 4
MIN_PHONE_WORDS = 5

_DIGITS = words(
    "zero oh o nought one two three four five six seven eight nine double triple un deux trois quatre cinq sept huit neuf"
)
_TENS = words(
    "dix onze douze treize quatorze quinze seize vingt vingts trente quarante cinquante soixante septante huitante nonante et ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred"
)
_LETTERS = words(
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey "
    "x ray xray yankee zulu dash slash tiret"
)
_WORDS = _DIGITS | _TENS
_SAID = _WORDS | _LETTERS
_WORD = re.compile(r"[^\W_]+")
_ANY = "|".join(sorted(_SAID))
_GATE = re.compile(rf"\b(?:{_ANY}|\d)\b(?:[ ,.-]{{1,2}}(?:{_ANY}|\d)\b){{3}}")
_LETTER = r"[a-z] (?:comme|as in|for|like) [^\W\d_]{2,12}"
_ALPHABET = re.compile(rf"\b(?:{_LETTER}|\d{{1,4}})(?:(?:, ?| | et | and )(?:{_LETTER}|\d{{1,4}})\b){{2,11}}")
"""Letters that are told by names: "R comme Raoul, S for sugar"."""
_TOLD = re.compile(rf"\b{_LETTER}")
LEAST_TOLD = 2
_TOLDWORDS = words("comme as for like")
_GAPS = frozenset({" ", "-", ", ", ",", ". ", "."})
_KINDS = {
    Words.PHONE: Type.PHONE,
    Words.ORDER_NO: Type.ORDER_NO,
    Words.FILE_REF: Type.FILE_REF,
    Words.BOOKING: Type.FILE_REF,
    Words.NIR: Type.NIR,
    Words.REFERENCE: Type.FILE_REF,
}


def may_be_spelled(text: str) -> bool:
    """Tell whether four number words stand in a row."""
    return sum(map(_is_said, _WORD.findall(text))) >= MIN_WORDS and _GATE.search(text) is not None


def _is_said(word: str) -> bool:
    """Tell whether it is a number word, a letter's name or one digit."""
    return word in _SAID or (len(word) == 1 and word.isdecimal())


def _find_told(reading: Reading) -> Iterator[Claim]:
    """Yield codes whose letters are told by names, in a text that speaks of a reference."""
    if reading.said.isdisjoint(_KINDS) or _TOLDWORDS.isdisjoint(reading.texts):
        return
    for told in _ALPHABET.finditer(reading.text):
        if len(_TOLD.findall(told[0])) >= LEAST_TOLD:
            yield Claim(told.start(), told.end(), Type.FILE_REF)


def find_spelled(reading: Reading) -> Iterator[Claim]:
    """Yield numbers written in words."""
    yield from _find_told(reading)
    if not may_be_spelled(reading.text):
        return
    first = 0
    while first < len(reading.texts):
        last = _last(reading, first)
        if last is not None and (kind := _kind(reading, first, last)):
            yield Claim(reading.begins[first], reading.ends[last], kind)
        first = first + 1 if last is None else last + 1


def _last(reading: Reading, first: int) -> int | None:
    """Return the last token of a run of number words from a token on; None where there is no such run."""
    if not _is_said(reading.texts[first]):
        return None
    at, words, letters = first, 0, 0
    while at < len(reading.texts) and _is_said(reading.texts[at]):
        if at > first and reading.gaps[at] not in _GAPS:
            break
        words += reading.texts[at] not in _LETTERS
        letters += reading.texts[at] in _LETTERS
        at += 1
    is_code = letters >= 3 and words + letters >= MIN_WORDS
    return at - 1 if words >= MIN_WORDS or is_code else None


def _kind(reading: Reading, first: int, last: int) -> Type | None:
    words = reading.texts[first : last + 1]
    if words[0].isdecimal() and len(words) < MIN_PHONE_WORDS:
        return None
    near = [near for near in (*reading.before(first), *reading.behind(last, 8)) if near.words in _KINDS]
    named = [found for found in near if found.words is not Words.REFERENCE] or near
    starts_as_phone = words[0] in {"zero", "oh", "o", "plus"} and len(words) >= 2 * MIN_PHONE_WORDS - 2
    if not named:
        return Type.PHONE if starts_as_phone else None
    kind = _KINDS[named[0].words]
    return None if kind is Type.PHONE and len(words) < MIN_PHONE_WORDS else kind
