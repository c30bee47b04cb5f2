"""References of customers: orders, parcels, files. The words around a number say what it is; a few shapes need none."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from govern.screening.personal_data.bank import joined
from govern.screening.personal_data.reading import Claim, Near, Reading
from govern.screening.personal_data.rules import PersonalRules, Type, Words

MAX_GROUPS = 8
MAX_DISTANCE_OTHER = 3
"""From how many words on a product, flight or law no longer claims a number."""

_POSITIVE = {
    Words.ORDER_NO: Type.ORDER_NO,
    Words.FILE_REF: Type.FILE_REF,
    Words.BOOKING: Type.FILE_REF,
    Words.VEHICLE: Type.FILE_REF,
    Words.NIR: Type.NIR,
}
# Between a context word and its number these say nothing: "commande n°", "order number is".
_FILLERS = frozenset(
    "n no nr nb num numero number numbers nbr nos ref refs reference references id code is est was de du des the la le les l d of my mon ma mes votre "
    "your our notre ton ta c cest ce it its s here voici as under sous with avec suivante suivant following bien portant called named numerote "
    "numerotee client customer for pour a".split()
)
_CURRENCIES = frozenset("eur usd cad gbp chf aud e".split())
_UNIT = re.compile(
    r" ?(?:[€$£%°]|(?:euros?|eur|usd|cad|gbp|chf|dollars?|pounds?|balles|quid|bucks|cents?|k?m|cm|mm|km/h|mph|kg|mg|ml|cl|gb|mb|go|mo|to|tb|kwh|kw|mw|w|v|hz"
    r"|mhz|ghz|mah|px|min|mins|minutes?|heures?|hours?|hrs?|h|jours?|days?|semaines?|weeks?|mois|months?|ans|annees?|years?|yrs?|am|pm|personnes?"
    r"|people|clients?|customers?|points?|pts|fois|times|miles?|vues|views|abonnes|followers|spectateurs|places|seats|pages|articles|items|participants"
    r"|voyageurs|usagers|passengers|households|foyers|homes|others|autres|stars?|etoiles?)\b)"
)
_DATE = re.compile(r"\d{1,2}([-/. ])\d{1,2}\1(?:19|20)?\d\d|(?:19|20)\d\d([-/.])\d{1,2}\2\d{1,2}|\d{1,2}[-/]\d{1,2}")
_YEARS = re.compile(r"(?:19|20)\d\d(?:[-/](?:(?:19|20)?\d\d))?")
_TIME = re.compile(r"\d{1,2}(?:h\d{0,2}|min|am|pm|[:.]\d\d)(?:-\d{1,2}(?:h\d{0,2}|[:.]\d\d)?)?")
_THOUSANDS = re.compile(r"\d{1,3}(?:[ .]\d{3})+")
# Numbers of post offices (UPU S10), UPS, La Poste, DHL and Amazon: length and shape without blanks.
_PARCELS = (
    (13, re.compile(r"[a-z]{2}\d{9}[a-z]{2}|[68][a-z]\d{11}")),
    (18, re.compile(r"1z[a-z0-9]{6}\d{10}|jd\d{16}")),
    (20, re.compile(r"jd\d{18}|jjd\d{17}")),
    (15, re.compile(r"tb[ac]\d{12}")),
)
_STRONG = re.compile(r"[a-z]{1,6}\d{0,4}(?:[-/_]?[a-z0-9]{1,6}){0,2}[-/_]\d{2,12}(?:[-/_][a-z0-9]{1,6}){0,3}|[a-z]{2,5}\d{6,12}[a-z]?")
_PLATE = re.compile(r"[a-hj-np-tv-z]{2}\d{3}[a-hj-np-tv-z]{2}")
_IRISH_PLATE = re.compile(r"\d{2,3}-[a-z]{1,2}-\d{3,6}")
_IMEI = re.compile(r"\d{2}-\d{6}-\d{6}-\d|\d{6}-\d{2}-\d{6}-\d")
_NATIONAL = re.compile(r"[a-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[a-d]|756[. ]?\d{4}[. ]?\d{4}[. ]?\d\d|\d{3}-\d\d-\d{4}")


class Candidate(NamedTuple):
    """Groups of letters and digits that may be one reference."""

    first: int
    last: int
    text: str
    plain: str
    is_capital: bool

    @property
    def digits(self) -> int:
        return sum(letter.isdecimal() for letter in self.plain)

    @property
    def has_letters(self) -> bool:
        return not self.plain.isdecimal()


def find_references(reading: Reading, rules: PersonalRules) -> Iterator[Claim]:
    """Yield the references that some word or their shape gives away."""
    for candidate in _candidates(reading):
        kind = _kind(reading, candidate)
        if kind:
            yield Claim(reading.tokens[candidate.first].start, reading.tokens[candidate.last].end, kind)


def find_named(reading: Reading, rules: PersonalRules) -> Iterator[Claim]:
    """Yield only the references right behind the word that names them; phones and addresses yield to these."""
    for candidate in _candidates(reading):
        near = _named(reading, candidate)
        if near and near.words in _POSITIVE and _is_named_number(reading, candidate, near.words):
            yield Claim(reading.tokens[candidate.first].start, reading.tokens[candidate.last].end, _POSITIVE[near.words])


def find_shapes(reading: Reading, rules: PersonalRules) -> Iterator[Claim]:
    """Yield parcel numbers and French number plates, also in groups with blanks."""
    for first, token in enumerate(reading.tokens):
        for length, shape in _PARCELS:
            found = joined(reading, first, length) if len(token.text) <= length else None
            if found and shape.fullmatch(found[0]) and (first == found[1] or _is_capital(reading, first, found[1])):
                yield Claim(token.start, reading.tokens[found[1]].end, Type.ORDER_NO)
        if len(token.text) == 2 and (plate := joined(reading, first, 7)) and plate[1] == first + 2:
            if _PLATE.fullmatch(plate[0]) and _is_capital(reading, first, plate[1]):
                yield Claim(token.start, reading.tokens[plate[1]].end, Type.FILE_REF)


def _is_capital(reading: Reading, first: int, last: int) -> bool:
    start, end = reading.view.span(reading.tokens[first].start, reading.tokens[last].end)
    return reading.view.original[start:end].isupper()


def _candidates(reading: Reading) -> Iterator[Candidate]:
    first = 0
    while first < len(reading.tokens):
        candidate = _candidate(reading, first) if _may_start(reading, first) else None
        if candidate and not _is_measure(reading, candidate):
            yield candidate
        first = candidate.last + 1 if candidate else first + 1


def _may_start(reading: Reading, first: int) -> bool:
    token = reading.tokens[first]
    before = reading.text[token.start - 1 : token.start] if token.start else ""
    if before in {"@", "$", "£", "€", "+"}:
        return False
    if _has_digit(token.text):
        return True
    if first + 1 >= len(reading.tokens) or len(token.text) > 6 or not _has_digit(_next_digit(reading, first)):
        return False
    if reading.gap(first + 1) in {"-", "/", "_"}:
        return True
    is_word = reading.is_context(first) or token.text in _CURRENCIES or reading.is_loud
    return reading.is_capital(first) and len(token.text) < 5 and not is_word


def _next_digit(reading: Reading, first: int) -> str:
    """Return the next group, or the one after it where letters come twice: "HR-AB-1234"."""
    gap = reading.gap(first + 1)
    if gap not in {"-", "/", "_", " ", "."}:
        return ""
    following = reading.tokens[first + 1].text
    if following.isalpha() and gap in {"-", "/", "_"} and first + 2 < len(reading.tokens) and reading.gap(first + 2) in {"-", "/", "_"}:
        return reading.tokens[first + 2].text
    return following


def _has_digit(text: str) -> bool:
    return any(letter.isdecimal() for letter in text)


def _candidate(reading: Reading, first: int) -> Candidate | None:
    last = first
    while last + 1 < len(reading.tokens) and last - first < MAX_GROUPS and _goes_on(reading, first, last + 1):
        last += 1
    while last > first and reading.gap(last) == " " and _is_measured(reading, last):
        last -= 1
    text = reading.text[reading.tokens[first].start : reading.tokens[last].end]
    plain = "".join(token.text for token in reading.tokens[first : last + 1])
    if not _has_digit(plain):
        return None
    return Candidate(first, last, text, plain, plain.isdecimal() or _is_capital(reading, first, last))


def _goes_on(reading: Reading, first: int, at: int) -> bool:
    gap, text = reading.gap(at), reading.tokens[at].text
    if gap in {"-", "/", "_", "."}:
        if _has_digit(text):
            return gap != "." or reading.tokens[at - 1].text[-1].isdecimal()
        return gap != "." and len(text) <= 5 and (reading.is_capital(at) or len(text) == 1)
    if gap == " / ":
        return reading.is_capital(at) and len(text) > 1
    if gap != " ":
        return False
    return _goes_on_apart(reading, first, at)


def _goes_on_apart(reading: Reading, first: int, at: int) -> bool:
    """Tell whether a group after a blank belongs: digits, or capitals with digits, or one last capital letter."""
    text, before = reading.tokens[at].text, reading.tokens[at - 1].text
    if text.isdecimal():
        is_time = reading.after(at)[:1] in {"/", ":"} or _YEARS.fullmatch(text)
        long = len(before) > 6 and before.isdecimal()
        return len(text) > 1 and not is_time and not long
    if _has_digit(text):
        return reading.is_capital(at) and not _TIME.fullmatch(text) and len(text) <= 8
    is_last = len(text) == 1 and reading.is_capital(at) and before.isdecimal()
    return is_last and (at - 1 > first or reading.after(at)[:1] not in {" ", "'"})


def _is_measured(reading: Reading, last: int) -> bool:
    return bool(_UNIT.match(reading.text, reading.tokens[last].end))


def _is_measure(reading: Reading, candidate: Candidate) -> bool:
    """Tell whether a candidate is a date, a time, a price or a quantity."""
    text, end = candidate.text, reading.tokens[candidate.last].end
    if candidate.digits >= 9 and candidate.first == candidate.last:
        return False
    if any(shape.fullmatch(text) for shape in (_DATE, _TIME)):
        return True
    before = reading.text[max(0, reading.tokens[candidate.first].start - 2) : reading.tokens[candidate.first].start]
    currency = candidate.first and reading.tokens[candidate.first - 1].text in _CURRENCIES
    if not candidate.has_letters and (_UNIT.match(reading.text, end) or before.strip()[-1:] in {"$", "€", "£"} or currency):
        return True
    return bool(re.match(r"[.,:]\d|%", reading.text[end : end + 2]))


def _named(reading: Reading, candidate: Candidate) -> Near | None:
    """Return the context word right before a candidate, with nothing between but words that say nothing."""
    between_start = None
    weak: Near | None = None
    for near in reading.before(candidate.first, 6):
        between = reading.text[near.end : reading.tokens[candidate.first].start]
        if any(word not in _FILLERS for word in re.findall(r"[^\W_]+", between)):
            break
        if near.words in {Words.REFERENCE}:
            weak = weak or near
        elif near.words in _POSITIVE or near.words is Words.OTHER:
            return near
        between_start = near.end
    return weak if between_start is not None else None


def _is_named_number(reading: Reading, candidate: Candidate, words: Words) -> bool:
    """Tell whether what stands right behind its word can be a reference: years and small numbers cannot."""
    if words is Words.VEHICLE:
        return candidate.is_capital and candidate.has_letters and 5 <= len(candidate.plain) <= 8
    marked = reading.text[: reading.tokens[candidate.first].start].rstrip(" ")[-1:] in {"#", "°", ":"}
    if _YEARS.fullmatch(candidate.text) and not marked:
        return False
    if words is Words.NIR:
        return candidate.digits >= 6
    if words is Words.BOOKING and candidate.first == candidate.last and candidate.is_capital and candidate.has_letters:
        return len(candidate.plain) >= 5 and candidate.digits > 0
    if candidate.has_letters:
        return candidate.digits >= 3 and len(candidate.plain) >= 5
    return candidate.digits >= 4 + (candidate.first != candidate.last and bool(_THOUSANDS.fullmatch(candidate.text)) and 2)


def _kind(reading: Reading, candidate: Candidate) -> Type | None:
    named = _named(reading, candidate)
    if named and named.words is Words.OTHER:
        return None
    if named and named.words in _POSITIVE and _is_named_number(reading, candidate, named.words):
        return _POSITIVE[named.words]
    nearest = _nearest(reading, candidate)
    if nearest and nearest.words in _POSITIVE:
        if _is_likely(candidate) or (nearest.words is Words.BOOKING and _is_code(candidate)):
            return _POSITIVE[nearest.words]
        if nearest.words is Words.VEHICLE and _is_named_number(reading, candidate, nearest.words):
            return Type.FILE_REF
    if named and _is_likely(candidate) and not (nearest and nearest.words is Words.OTHER):
        return Type.FILE_REF
    return _kind_of_shape(reading, candidate, excluded=reading.has_before(candidate.first, Words.OTHER))


def _nearest(reading: Reading, candidate: Candidate) -> Near | None:
    """Return the nearest word before a candidate that says what it is; what is nobody's stands close to its number."""
    for near in reading.before(candidate.first):
        if near.words in _POSITIVE or (near.words is Words.OTHER and near.distance < MAX_DISTANCE_OTHER):
            return near
    return None


