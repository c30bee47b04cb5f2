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
    rf"|\d{{1,2}}(?:er|st|nd|rd|th)?(?: of)?[ -]{_MONTH}[ -,]{{1,2}}{_YEAR}\b"
    rf"|\d{{8}}\b"
)
_MONTH_FIRST = re.compile(rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}\b")

_INITIALS = re.compile(r"\bd\.o\.b\b|\(b\. ?$")


def find_births(reading: Reading) -> Iterator[Claim]:
    """Yield dates of birth; a date that nobody calls one is none."""
    for first, token in enumerate(reading.tokens):
        shape = _DATE if token.text[0].isdecimal() else _MONTH_FIRST
        date = shape.match(reading.text, token.start)
        if not date or reading.has_before(first, Words.OTHER, 4):
            continue
        if reading.has_before(first, Words.BIRTH, 3) or _INITIALS.search(
            reading.text[max(0, token.start - 9) : token.start]
        ):
            yield Claim(date.start(), date.end(), Type.FILE_REF)


def find_codes(reading: Reading) -> Iterator[Claim]:
    """Yield booking codes of six capital letters: right behind a booking word, and not words themselves."""
    for first, token in enumerate(reading.tokens):
        if (
            len(token.text) != 6
            or not token.text.isalpha()
            or not token.text.isascii()
            or not reading.is_capital(first)
        ):
            continue
        near = next(reading.before(first, 3), None)
        between = reading.text[near.end : token.start] if near else ""
        is_file = near and near.words is Words.FILE_REF and between.strip(" :,°n") == "" and _vowels(token.text) <= 1
        if is_file or (near and near.words is Words.BOOKING and _is_code(token.text, between)):
            yield Claim(token.start, token.end, Type.FILE_REF)


def _vowels(letters: str) -> int:
    return sum(letter in "aeiouy" for letter in letters)


def _is_code(letters: str, between: str) -> bool:
    vowels = _vowels(letters)
    is_marked = (
        ":" in between
        or "°" in between
        or bool(re.search(r"\b(?:ref|reference|code|is|est|no|number|numero)\b", between))
    )
    return vowels <= 1 or (is_marked and vowels <= 3) or (not between.strip() and vowels <= 2)
