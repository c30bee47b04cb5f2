"""Homes without a house number before the street: a house's or flat's name up to its postcode, and Irish postcodes alone."""

import re
from collections.abc import Iterator

from govern.screening.personal_data.address import STREETS, is_own_place
from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type, Words
from govern.screening.personal_data.town import TOWN_GAPS, UNITS, is_name
from govern.screening.personal_data.vocabulary import words

MAX_WORDS = 9
"""How many words may stand before the postcode."""

_BRITISH = re.compile(r"\b[a-z]{1,2}\d[a-z\d]? \d[abd-hjlnp-uw-z]{2}\b")
_IRISH = re.compile(r"\b[ac-fhknprtv-y]\d[\dw] (?=[a-z]*\d)(?=\d*[a-z])[\dac-fhknprtv-y]{4}\b")
_HOUSES = words(
    "cottage farm farmhouse barn house lodge hall mill maltings bakery vicarage rectory bungalow manor willows oaks"
)
_HOUSE_NUMBER = re.compile(r"\d{1,3}[a-z]?")


def find_homes(reading: Reading) -> Iterator[Claim]:
    """Yield what leads to a British postcode as an address does, and Irish postcodes: each is one house."""
    for code in _IRISH.finditer(reading.text):
        first = reading.at(code.start())
        if _is_capital(reading, first) and not reading.has_before(first, Words.OTHER, 2):
            yield _claim(reading, first, first, code.end())
    for code in _BRITISH.finditer(reading.text):
        first = reading.at(code.start())
        begin = _begin(reading, first) if _is_capital(reading, first) else first
        if _is_home(reading, begin, first):
            yield _claim(reading, begin, first, code.end())


def _claim(reading: Reading, begin: int, code: int, end: int) -> Claim:
    return Claim(reading.begins[begin], end, Type.ADDRESS, is_public=is_own_place(reading, begin, code + 1))


def _is_capital(reading: Reading, first: int) -> bool:
    return reading.is_capital(first) and reading.as_written(first + 1).isupper()


def _begin(reading: Reading, code: int) -> int:
    """Return the first of the names and numbers that lead to a postcode."""
    begin = code
    for at in range(code - 1, max(-1, code - 1 - MAX_WORDS), -1):
        is_part = is_name(reading, at) or reading.texts[at] in UNITS or _HOUSE_NUMBER.fullmatch(reading.texts[at])
        if reading.gaps[at + 1] not in TOWN_GAPS or not is_part:
            break
        begin = at
    return begin


def _is_home(reading: Reading, begin: int, code: int) -> bool:
    """Tell whether a street, a flat or a house stands there, or a house number right before the postcode."""
    if begin == code:
        return False
    before = reading.texts[begin:code]
    is_number = _HOUSE_NUMBER.fullmatch(before[-1]) is not None and reading.gaps[code] in {" ", ", "}
    return is_number or any(text in STREETS or text in UNITS or text in _HOUSES for text in before)
