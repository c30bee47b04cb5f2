"""References of customers: orders, parcels, files. The words around a number say what it is; a few shapes need none."""

import re
from collections.abc import Iterable, Iterator

from govern.screening.personal_data.candidates import CODE, THOUSANDS, YEARS, Candidate
from govern.screening.personal_data.reading import Claim, Near, Reading
from govern.screening.personal_data.rules import Type, Words
from govern.screening.personal_data.shapes import kind_of_shape
from govern.screening.personal_data.vocabulary import words

MAX_DISTANCE_OTHER = 3
"""From how many words on a product, flight or law no longer claims a number."""

_POSITIVE = {
    Words.ORDER_NO: Type.ORDER_NO,
    Words.FILE_REF: Type.FILE_REF,
    Words.BOOKING: Type.FILE_REF,
    Words.VEHICLE: Type.FILE_REF,
    Words.NIR: Type.NIR,
}
_NAMING = frozenset(_POSITIVE)
# Between a context word and its number these say nothing: "commande n°", "order number is".
_FILLERS = words(
    "n no nr nb num numero number numbers nbr nos ref refs reference references id code is est was de du des the la le les l d of my mon ma mes votre "
    "your our notre ton ta c cest ce it its s here voici as under sous with avec suivante suivant following bien portant called named numerote "
    "numerotee client customer for pour a"
)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W_]+")
_SIGN = re.compile(r"\b(?:n ?[°º]|no\.|num\.?|nr\.?) ?:? ?#?$")
_FRENCH_PHONE = re.compile(r"0[1-9](?:[ .]\d\d){4}")
_SIGN_WORDS = frozenset({"no", "num", "nr"})
_APART = frozenset("(),;")
_REF_ONLY = re.compile(r", (?:la |the )?(?:ref|refs|reference|references|no|n°)\b[ .:n°]{0,4}")


def find_references(reading: Reading, found: Iterable[Candidate]) -> Iterator[Claim]:
    """Yield the references that some word or their shape gives away."""
    kinds = [(candidate, _kind(reading, candidate)) for candidate in found]
    things = {_shape(candidate) for candidate, kind in kinds if kind is None and _is_thing(reading, candidate)}
    for candidate, kind in kinds:
        if kind and (_shape(candidate) not in things or _named(reading, candidate)):
            yield _claim(reading, candidate, kind)


def find_named(reading: Reading, found: Iterable[Candidate]) -> Iterator[Claim]:
    """Yield only the references right behind the word that names them; phones and addresses yield to these."""
    if _NAMING.isdisjoint(reading.said):
        return
    for candidate in found:
        near = _named(reading, candidate)
        if near and near.words is Words.BOOKING and _FRENCH_PHONE.fullmatch(candidate.text):
            continue  # "Réservations : 01 99 00 77 88"
        if near and near.words in _POSITIVE and _is_named_number(reading, candidate, near.words):
            yield _claim(reading, candidate, _POSITIVE[near.words])


def _is_thing(reading: Reading, candidate: Candidate) -> bool:
    """Tell whether it is said to be a product, flight or law; the next one of its shape will be another."""
    return candidate.has_letters and reading.has_before(candidate.first, Words.OTHER)


def _shape(candidate: Candidate) -> str:
    """Return a candidate with its digits made equal: "hx-00000" for "hx-20500"."""
    return _DIGIT.sub("0", candidate.text)


def _claim(reading: Reading, candidate: Candidate, kind: Type) -> Claim:
    return Claim(reading.begins[candidate.first], reading.ends[candidate.last], kind)


def _named(reading: Reading, candidate: Candidate) -> Near | None:
    """Return the context word right before a candidate, with nothing between but words that say nothing."""
    weak = _sign_before(reading, candidate)
    for near in reading.before(candidate.first, 6):
        between = reading.text[near.end : reading.begins[candidate.first]]
        if near.words is Words.OTHER and not _APART.isdisjoint(between):
            break
        if not _FILLERS.issuperset(_WORD.findall(between)):
            break
        if near.words in _POSITIVE or near.words is Words.OTHER:
            return near
        if near.words is Words.REFERENCE:
            weak = weak or near
    return weak


def _sign_before(reading: Reading, candidate: Candidate) -> Near | None:
    """Return what "n°" or "no." before a candidate says: some reference."""
    gap, start = reading.gaps[candidate.first], reading.begins[candidate.first]
    before = reading.texts[candidate.first - 1] if candidate.first else ""
    if "°" not in gap and "º" not in gap and before not in _SIGN_WORDS:
        return None
    sign = _SIGN.search(reading.text, max(0, start - 6), start)
    return Near(Words.REFERENCE, 0, start) if sign else None


