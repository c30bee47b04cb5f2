"""Where an address ends: after flat, postcode and town, as far as they are there."""

import re

from govern.screening.personal_data.reading import Reading
from govern.screening.personal_data.vocabulary import words

UNITS = words(
    "flat apt apartment unit suite appt appartement app apart studio porte bat batiment batt bureau etage esc escalier room ste lgt"
)
_OF_TOWN = words("la le les l sur en sous de du des d lez aux et saint sainte st ste")
_NO_TOWN = words(
    "merci bonjour bonsoir je c j il elle on nous vous et mais depuis pas svp cordialement thanks thank please i we but the it and hi hello"
)
_POSTCODE_FIRST = re.compile(r"(?:[a-z]-? ?)?\d{4,5}\b(?![./:%€$£-])")
_POSTCODES = tuple(
    re.compile(source)
    for source in (
        r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b",  # Britain
        r"[a-z]\d[a-z][ -]?\d[a-z]\d\b",  # Canada
        r"[a-z]\d[\dw] ?[a-z\d]{4}\b",  # Ireland
        r"\d{5}(?:-\d{4})?\b(?![ ./-]\d\d)",  # United States, France; more digits would make it a phone number
        r"\d{4}\b(?! ?[€$£%]|[ ./-]\d\d)",  # Australia, Belgium, Switzerland
    )
)
TOWN_GAPS = frozenset({" ", "'", "-", ", ", ",", " - ", "\n", ",\n", " (", ") ", "), ", ". ", " , "})
_CLOSED = re.compile(r" ?(?:[.,;:!?)\n\"]|$)")
_FIRST_GAPS = TOWN_GAPS - {". "}
_NAME_GAPS = frozenset({" ", "-", "'", " ("})


def is_name(reading: Reading, number: int) -> bool:
    return reading.as_written(number)[:1].isupper()


def with_town(reading: Reading, last: int) -> int:
    """Return where an address ends: after flat, postcode and town as far as they are there."""
    last = _over_units(reading, last)
    if (end := postcode_after(reading, last)) is not None:
        return end
    at = last + 1
    if at >= len(reading.texts):
        return reading.ends[last]
    gap = reading.gaps[at]
    if reading.texts[at] in {"a", "in"} and gap in {" ", ", "} and reading.gaps[at + 1] == " ":
        at, gap = at + 1, ", "
    if gap not in {", ", ",", "\n", ",\n", " - "} or at >= len(reading.texts):
        return reading.ends[last]
    town = _town_end(reading, at) if is_name(reading, at) else None
    is_closed = town is not None and _CLOSED.match(reading.gaps[town + 1])
    return reading.ends[town] if town is not None and is_closed else reading.ends[last]


def _over_units(reading: Reading, last: int) -> int:
    for _ in range(3):
        at = last + 1
        if _is_unit(reading, at):
            last = at + 1
        elif at < len(reading.texts) and reading.gaps[at] in {" #", ", #"} and len(reading.texts[at]) <= 4:
            last = at
    return last


def _is_unit(reading: Reading, at: int) -> bool:
    if at + 1 >= len(reading.texts) or reading.texts[at] not in UNITS or reading.gaps[at] not in TOWN_GAPS:
        return False
    return len(reading.texts[at + 1]) <= 4 and reading.gaps[at + 1] in {" ", " #", ". ", " n°"}


def postcode_after(reading: Reading, last: int) -> int | None:
    """Return where a postcode, and the town after it, end; None where none follows at once or after a town."""
    for at in range(last + 1, min(len(reading.texts), last + 9)):
        gap, text, start = reading.gaps[at], reading.texts[at], reading.begins[at]
        if gap not in TOWN_GAPS:
            return None
        is_first = at == last + 1 or reading.texts[at - 1] == "a"
        if is_first and text[0].isdecimal() and (code := _POSTCODE_FIRST.match(reading.text, start)):
            town = _town_end(reading, reading.at(code.end()))
            return code.end() if town is None else reading.ends[town]
        for postcode in _POSTCODES:
            if code := postcode.match(reading.text, start):
                return code.end()
        if text[0].isdecimal() or not (is_name(reading, at) or text in _OF_TOWN or text == "a" or reading.is_small):
            return None
    return None


def _town_end(reading: Reading, at: int) -> int | None:
    """Return the last token of a town's name that starts at a token."""
    last, names = None, 0
    for number in range(at, min(len(reading.texts), at + 7)):
        text, gap = reading.texts[number], reading.gaps[number]
        if gap not in (_FIRST_GAPS if number == at else _NAME_GAPS) or text[0].isdecimal():
            break
        if text in _NO_TOWN:
            break
        if text in _OF_TOWN and not is_name(reading, number):
            continue
        if not (is_name(reading, number) or gap == "-" or names == 0):
            break
        last, names = number, names + 1
    return last
