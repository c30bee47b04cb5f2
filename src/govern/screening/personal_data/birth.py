"""Dates of birth behind a word that says so, and booking codes of letters only behind theirs."""

import re
from collections.abc import Iterator

from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type, Words

_MONTH = (
    r"(?:jan(?:vier|uary)?|fevr?(?:ier)?|feb(?:ruary)?|mars|mar(?:ch)?|avr(?:il)?|apr(?:il)?|mai|may|juin|june?|juil(?:let)?|july?|aout|"
    r"aug(?:ust)?|sept?(?:embre|ember)?|oct(?:obre|ober)?|nov(?:embre|ember)?|dec(?:embre|ember)?)\.?"
)
_YEAR = r"(?:19|20)\d\d"
_DATE = re.compile(
    rf"\d{{1,2}} ?[-/. ] ?\d{{1,2}} ?[-/. ] ?(?:{_YEAR}|\d\d)\b|{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b"
    rf"|\d{{1,2}}(?:er|st|nd|rd|th)?(?: of)?[ -]{_MONTH}[ -,]{{1,2}}(?:{_YEAR}|\d\d)\b"
    rf"|\d{{8}}\b"
)
_MONTH_FIRST = re.compile(rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}\b")

_LONG_AGO = re.compile(r"\b(?:1[0-8]\d\d|190\d|191\d)\b")
"""Who was born then is known from books; a bound that does not move, because the engine has no clock."""

_CODED = frozenset({Words.FILE_REF, Words.BOOKING})
_NAMED = re.compile(r"\b(?:ref|reference|code|is|est|no|number|numero)\b")
_INITIALS = re.compile(r"\bd\.o\.b\b|\(b\. ?$")


def find_births(reading: Reading) -> Iterator[Claim]:
    """Yield dates of birth; a date that nobody calls one is none."""
    if Words.BIRTH not in reading.said and not any(sign in reading.text for sign in ("d.o.b", "(b.")):
        return
    for first, text in enumerate(reading.texts):
        shape, start = _DATE if text[0].isdecimal() else _MONTH_FIRST, reading.begins[first]
        date = shape.match(reading.text, start)
        if not date or _LONG_AGO.search(date[0]) or reading.has_before(first, Words.OTHER, 4):
            continue
        is_said = reading.has_before(first, Words.BIRTH, 3) or _is_birth_behind(reading, date.end())
        if is_said or _INITIALS.search(reading.text[max(0, start - 9) : start]):
            yield Claim(date.start(), date.end(), Type.FILE_REF)


def _is_birth_behind(reading: Reading, end: int) -> bool:
    """Tell whether a date is said to be one of birth right after it: "August 9, 1971 as your date of birth"."""
    last = reading.at(end) - 1
    return any(near.words is Words.BIRTH and near.distance <= 2 for near in reading.behind(last, 4))


def find_codes(reading: Reading) -> Iterator[Claim]:
    """Yield booking codes of six capital letters: right behind a booking word, and not words themselves."""
    if _CODED.isdisjoint(reading.said):
        return
    for first, text in enumerate(reading.texts):
        if len(text) != 6 or not text.isalpha() or not text.isascii() or not reading.is_capital(first):
            continue
        near = next((near for near in reading.before(first, 3) if near.words is not Words.REFERENCE), None)
        between = reading.text[near.end : reading.begins[first]] if near else ""
        is_file = near and near.words is Words.FILE_REF and between.strip(" :,°n") == "" and _vowels(text) <= 1
        is_behind = not near and _vowels(text) <= 1 and _is_booking_behind(reading, first)
        if is_file or is_behind or (near and near.words is Words.BOOKING and _is_code(text, between)):
            yield Claim(reading.begins[first], reading.ends[first], Type.FILE_REF)


def _is_booking_behind(reading: Reading, first: int) -> bool:
    """Tell whether letters are said to be a code by the words after them: "JKXQTB is my booking"."""
    near = next(reading.behind(first, 3), None)
    return near is not None and near.words is Words.BOOKING and reading.gaps[first + 1] == " "


def _vowels(letters: str) -> int:
    return sum(letter in "aeiouy" for letter in letters)


def _is_code(letters: str, between: str) -> bool:
    vowels = _vowels(letters)
    is_marked = ":" in between or "°" in between or bool(_NAMED.search(between))
    return vowels <= 1 or (is_marked and vowels <= 3) or (not between.strip() and vowels <= 2)
