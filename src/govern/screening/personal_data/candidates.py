"""Groups of letters and digits that may be one reference, without dates, times, prices and quantities."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from govern.screening.personal_data.reading import Reading, has_digit
from govern.screening.personal_data.vocabulary import words

MAX_GROUPS = 8
LETTERS_FIRST = 6
"""How many letters a reference may begin with."""

_CURRENCIES = words("eur usd cad gbp chf aud e")
_MONEY = re.compile(r" ?[€$£%]")
_UNIT = re.compile(
    r" ?(?:[€$£%°]|(?:euros?|eur|usd|cad|gbp|chf|dollars?|pounds?|balles|quid|bucks|cents?|k?m|cm|mm|km/h|mph|kg|mg|ml|cl|gb|mb|go|mo|to|tb|kwh|kw|mw|w|v|hz"
    r"|mhz|ghz|mah|px|min|mins|minutes?|heures?|hours?|hrs?|h|jours?|days?|semaines?|weeks?|mois|months?|ans|annees?|years?|yrs?|am|pm|personnes?"
    r"|people|clients?|customers?|points?|pts|fois|times|miles?|vues|views|abonnes|followers|spectateurs|places|seats|pages|articles|items|participants"
    r"|voyageurs|usagers|passengers|households|foyers|homes|others|autres|stars?|etoiles?)\b)"
)
_PEOPLE = re.compile(
    r" (?:abonnes|clients|personnes|people|customers|followers|spectateurs|voyageurs|usagers|vues|views|euros|fois|times)\b"
)
_DATE = re.compile(r"\d{1,2}([-/. ])\d{1,2}\1(?:19|20)?\d\d|(?:19|20)\d\d([-/.])\d{1,2}\2\d{1,2}|\d{1,2}[-/]\d{1,2}")
YEARS = re.compile(r"(?:19|20)\d\d(?:[-/](?:(?:19|20)?\d\d))?")
THOUSANDS = re.compile(r"\d{1,3}(?:[ .]\d{3})+")
_TIME = re.compile(r"\d{1,2}(?:h\d{0,2}|min|am|pm|[:.]\d\d)(?:-\d{1,2}(?:h\d{0,2}|[:.]\d\d)?)?")
_DIMENSIONS = re.compile(r"\d{1,5}x\d{1,5}(?:x\d{1,5})?|\d{1,3}\.\d+")


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

    @property
    def is_one_word(self) -> bool:
        return self.first == self.last

    @property
    def is_code(self) -> bool:
        """Whether it looks like a booking code: six capitals and digits."""
        return self.is_capital and self.has_letters and self.is_one_word and len(self.plain) == 6


def candidates(reading: Reading) -> Iterator[Candidate]:
    """Yield what may be a reference, left to right, none within another."""
    done = 0
    for first in reading.starts:
        candidate = _candidate(reading, first) if first >= done and _may_start(reading, first) else None
        if candidate and not _is_measure(reading, candidate):
            yield candidate
        done = candidate.last + 1 if candidate else done


def is_capital(reading: Reading, first: int, last: int) -> bool:
    """Tell whether tokens, as they were written, hold capital letters and no small ones."""
    start, end = reading.view.span(reading.tokens[first].start, reading.tokens[last].end)
    return reading.view.original[start:end].isupper()


def _may_start(reading: Reading, first: int) -> bool:
    token = reading.tokens[first]
    if reading.before_character(first) in {"@", "$", "£", "€", "+"}:
        return False
    if has_digit(token.text):
        return True
    if first + 1 >= len(reading.tokens) or len(token.text) > LETTERS_FIRST or not _digit_follows(reading, first):
        return False
    gap = reading.gap(first + 1)
    if gap in {"-", "/", "_"} or (gap == "." and len(token.text) == 2):
        return True
    is_word = reading.is_context(first) or token.text in _CURRENCIES or reading.is_loud
    return reading.is_capital(first) and len(token.text) < 5 and not is_word


def _digit_follows(reading: Reading, first: int) -> bool:
    """Tell whether the next group has digits, or the one after it where letters come twice: "HR-AB-1234"."""
    gap, following = reading.gap(first + 1), reading.tokens[first + 1].text
    if gap not in {"-", "/", "_", " ", "."}:
        return False
    if following.isalpha() and gap in {"-", "/", "_"} and first + 2 < len(reading.tokens):
        return reading.gap(first + 2) in {"-", "/", "_"} and has_digit(reading.tokens[first + 2].text)
    return has_digit(following)


def _candidate(reading: Reading, first: int) -> Candidate | None:
    last = first
    while last + 1 < len(reading.tokens) and last - first < MAX_GROUPS and _goes_on(reading, first, last + 1):
        last += 1
    while last > first and reading.gap(last) == " " and _is_measured(reading, last):
        last -= 1
    text = reading.text[reading.tokens[first].start : reading.tokens[last].end]
    plain = "".join(token.text for token in reading.tokens[first : last + 1])
    if not has_digit(plain):
        return None
    return Candidate(first, last, text, plain, plain.isdecimal() or is_capital(reading, first, last))


def _goes_on(reading: Reading, first: int, at: int) -> bool:
    """Tell whether a group belongs to the reference that starts at `first`."""
    match reading.gap(at):
        case "-" | "/" | "_":
            text = reading.tokens[at].text
            return has_digit(text) or (len(text) <= 5 and (reading.is_capital(at) or len(text) == 1))
        case ".":
            return _goes_on_dotted(reading, first, at)
        case " / ":
            return reading.is_capital(at) and len(reading.tokens[at].text) > 1
        case " ":
            return _goes_on_apart(reading, first, at)
        case _:
            return False


def _goes_on_dotted(reading: Reading, first: int, at: int) -> bool:
    """Tell whether a group after a full stop belongs: most full stops end something."""
    text, before = reading.tokens[at].text, reading.tokens[at - 1].text
    if has_digit(text):
        return before[-1].isdecimal() or (len(before) < 4 and reading.is_capital(at - 1))
    return len(text) == 1 and reading.is_capital(at) and at - 2 >= first and reading.gap(at - 1) == "."


def _goes_on_apart(reading: Reading, first: int, at: int) -> bool:
    """Tell whether a group after a blank belongs: digits, or capitals with digits, or one last capital letter."""
    text, before = reading.tokens[at].text, reading.tokens[at - 1].text
    if text.isdecimal():
        is_time = reading.after(at)[:1] in {"/", ":"} or YEARS.fullmatch(text)
        long = len(before) > 6 and before.isdecimal()
        is_last = len(text) == 1 and at - 1 > first and before.isdecimal()
        return (len(text) > 1 or is_last) and not is_time and not long
    if has_digit(text):
        return reading.is_capital(at) and not _TIME.fullmatch(text) and len(text) <= 8
    is_last = len(text) == 1 and reading.is_capital(at) and before.isdecimal()
    return is_last and (at - 1 > first or reading.after(at)[:1] not in {" ", "'"})


def _is_measured(reading: Reading, last: int) -> bool:
    return bool(_UNIT.match(reading.text, reading.tokens[last].end))


def _is_measure(reading: Reading, candidate: Candidate) -> bool:
    """Tell whether a candidate is a date, a time, a price or a quantity."""
    text, end = candidate.text, reading.tokens[candidate.last].end
    if candidate.digits >= 9 and candidate.is_one_word:
        return False
    if any(shape.fullmatch(text) for shape in (_DATE, _TIME, _DIMENSIONS)):
        return True
    after = reading.text[end : end + 2]
    return bool(_MONEY.match(after) or re.match(r"[.,:]\d", after)) or _is_quantity(reading, candidate)


def _is_quantity(reading: Reading, candidate: Candidate) -> bool:
    if candidate.has_letters:
        return False
    end = reading.tokens[candidate.last].end
    is_short = candidate.digits < 6 or THOUSANDS.fullmatch(candidate.text)
    if _PEOPLE.match(reading.text, end) or (is_short and _UNIT.match(reading.text, end)):
        return True
    start = reading.tokens[candidate.first].start
    currency = candidate.first and reading.tokens[candidate.first - 1].text in _CURRENCIES
    return bool(currency) or reading.text[max(0, start - 2) : start].strip()[-1:] in {"$", "€", "£"}
