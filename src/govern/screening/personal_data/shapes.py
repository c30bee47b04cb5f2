"""References whose shape gives them away, whatever stands around them: parcels, number plates, long numbers."""

import re
from collections.abc import Iterator
from itertools import pairwise

from govern.screening.personal_data.candidates import THOUSANDS, YEARS, Candidate, is_capital
from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type, Words

# Numbers of post offices (UPU S10), UPS, La Poste, DHL and Amazon: length and shape without blanks.
_PARCELS = (
    (13, re.compile(r"[a-z]{2}\d{9}[a-z]{2}|[68][a-z]\d{11}")),
    (18, re.compile(r"1z[a-z0-9]{6}\d{10}|jd\d{16}")),
    (20, re.compile(r"jd\d{18}|jjd\d{17}")),
    (15, re.compile(r"tb[ac]\d{12}")),
)
_LETTERS_FIRST = frozenset({"jjd", "tba", "tbc"})
"""No other letters stand alone before the digits of one, but two."""
_STRONG = re.compile(
    r"[a-z]{1,6}\d{0,4}(?:[-/_]?[a-z0-9]{1,6}){0,2}[-/_]\d{2,12}(?:[-/_][a-z0-9]{1,6}){0,3}|[a-z]{2,5}\d{5,12}[a-z]?"
)
_MODEL = re.compile(r"[a-z]\d{0,4}-\d{2,6}[a-z]?|[a-z]{1,2}\d{1,3}-\d{1,3}")
_PUBLIC_PREFIXES = ("kb", "cve", "iso", "en-", "nf-", "rfc", "bs-", "ral", "sm-", "covid")
_PUBLIC_NAMES = ("en ", "nf ", "bs ", "din ", "ral ", "tsa ", "cs ", "bp ", "a ", "e ", "n ")
LEAST_APART = 7
"""How many digits letters that stand apart from them must have to be a reference."""
# French and British plates, and French ones from before 2009: length, shape without blanks, whether a word must say so.
_PLATES = (
    (7, re.compile(r"[a-hj-np-tv-z]{2}\d{3}[a-hj-np-tv-z]{2}"), False),
    (7, re.compile(r"[a-z]{2}\d{2}[a-z]{3}"), True),
    (8, re.compile(r"\d{4}[a-z]{2}\d{2}"), True),
    (6, re.compile(r"[a-z]\d{2}[a-z]{3}|[a-z]{3}\d{2}[a-z]|[a-z]{3}\d{3}|\d{3}[a-z]{3}"), True),  # Quebec
    (7, re.compile(r"\d[a-z]{3}\d{3}|[a-z]{3}\d{4}"), True),
)
_BRITISH = 7
_NEW_BRITISH = re.compile(
    r"[a-hj-pr-y]{2}(?:0[2-9]|[15][0-9]|[26][0-9]|7[0-6])(?!jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|eur|gbp|usd)[a-hj-pr-z]{3}"
)
"""The British plates since 2001, whose two digits say the half-year."""
_APART = re.compile(r"[a-z]{1,4} (?:\d{3,6} )?\d{4,12}|[a-z]{2,3} \d-\d{6,9}")
_IRISH_PLATE = re.compile(r"\d{2,3}-[a-z]{1,2}-\d{3,6}")
_IMEI = re.compile(r"\d{2}[- ]\d{6}[- ]\d{6}[- ]\d|\d{6}[- ]\d{2}[- ]\d{6}[- ]\d")
_NATIONAL = re.compile(r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d\d|\d{3}-\d\d-\d{4}")
_BELGIAN_METER = re.compile(r"54\d{16}")
_NATIONAL_INSURANCE = re.compile(r"[a-z]{2}\d{6}[a-d]")


def find_shapes(reading: Reading) -> Iterator[Claim]:
    """Yield parcel numbers and number plates, also in groups with blanks."""
    for first in reading.starts:
        if _may_have_shape(reading, first):
            last = _parcel_end(reading, first)
            kind = Type.ORDER_NO if last is not None else Type.FILE_REF
            last = _plate_end(reading, first) if last is None else last
            if last is not None:
                yield Claim(reading.begins[first], reading.ends[last], kind)


def _may_have_shape(reading: Reading, first: int) -> bool:
    """Tell in one look whether a token can begin a parcel number or a plate."""
    text = reading.texts[first]
    if text.isalpha():
        return len(text) == 2 or text in _LETTERS_FIRST
    return len(text) > 1 and (not text.isdecimal() or Words.VEHICLE in reading.said)


def _parcel_end(reading: Reading, first: int) -> int | None:
    if not reading.texts[first][1].isalpha():
        return None  # all of them have a letter there
    for length, shape in _PARCELS:
        found = reading.groups.joined(first, length)
        if found and shape.fullmatch(found[0]) and (first == found[1] or is_capital(reading, first, found[1])):
            return found[1]
    return None


def _plate_end(reading: Reading, first: int) -> int | None:
    for length, shape, needs_word in _PLATES:
        is_asked = not needs_word or Words.VEHICLE in reading.said or length == _BRITISH
        found = reading.groups.joined(first, length) if is_asked else None
        if not found or not shape.fullmatch(found[0]) or not is_capital(reading, first, found[1]):
            continue
        in_groups = found[1] == first + 2
        is_new = (
            found[1] == first + 1 and reading.gaps[found[1]] == " " and _NEW_BRITISH.fullmatch(found[0]) is not None
        )
        if _is_example(reading, first):
            return None
        if (
            reading.has_before(first, Words.VEHICLE)
            or (in_groups and not needs_word)
            or (is_new and not reading.is_loud)
        ):
            return found[1]
    return None


def _is_example(reading: Reading, first: int) -> bool:
    """Tell whether a word says that it is no plate; "car" says coach in French, but a vehicle all the same."""
    near = tuple(reading.before(first, 2))
    vehicles = {one.end for one in near if one.words is Words.VEHICLE}
    return any(one.words is Words.OTHER and one.end not in vehicles for one in near)


def kind_of_shape(reading: Reading, candidate: Candidate, *, excluded: bool) -> Type | None:
    """Return the type of a shape that needs no word before it; `excluded` where one says that it is something else."""
    if _is_national(candidate):
        return Type.NIR
    if _BELGIAN_METER.fullmatch(candidate.plain):
        return Type.FILE_REF
    if excluded:
        return None
    if candidate.has_letters:
        return Type.FILE_REF if _is_mixed(candidate) else None
    if candidate.is_one_word and candidate.digits >= 6 and reading.before_character(candidate.first) == "#":
        return Type.ORDER_NO
    return Type.FILE_REF if _is_long(candidate) or _IMEI.fullmatch(candidate.text) else None


def _is_national(candidate: Candidate) -> bool:
    """Tell whether it is a number of the Swiss, American or British social insurance."""
    if _NATIONAL.fullmatch(candidate.text):
        return True
    is_whole = candidate.is_capital or candidate.is_one_word
    return is_whole and _NATIONAL_INSURANCE.fullmatch(candidate.plain) is not None


def _is_mixed(candidate: Candidate) -> bool:
    """Tell whether capitals and digits make a reference, not the name of a product or standard."""
    text = candidate.text
    digits = "".join(filter(str.isdecimal, candidate.plain))
    if not candidate.is_capital or text.startswith(_PUBLIC_PREFIXES) or YEARS.fullmatch(digits):
        return False
    letters = len(candidate.plain) - candidate.digits
    least = max(4, 6 - len(re.findall(r"[-/_]", text)) - (letters > 2))
    if candidate.digits >= least and _STRONG.fullmatch(text) and not _MODEL.fullmatch(text):
        return True
    if candidate.digits >= LEAST_APART and _APART.fullmatch(text) and not text.startswith(_PUBLIC_NAMES):
        return True
    is_long = candidate.is_one_word and candidate.digits >= 7 and len(candidate.plain) >= 9
    is_random = candidate.is_code and _changes(candidate.plain) >= 3
    return is_long or is_random or _IRISH_PLATE.fullmatch(text) is not None


def _is_long(candidate: Candidate) -> bool:
    """Tell whether digits are too many for a quantity: nine in a row, or eleven in groups that are no thousands."""
    is_book = candidate.digits == 13 and candidate.plain.startswith(("978", "979"))
    if len(set(candidate.plain)) < 3 or candidate.digits > 24 or is_book:
        return False
    if candidate.is_one_word:
        return candidate.digits >= 9
    longest = max(map(len, re.findall(r"\d+", candidate.text)))
    return candidate.digits >= 11 and longest >= 4 and not THOUSANDS.fullmatch(candidate.text)


def _changes(plain: str) -> int:
    """Count the changes from letters to digits and back: random codes have many, product names few."""
    return sum(one.isdecimal() != two.isdecimal() for one, two in pairwise(plain))
