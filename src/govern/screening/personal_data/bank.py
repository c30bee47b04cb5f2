"""Numbers that prove themselves by their check digits: IBAN, French social security number, payment card."""

import re
from collections.abc import Iterator
from types import MappingProxyType

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.fr import nir as stdnum_nir

from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type, Words

# What may stand between two groups of a number.
_BETWEEN = re.compile(r"[ ./_:|-]{1,3}|\n")
_CARD_GROUPS = frozenset(
    {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 4, 1), (4, 4, 4, 1)}
)
_NIR_BODY = re.compile(r"[1-478]\d{4}(?:\d\d|2[ab])\d{6}")
_IMEI_GROUPS = frozenset({(2, 6, 6, 1), (6, 2, 6, 1), (8, 6, 1)})

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


def joined(reading: Reading, first: int, length: int) -> tuple[str, int] | None:
    """Return `length` characters from a token on, over its groups, and the token they end with; None if none does."""
    text, at = "", first
    while at < len(reading.tokens) and (at == first or _BETWEEN.fullmatch(reading.gap(at))):
        text += reading.tokens[at].text
        if len(text) >= length:
            return (text, at) if len(text) == length else None
        at += 1
    return None


def find_ibans(reading: Reading) -> Iterator[Claim]:
    """Yield valid IBANs, in groups of any length."""
    for first in reading.starts:
        token = reading.tokens[first]
        country = token.text[:2] if len(token.text) > 1 else _pair(reading, first)
        length = _LENGTHS.get(country)
        if not length or not token.text[:1].isalpha():
            continue
        found = joined(reading, first, length)
        if found and found[0][2:4].isdigit() and stdnum_iban.is_valid(found[0].upper(), check_country=False):
            yield Claim(token.start, reading.tokens[found[1]].end, Type.IBAN)


def _pair(reading: Reading, first: int) -> str:
    """Return two letters that stand apart, as in "F R 7 6"."""
    following = reading.tokens[first + 1].text if first + 1 < len(reading.tokens) else ""
    return reading.tokens[first].text + following if len(following) == 1 else ""


def find_nirs(reading: Reading) -> Iterator[Claim]:
    """Yield French social security numbers: 15 digits by their key, 13 only after a word that says so."""
    for first in reading.starts:
        token = reading.tokens[first]
        if token.text[0] not in "123478" or not token.text.isascii():
            continue
        found = joined(reading, first, 15)
        if not found or not stdnum_nir.is_valid(found[0].upper()):
            found = _without_key(reading, first)
        if found:
            yield Claim(token.start, reading.tokens[found[1]].end, Type.NIR)


def _without_key(reading: Reading, first: int) -> tuple[str, int] | None:
    found = joined(reading, first, 13)
    is_number = found and _NIR_BODY.fullmatch(found[0]) and reading.has_before(first, Words.NIR)
    return found if is_number else None


def find_cards(reading: Reading) -> Iterator[Claim]:
    """Yield payment cards: 13 to 19 digits that begin with 2 to 6 and keep Luhn's rule."""
    done = 0
    for first in reading.starts:
        token = reading.tokens[first]
        if first < done or not token.text.isdecimal():
            continue
        chain = _chain(reading, first)
        end = _card_end(reading, first, chain)
        if end is not None:
            yield Claim(token.start, reading.tokens[end - 1].end, Type.CARD)
            done = end


def _chain(reading: Reading, first: int) -> int:
    """Return the token after the last group of digits; 20 groups hold the longest card."""
    at = first + 1
    while at < min(len(reading.tokens), first + 20) and reading.tokens[at].text.isdecimal():
        if not _BETWEEN.fullmatch(reading.gap(at)):
            break
        at += 1
    return at


def _card_end(reading: Reading, first: int, chain: int) -> int | None:
    lengths: list[int] = []
    digits = ""
    for at in range(first, chain):
        lengths.append(len(reading.tokens[at].text))
        digits += reading.tokens[at].text
        if len(digits) > 19:
            return None
        whole = at + 1 == chain and (first == 0 or not _continues(reading, first))
        if (whole or len(lengths) == 1 or tuple(lengths) in _CARD_GROUPS) and tuple(lengths) not in _IMEI_GROUPS:
            longer = tuple(lengths) == (4, 4, 4, 4) and at + 1 < chain and _card_end_at(reading, digits, at + 1)
            if longer:
                continue
            if _is_card(digits):
                return at + 1
    return None


def _card_end_at(reading: Reading, digits: str, at: int) -> bool:
    """Tell whether one more group makes a longer card; that one is meant then."""
    group = reading.tokens[at].text
    return len(group) <= 3 and not _is_card(digits) and _is_card(digits + group)


def _continues(reading: Reading, number: int) -> bool:
    return reading.tokens[number - 1].text.isdecimal() and bool(_BETWEEN.fullmatch(reading.gap(number)))


def _is_card(digits: str) -> bool:
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and len(set(digits)) > 1 and luhn.is_valid(digits)