def _is_named_number(reading: Reading, candidate: Candidate, said: Words) -> bool:
    """Tell whether what stands right behind its word can be a reference: years and small numbers cannot."""
    if said is Words.VEHICLE:
        return candidate.is_capital and candidate.has_letters and 5 <= len(candidate.plain) <= 8
    if _is_year(reading, candidate):
        return False
    if said is Words.NIR:
        return candidate.digits >= 6
    if candidate.has_letters:
        is_code = candidate.is_capital or len(candidate.plain) == CODE
        is_booking = said is Words.BOOKING and candidate.is_one_word and is_code
        return (candidate.digits >= (1 if is_booking else 3) and len(candidate.plain) >= 5) or candidate.is_code
    is_quantity = not candidate.is_one_word and THOUSANDS.fullmatch(candidate.text)
    return candidate.digits >= (6 if is_quantity else 4)


def _is_year(reading: Reading, candidate: Candidate) -> bool:
    """Tell whether the digits are a year: in "SUMMER2025" always, alone unless a sign marks it as a number."""
    digits = "".join(filter(str.isdecimal, candidate.plain))
    if candidate.has_letters:
        return YEARS.fullmatch(digits) is not None
    start = reading.begins[candidate.first]
    is_marked = reading.text[max(0, start - 2) : start].rstrip(" ")[-1:] in {"#", "°", ":"}
    return YEARS.fullmatch(candidate.text) is not None and not is_marked and not _sign_before(reading, candidate)


def _kind(reading: Reading, candidate: Candidate) -> Type | None:
    if not candidate.has_letters and _is_year(reading, candidate):
        return None
    return _kind_of_number(reading, candidate)


def _kind_of_number(reading: Reading, candidate: Candidate) -> Type | None:
    named = _named(reading, candidate)
    if named and named.words is Words.OTHER:
        return None
    if named and named.words in _POSITIVE and _is_named_number(reading, candidate, named.words):
        return _POSITIVE[named.words]
    nearest = _nearest(reading, candidate)
    if kind := _kind_by_word(reading, candidate, nearest):
        return kind
    if named and reading.says_other_behind(candidate.last):
        return None
    excluded = reading.has_before(candidate.first, Words.OTHER)
    is_thing = (nearest and nearest.words is Words.OTHER) or _is_part(reading, candidate)
    if named and _is_likely_reference(candidate) and not is_thing:
        return Type.FILE_REF
    return (None if excluded else _behind(reading, candidate)) or kind_of_shape(reading, candidate, excluded=excluded)


def _is_part(reading: Reading, candidate: Candidate) -> bool:
    """Tell whether a comma leads from a thing to its reference: "the filter, ref 00-443"; "your ref" is a person's."""
    near = next((near for near in reading.before(candidate.first, 4) if near.words is not Words.REFERENCE), None)
    if near is None or near.words is not Words.OTHER:
        return False
    between = reading.text[near.end : reading.begins[candidate.first]]
    return between.count(",") == 1 and _REF_ONLY.fullmatch(between) is not None


def _kind_by_word(reading: Reading, candidate: Candidate, nearest: Near | None) -> Type | None:
    """Return what a word some words before a candidate makes of it."""
    if nearest is None or nearest.words not in _POSITIVE:
        return None
    if nearest.words is Words.VEHICLE and _is_named_number(reading, candidate, nearest.words):
        return Type.FILE_REF
    is_booking = nearest.words is Words.BOOKING and candidate.is_code
    is_likely = _is_likely(candidate, close=nearest.distance <= 2)
    return _POSITIVE[nearest.words] if is_booking or is_likely else None


def _nearest(reading: Reading, candidate: Candidate) -> Near | None:
    """Return the nearest word before a candidate that says what it is; what is nobody's stands close to its number."""
    for near in reading.before(candidate.first):
        if near.words in _POSITIVE:
            return near
        between = reading.text[near.end : reading.begins[candidate.first]]
        if near.words is Words.OTHER and near.distance < MAX_DISTANCE_OTHER and _APART.isdisjoint(between):
            return near
    return None


def _is_likely(candidate: Candidate, *, close: bool = False) -> bool:
    """Tell whether a number that some words separate from its context word can be a reference."""
    if candidate.has_letters:
        return candidate.is_capital and candidate.digits >= 3 and len(candidate.plain) >= 6
    return candidate.digits >= 6 and (close or not THOUSANDS.fullmatch(candidate.text))


def _is_likely_reference(candidate: Candidate) -> bool:
    """Tell whether a number behind a mere "ref" can be a customer's: short ones that begin with digits are products'."""
    is_short = candidate.digits < 5 and candidate.plain[0].isdecimal()
    return _is_likely(candidate) and not is_short


def _behind(reading: Reading, candidate: Candidate) -> Type | None:
    """Return what the words after a number say it is: "7003389215 is my order number"."""
    if not _is_likely(candidate):
        return None
    said = (near for near in reading.behind(candidate.last, 4) if near.words in _POSITIVE or near.words is Words.OTHER)
    near = next(said, None)
    return _POSITIVE.get(near.words) if near else None
