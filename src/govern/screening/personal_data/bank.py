"""Numbers that prove themselves by their check digits: IBAN, French social security number, payment card."""

import re
from collections.abc import Iterator
from types import MappingProxyType

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.fr import nir as stdnum_nir

from govern.screening.personal_data.groups import BETWEEN
from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type, Words

_CARD_GROUPS = frozenset(
    {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 4, 1), (4, 4, 4, 1)}
)
_CORSICAN = re.compile(r"[0-9]{5}2[ab][0-9]{8}")
_NIR_BODY = re.compile(r"[1-478]\d{4}(?:\d\d|2[ab])\d{6}")
_CANADIAN = re.compile(r"(?<![\d.-])\d{3}[ -]\d{3}[ -]\d{3}(?![ .-]?\d)")
_MOST_GROUPS = max(map(len, _CARD_GROUPS))
_IMEI_GROUPS = frozenset({(2, 6, 6, 1), (6, 2, 6, 1), (8, 6, 1)})

SHORTEST_CARD, LONGEST_CARD = 13, 19
_CARD_STARTS = frozenset("23456")

# How long an IBAN of each country is (SWIFT registry).
_LENGTHS = MappingProxyType(
    {
        country: length
        for length, countries in {
            15: "no",
            16: "be",
            18: "dk fi fo gl nl sd fk",
            19: "mk si",
            20: "at ba ee kz lt lu xk mn",
            21: "ch cr hr li lv",
            22: "bg bh de gb ge ie me rs va",
            23: "ae gi il iq tl om so",
            24: "ad cz es md pk ro sa se sk tn vg",
            25: "ly pt st",
            26: "is tr",
            27: "bi dj fr gr it mc mr sm",
            28: "al az by cy do gt hu lb ni pl sv",
            29: "br eg ps qa ua",
            30: "jo kw mu ye",
            31: "mt sc",
            32: "lc",
            33: "ru",
        }.items()
        for country in countries.split()
    }
)


def find_ibans(reading: Reading) -> Iterator[Claim]:
    """Yield valid IBANs, in groups of any length."""
    for first in reading.starts:
        text = reading.texts[first]
        if not text[0].isalpha():
            continue
        length = _LENGTHS.get(text[:2] if len(text) > 1 else _pair(reading, first))
        found = reading.groups.joined(first, length) if length else None
        if found and found[0][2:4].isdigit() and stdnum_iban.is_valid(found[0].upper(), check_country=False):
            yield Claim(reading.begins[first], reading.ends[found[1]], Type.IBAN)


def _pair(reading: Reading, first: int) -> str:
    """Return two letters that stand apart, as in "F R 7 6"."""
    following = reading.texts[first + 1] if first + 1 < len(reading.texts) else ""
    return reading.texts[first] + following if len(following) == 1 else ""


def find_nirs(reading: Reading) -> Iterator[Claim]:
    """Yield French social security numbers: 15 digits by their key, 13 only after a word that says so."""
    is_said = Words.NIR in reading.said
    for first in reading.starts:
        if reading.texts[first][0] not in "123478" or not reading.texts[first].isascii():
            continue
        found = reading.groups.joined(first, 15)
        if not found or not _is_nir(found[0]):
            found = _without_key(reading, first) if is_said else None
        if found:
            yield Claim(reading.begins[first], reading.ends[found[1]], Type.NIR)


def _is_nir(number: str) -> bool:
    """Tell whether the key is right; what cannot have one, by far the most, is not taken apart."""
    if number.isdecimal():
        body, key = divmod(int(number), 100)
        return (body + key) % 97 == 0 and stdnum_nir.is_valid(number)
    return _CORSICAN.fullmatch(number) is not None and stdnum_nir.is_valid(number.upper())


def _without_key(reading: Reading, first: int) -> tuple[str, int] | None:
    found = reading.groups.joined(first, 13)
    is_number = found and _NIR_BODY.fullmatch(found[0]) and reading.has_before(first, Words.NIR)
    return found if is_number else None


def find_social_insurance(reading: Reading) -> Iterator[Claim]:
    """Yield Canadian numbers of the social insurance, nine digits by Luhn's rule, in a text that names such a number."""
    if Words.NIR not in reading.said:
        return
    for number in _CANADIAN.finditer(reading.text):
        if luhn.is_valid("".join(filter(str.isdecimal, number[0]))):
            yield Claim(number.start(), number.end(), Type.NIR)


def find_cards(reading: Reading) -> Iterator[Claim]:
    """Yield payment cards: 13 to 19 digits that begin with 2 to 6 and keep Luhn's rule."""
    done = 0
    for first in reading.starts:
        text = reading.texts[first]
        if first < done or text[0] not in _CARD_STARTS or not text.isdecimal():
            continue
        end = _card_end(reading, first)
        if end is not None:
            yield Claim(reading.begins[first], reading.ends[end - 1], Type.CARD)
            done = end


def _chain(reading: Reading, first: int) -> int:
    """Return the token after the last group of digits; 20 groups hold the longest card."""
    at = first + 1
    while at < min(len(reading.texts), first + 20) and reading.texts[at].isdecimal() and reading.gaps[at] in BETWEEN:
        at += 1
    return at


def _card_end(reading: Reading, first: int) -> int | None:
    chain = _chain(reading, first)
    if chain == first + 1 and len(reading.texts[first]) < SHORTEST_CARD:
        return None
    is_whole = first == 0 or not _continues(reading, first)
    # Where the groups go on, or digits stand before them, only the groups of printed cards end a card.
    last = chain if is_whole else min(chain, first + _MOST_GROUPS)
    lengths: tuple[int, ...] = ()
    digits = ""
    for at in range(first, last):
        lengths += (len(reading.texts[at]),)
        digits += reading.texts[at]
        if len(digits) > LONGEST_CARD:
            return None
        is_end = (is_whole and at + 1 == chain) or len(lengths) == 1 or lengths in _CARD_GROUPS
        if not is_end or lengths in _IMEI_GROUPS:
            continue
        longer = lengths == (4, 4, 4, 4) and at + 1 < chain and _card_end_at(reading, digits, at + 1)
        if not longer and _is_card(digits):
            return at + 1
    return None


def _card_end_at(reading: Reading, digits: str, at: int) -> bool:
    """Tell whether one more group makes a longer card; that one is meant then."""
    group = reading.texts[at]
    return len(group) <= 3 and not _is_card(digits) and _is_card(digits + group)


def _continues(reading: Reading, number: int) -> bool:
    return reading.texts[number - 1].isdecimal() and reading.gaps[number] in BETWEEN


def _is_card(digits: str) -> bool:
    if not SHORTEST_CARD <= len(digits) <= LONGEST_CARD or digits[0] not in _CARD_STARTS:
        return False
    return len(set(digits)) > 1 and luhn.is_valid(digits)
