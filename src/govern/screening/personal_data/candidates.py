"""Groups of letters and digits that may be one reference, without dates, times, prices and quantities."""

import re
from itertools import pairwise
from typing import NamedTuple

from govern.screening.personal_data.reading import Reading, has_digit
from govern.screening.personal_data.vocabulary import words

MAX_GROUPS = 8
LETTERS_FIRST = 6
"""How many letters a reference may begin with."""
LEAST_DIGITS, LEAST_LETTERS, LEAST_SMALL = 4, 5, 3
"""The shortest reference of digits, the shortest with letters, and the digits of one with small letters."""
CODE, LEAST_CODE = 6, 2
"""How long a booking code is, and how many digits one with small letters has."""

LEAST_COUNTED = 8
_COUNTED = "0123456789" * 3
_CURRENCIES = words("eur usd cad gbp chf aud e")
_MONEY_SIGNS = frozenset("$€£")
_NO_START = frozenset("@$£€+")
_SIGNS = frozenset("-/_")
_TO = frozenset({" to ", " a ", " through ", " au "})
_JOINTS = _SIGNS | {" ", "."}
_AMOUNT = re.compile(r" ?[€$£%]|[.,:]\d")
_UNIT = re.compile(
    r" ?(?:[€$£%°]|(?=[a-z])(?:euros?|eur|usd|cad|gbp|chf|dollars?|pounds?|balles|quid|bucks|cents?|k?m|cm|mm|km/h|mph|kg|mg|ml|cl|gb|mb|go|mo|to|tb|kwh|kw|mw|w|v|hz"
    r"|mhz|ghz|mah|px|min|mins|minutes?|heures?|hours?|hrs?|h|jours?|days?|semaines?|weeks?|mois|months?|ans|annees?|years?|yrs?|am|pm|personnes?"
    r"|people|clients?|customers?|points?|pts|fois|times|miles?|vues|views|abonnes|followers|spectateurs|places|seats|pages|articles|items|participants"
    r"|voyageurs|usagers|passengers|households|foyers|homes|others|autres|stars?|etoiles?)\b)"
)
_PEOPLE = re.compile(
    r" (?:abonnes|clients|personnes|people|customers|followers|spectateurs|voyageurs|usagers|vues|views|euros|fois|times)\b"
)
_DATE = r"\d{1,2}([-/. ])\d{1,2}\1(?:19|20)?\d\d|(?:19|20)\d\d([-/.])\d{1,2}\2\d{1,2}|\d{1,2}[-/]\d{1,2}"
_DAY = re.compile(r"\d{2}([-/. ])\d{2}\1\d{2}")
YEARS = re.compile(r"(?:19|20)\d\d(?:[-/](?:(?:19|20)?\d\d))?")
THOUSANDS = re.compile(r"\d{1,3}(?:[ .]\d{3})+")
_TIME = re.compile(r"\d{1,2}(?:h\d{0,2}|min|am|pm|[:.]\d\d)(?:-\d{1,2}(?:h\d{0,2}|[:.]\d\d)?)?")
_DIMENSIONS = r"\d{1,5}x\d{1,5}(?:x\d{1,5})?|\d{1,3}\.\d+"
_NETWORK = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_POST_BOX = r"(?:cs|bp|tsa) \d{2,6}(?: \d{5})?"
_MEASURE = re.compile(rf"{_DATE}|{_TIME.pattern}|{_DIMENSIONS}|{_NETWORK}|{_POST_BOX}")


class Candidate(NamedTuple):
    """Groups of letters and digits that may be one reference."""

    first: int
    last: int
    text: str
    plain: str
    digits: int
    is_capital: bool

    @property
    def has_letters(self) -> bool:
        return not self.plain.isdecimal()

    @property
    def is_one_word(self) -> bool:
        return self.first == self.last

    @property
    def is_code(self) -> bool:
        """Whether it looks like a booking code: six capitals and digits."""
        return self.is_capital and self.has_letters and self.is_one_word and len(self.plain) == 6


def candidates(reading: Reading) -> list[Candidate]:
    """Return what may be a reference, left to right, none within another."""
    done, found = 0, []
    for first in reading.starts:
        candidate = _candidate(reading, first) if first >= done and _may_start(reading, first) else None
        if candidate and _is_enough(candidate) and not _is_measure(reading, candidate):
            found.append(candidate)
        done = candidate.last + 1 if candidate else done
    return _without_ranges(reading, found)


def _without_ranges(reading: Reading, found: list[Candidate]) -> list[Candidate]:
    """Drop two of one shape with "to" between them: from where to where the numbers of things go."""
    ends: set[Candidate] = set()
    for one, two in pairwise(found):
        between = reading.text[reading.ends[one.last] : reading.begins[two.first]]
        if between in _TO and one.has_letters and len(one.plain) == len(two.plain) and one.plain[:1] == two.plain[:1]:
            ends |= {one, two}
    return [candidate for candidate in found if candidate not in ends] if ends else found


def _is_enough(candidate: Candidate) -> bool:
    """Tell whether there is enough for any sort of reference: most numbers of a text are too short to be asked about."""
    if not candidate.has_letters:
        return candidate.digits >= LEAST_DIGITS
    is_code = len(candidate.plain) == CODE and candidate.is_one_word and candidate.digits >= LEAST_CODE
    is_enough = candidate.is_capital or candidate.digits >= LEAST_SMALL or is_code
    return len(candidate.plain) >= LEAST_LETTERS and is_enough


def is_capital(reading: Reading, first: int, last: int) -> bool:
    """Tell whether tokens, as they were written, hold capital letters and no small ones."""
    start, end = reading.view.span(reading.begins[first], reading.ends[last])
    return reading.view.original[start:end].isupper()