def _is_likely(candidate: Candidate) -> bool:
    """Tell whether a number that some words separate from its context word can be a reference."""
    if candidate.has_letters:
        return candidate.is_capital and candidate.digits >= 3 and len(candidate.plain) >= 6
    return candidate.digits >= 6 and not _THOUSANDS.fullmatch(candidate.text)


def _is_code(candidate: Candidate) -> bool:
    """Tell whether a candidate looks like a booking code: six capitals and digits, in no order."""
    return candidate.is_capital and candidate.has_letters and candidate.first == candidate.last and len(candidate.plain) == 6


def _kind_of_shape(reading: Reading, candidate: Candidate, *, excluded: bool) -> Type | None:
    """Return the type of a shape that needs no word before it, unless one says that it is something else."""
    text = candidate.text
    if candidate.is_capital and _NATIONAL.fullmatch(text):
        return Type.NIR
    if excluded:
        return None
    if _behind(reading, candidate) is not None:
        return _behind(reading, candidate)
    start = reading.tokens[candidate.first].start
    if not candidate.has_letters:
        if candidate.first == candidate.last and candidate.digits >= 6 and reading.text[start - 1 : start] == "#" and start:
            return Type.ORDER_NO
        return Type.FILE_REF if _is_long(candidate) or _IMEI.fullmatch(text) else None
    if not candidate.is_capital or (start and reading.text[start - 1] == "#"):
        return None
    if _IRISH_PLATE.fullmatch(text) or (candidate.digits >= 5 and _STRONG.fullmatch(text)):
        return Type.FILE_REF
    if candidate.first == candidate.last and candidate.digits >= 7 and len(candidate.plain) >= 9:
        return Type.FILE_REF
    return Type.FILE_REF if _is_code(candidate) and _changes(candidate.plain) >= 3 else None


def _is_long(candidate: Candidate) -> bool:
    """Tell whether digits are too many for a quantity: nine in a row, or eleven in groups that are no thousands."""
    if len(set(candidate.plain)) < 3 or candidate.digits > 24 or (candidate.digits == 13 and candidate.plain.startswith(("978", "979"))):
        return False
    if candidate.first == candidate.last:
        return candidate.digits >= 9
    longest = max(map(len, re.findall(r"\d+", candidate.text)))
    return candidate.digits >= 11 and longest >= 4 and not _THOUSANDS.fullmatch(candidate.text)


def _changes(plain: str) -> int:
    """Count the changes from letters to digits and back: random codes have many, product names few."""
    return sum(one.isdecimal() != two.isdecimal() for one, two in zip(plain, plain[1:], strict=False))


def _behind(reading: Reading, candidate: Candidate) -> Type | None:
    """Return what the words after a number say it is: "7003389215 is my order number"."""
    if not _is_likely(candidate):
        return None
    near = next(reading.behind(candidate.last), None)
    return _POSITIVE.get(near.words) if near else None