def _may_start(reading: Reading, first: int) -> bool:
    text = reading.texts[first]
    if reading.gaps[first][-1:] in _NO_START:
        return False
    if has_digit(text):
        return True
    if first + 1 >= len(reading.texts) or len(text) > LETTERS_FIRST or not _digit_follows(reading, first):
        return False
    gap = reading.gaps[first + 1]
    if gap in _SIGNS or (gap == "." and len(text) == 2):
        return True
    is_word = len(text) >= 5 or reading.is_context(first) or text in _CURRENCIES
    return not is_word and reading.is_capital(first) and not reading.is_loud


def _digit_follows(reading: Reading, first: int) -> bool:
    """Tell whether the next group has digits, or the one after it where letters come twice: "HR-AB-1234"."""
    gap, following = reading.gaps[first + 1], reading.texts[first + 1]
    if gap not in _JOINTS:
        return False
    if following.isalpha() and gap in _SIGNS and first + 2 < len(reading.texts):
        return reading.gaps[first + 2] in _SIGNS and has_digit(reading.texts[first + 2])
    return has_digit(following)


def _candidate(reading: Reading, first: int) -> Candidate | None:
    last = first
    end = min(len(reading.texts) - 1, first + MAX_GROUPS)
    while last < end and _goes_on(reading, first, last + 1):
        last += 1
    while last > first and reading.gaps[last] == " " and _UNIT.match(reading.text, reading.ends[last]):
        last -= 1
    if last == first and len(reading.texts[first]) < LEAST_DIGITS:
        return None
    text = reading.text[reading.begins[first] : reading.ends[last]]
    plain = "".join(reading.texts[first : last + 1])
    if plain.isdecimal():
        return Candidate(first, last, text, plain, len(plain), True)
    digits = sum(map(str.isdecimal, plain))
    return Candidate(first, last, text, plain, digits, is_capital(reading, first, last)) if digits else None


def _goes_on(reading: Reading, first: int, at: int) -> bool:
    """Tell whether a group belongs to the reference that starts at `first`."""
    match reading.gaps[at]:
        case " ":
            return _goes_on_apart(reading, first, at)
        case "-" | "/" | "_":
            text = reading.texts[at]
            return has_digit(text) or (len(text) <= 5 and (reading.is_capital(at) or len(text) == 1))
        case ".":
            return _goes_on_dotted(reading, first, at)
        case " / ":
            return reading.is_capital(at) and len(reading.texts[at]) > 1
        case _:
            return False


def _goes_on_dotted(reading: Reading, first: int, at: int) -> bool:
    """Tell whether a group after a full stop belongs: most full stops end something."""
    text, before = reading.texts[at], reading.texts[at - 1]
    if has_digit(text):
        return before[-1].isdecimal() or (len(before) < 4 and reading.is_capital(at - 1))
    return len(text) == 1 and reading.is_capital(at) and at - 2 >= first and reading.gaps[at - 1] == "."


def _goes_on_apart(reading: Reading, first: int, at: int) -> bool:
    """Tell whether a group after a blank belongs: digits, or capitals with digits, or one last capital letter."""
    text, before = reading.texts[at], reading.texts[at - 1]
    if text.isdecimal():
        is_time = reading.gaps[at + 1][:1] in {"/", ":"} or YEARS.fullmatch(text)
        long = len(before) > 6 and before.isdecimal()
        is_last = len(text) == 1 and at - 1 > first and before.isdecimal()
        is_part = len(text) > 1 or is_last or (before.isalpha() and reading.gaps[at + 1] == "-")  # "SR 1-4472901"
        return is_part and not is_time and not long
    if has_digit(text):
        return reading.is_capital(at) and not _TIME.fullmatch(text) and len(text) <= 8
    is_last = len(text) == 1 and reading.is_capital(at) and before.isdecimal()
    return is_last and (at - 1 > first or reading.gaps[at + 1][:1] not in {" ", "'"})


def _is_measure(reading: Reading, candidate: Candidate) -> bool:
    """Tell whether a candidate is a date, a time, a price or a quantity, or the address of a device or company."""
    end = reading.ends[candidate.last]
    if _is_counted(candidate):
        return True
    if candidate.digits >= 9 and candidate.is_one_word:
        return False
    is_date = _DAY.fullmatch(candidate.text) is None or _is_day(candidate)
    if (is_date and _MEASURE.fullmatch(candidate.text)) or _AMOUNT.match(reading.text, end):
        return True
    return not candidate.has_letters and _is_quantity(reading, candidate)


def _is_day(candidate: Candidate) -> bool:
    """Tell whether two groups can be a day and a month."""
    one, two = map(int, re.findall(r"\d+", candidate.text)[:2])
    return min(one, two) in range(1, 13) and max(one, two) in range(1, 32)


def _is_counted(candidate: Candidate) -> bool:
    """Tell whether the digits only count up, as those of examples do: "12345678"."""
    return candidate.is_one_word and candidate.digits >= LEAST_COUNTED and candidate.plain in _COUNTED


def _is_quantity(reading: Reading, candidate: Candidate) -> bool:
    end = reading.ends[candidate.last]
    is_short = candidate.digits < 6 or THOUSANDS.fullmatch(candidate.text)
    if _PEOPLE.match(reading.text, end) or (is_short and _UNIT.match(reading.text, end)):
        return True
    if candidate.first and reading.texts[candidate.first - 1] in _CURRENCIES:
        return True
    start = reading.begins[candidate.first]
    return reading.text[max(0, start - 2) : start].strip()[-1:] in _MONEY_SIGNS
