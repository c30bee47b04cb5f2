"""Phone numbers of persons: shapes people write, confirmed by `phonenumbers`, which says what is possible."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import phonenumbers

from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import Type, Words

MIN_DIGITS, MAX_DIGITS = 7, 15

# What may stand between two groups: " ?[./-] ?", " ?(", ")" with a sign and blanks, two full stops.
_SIGNS = ("", ".", "/", "-")
_BETWEEN = frozenset(
    {"..", "_", " ", "(", " ("}
    | {f"{before}{sign}{after}" for before in ("", " ") for sign in _SIGNS[1:] for after in ("", " ")}
    | {f"){before}{sign}{after}" for before in ("", " ") for sign in _SIGNS for after in ("", " ")}
)
# How people in France, Britain, Ireland, Belgium, Switzerland and Australia group the digits of a national number.
_ZERO_SHAPES = frozenset(
    {
        (2, 2, 2, 2, 2), (4, 2, 2, 2), (2, 4, 4), (4, 6), (4, 3, 3), (3, 3, 4), (3, 3, 2, 2), (3, 7), (4, 2, 4), (2, 8), (2, 3, 3, 2),
        (1, 3, 3, 3), (1, 1, 2, 2, 2, 2), (2, 2, 3, 3), (2, 4, 2, 2), (2, 2, 2, 4), (2, 2, 4, 2), (10,), (1, 9), (6, 4), (2, 3, 2, 3), (1, 1, 8), (4, 4, 2),
        (5, 6), (5, 3, 3), (4, 3, 4), (3, 4, 4), (4, 7), (11,), (3, 8), (5, 2, 2, 2), (5, 2, 4), (4, 4, 3), (5, 4, 2), (7, 4),
        (6, 5), (5, 5), (3, 2, 2, 2, 2), (5, 1, 5),
    }
)  # fmt: skip
_NORTH_AMERICA = frozenset({(3, 3, 4), (1, 3, 3, 4), (3, 7), (1, 3, 7)})
_AMERICAN_STARTS = frozenset(shape[:2] for shape in _NORTH_AMERICA)
_ZERO_STARTS = frozenset({(1, 1), *(shape[:2] for shape in _ZERO_SHAPES)})
# Numbers of everybody's that are never shorter: British 03, 084, 087 and 09, Irish 1800. A French number read as one of them is.
_WHOLE = (("+443", 13), ("+4484", 13), ("+4487", 13), ("+449", 13), ("+353", 14))
_PHONE_WORDS = frozenset({Words.PHONE, Words.OWN_PHONE})
_TAIL = re.compile(r" ?[-/.,] ?")


class _Number(NamedTuple):
    """The groups of digits from a token on, as far as they can be one number."""

    first: int
    groups: tuple[str, ...]
    digits: str
    shape: tuple[int, ...]


def find_phones(reading: Reading) -> Iterator[Claim]:
    """Yield phone numbers, but for those of the company and those that are no person's, as freephone numbers are."""
    done = 0
    for first in reading.starts:
        if first < done or not reading.texts[first].isdecimal():
            continue
        found = _international(reading, first) or _national(reading, first)
        if not found:
            continue
        count, e164 = found
        done = first + count
        end = reading.ends[done - 1]
        is_public = _is_public(reading, first, e164)
        yield Claim(_start(reading, first, end), end, Type.PHONE, is_public=is_public)


def _international(reading: Reading, first: int) -> tuple[int, tuple[str, ...]] | None:
    text, plus = reading.texts[first], reading.gaps[first].endswith("+")
    if not plus and not (text.startswith("00") and len(text) != 3):
        return None
    groups = _groups(reading, first)
    if sum(map(len, groups)) <= MIN_DIGITS:
        return None
    kept = _without_trunk(reading, first, groups)
    digits = "".join(kept) if plus else "".join(kept).removeprefix("00")
    if digits.startswith("0"):
        return None  # no country has such a code
    for count in range(len(groups), 0, -1):
        number = digits[: len(digits) - sum(map(len, kept[count:]))]
        if MIN_DIGITS < len(number) <= MAX_DIGITS and _is_possible("+" + number, None):
            return count, ("+" + number,)
    return None


def _without_trunk(reading: Reading, first: int, groups: tuple[str, ...]) -> list[str]:
    """Drop the zero of "+33 (0)6", which nobody dials from abroad, and that of "+33 06"."""
    kept = list(groups)
    for at in range(1, min(3, len(groups))):
        if groups[at] == "0" and "(" in reading.gaps[first + at]:
            kept[at] = ""
        elif (
            at == 1
            and groups[1].startswith("0")
            and groups[0] in {"33", "0033", "44", "0044", "32", "0032", "41", "0041"}
        ):
            kept[1] = groups[1][1:]
    return kept


def _groups(reading: Reading, first: int) -> tuple[str, ...]:
    """Return the groups of digits from a token on; 16 of them hold the longest number."""
    at, end = first + 1, min(len(reading.texts), first + MAX_DIGITS + 2)
    while at < end and reading.gaps[at] in _BETWEEN and reading.texts[at].isdecimal():
        at += 1
    return tuple(reading.texts[first:at])


def _national(reading: Reading, first: int) -> tuple[int, tuple[str, ...]] | None:
    is_meant = _says_phone(reading, first)
    if not (is_meant or _may_begin(reading, first)) or _is_tail(reading, first):
        return None
    groups = _groups(reading, first)
    for part in _parts(first, groups):
        regions = _regions(part, is_meant=is_meant)
        if regions is None or _has_tail(reading, part, len(groups)):
            continue
        if forms := _possible(part.digits, regions) if regions else (part.digits,):
            return len(part.groups), forms
    return None


def _may_begin(reading: Reading, first: int) -> bool:
    """Tell in one look whether a token can begin a number that no word announces."""
    texts = reading.texts[first : first + 2]
    lengths = tuple(map(len, texts))
    if texts[0][0] != "0":
        return lengths in _AMERICAN_STARTS
    return "".join(texts)[1:2] != "0" and (lengths in _ZERO_STARTS or lengths[:1] in _ZERO_STARTS)


def _parts(first: int, groups: tuple[str, ...]) -> Iterator[_Number]:
    """Yield what can be a number from the first group on, the longest first."""
    digits, shape = "".join(groups), tuple(map(len, groups))
    for count in range(len(groups), 0, -1):
        length = sum(shape[:count])
        if MIN_DIGITS <= length <= MAX_DIGITS:
            yield _Number(first, groups[:count], digits[:length], shape[:count])


def _regions(part: _Number, *, is_meant: bool) -> tuple[str, ...] | None:
    """Return where such digits can be a number; nowhere by name where only a word says so; None where they are none."""
    digits, shape = part.digits, part.shape
    if digits[0] == "0" and digits[1] != "0":
        single = len(digits) in {10, 11} and set(shape) == {1}
        if shape in _ZERO_SHAPES or single or (is_meant and 9 <= len(digits) <= 12):
            return ("FR", "GB", "IE") if len(digits) < 11 else ("GB", "DE")
        return None
    if _is_north_american(part, is_meant=is_meant):
        return ("US",)
    is_local = shape == (3, 4) or 8 <= len(digits) <= 10
    return () if is_meant and is_local and not _is_date(part) else None


def _is_north_american(part: _Number, *, is_meant: bool) -> bool:
    digits = part.digits[1:] if len(part.digits) == 11 and part.digits[0] == "1" else part.digits
    if len(digits) != 10 or digits[0] in "01" or digits[3] in "01":
        return False
    return part.shape in _NORTH_AMERICA if len(part.groups) > 1 else is_meant


def _possible(digits: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(e164 for region in regions if (e164 := _is_possible(digits, region)))


def _is_possible(number: str, region: str | None) -> str:
    """Return the number in its international form if it is possible, else nothing."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _says_phone(reading: Reading, first: int) -> bool:
    nearest = None if _PHONE_WORDS.isdisjoint(reading.said) else next(reading.before(first), None)
    return nearest is not None and nearest.words in _PHONE_WORDS


def _is_tail(reading: Reading, first: int) -> bool:
    """Tell whether more digits, a price or a decimal stand right before: then this is no beginning."""
    gap = reading.gaps[first]
    before = reading.texts[first - 1] if first else ""
    if gap[-1:] in {"$", "€", "£", "="} or (gap in {".", ",", ":"} and before.isdecimal()):
        return True
    return bool(before.isdecimal() and len(before) < 3 and _TAIL.fullmatch(gap))


def _has_tail(reading: Reading, part: _Number, groups: int) -> bool:
    """Tell whether the digits go on in the same way, as in a draw of six numbers, or a unit follows."""
    last = part.first + len(part.groups) - 1
    after = reading.gaps[last + 1]
    if after[:1] in {"€", "$", "£", "%"} or after[:2] in {" €", " $", " £", " %"}:
        return True
    if len(part.groups) < 2:
        return after in {",", "."} and last + 1 < len(reading.texts) and reading.texts[last + 1].isdecimal()
    if len(part.groups) == groups and not _TAIL.fullmatch(after):
        return False
    follows = last + 1 < len(reading.texts) and reading.texts[last + 1][0].isdecimal()
    return follows and after == reading.gaps[last] and len(reading.texts[last + 1]) == len(part.groups[-1])


def _is_date(part: _Number) -> bool:
    return part.shape in {(2, 2, 4), (4, 2, 2), (1, 2, 4), (2, 1, 4)}


def _start(reading: Reading, first: int, end: int) -> int:
    """Return where the number starts: with its plus sign, and its bracket if that closes within."""
    start = reading.begins[first]
    if reading.text[start - 1 : start] == "+" and start:
        start -= 1
    if start and reading.text[start - 1] == "(" and ")" in reading.text[start:end]:
        inside = reading.text[start:end]
        start -= inside.count(")") > inside.count("(")
    return start


def _is_public(reading: Reading, first: int, forms: tuple[str, ...]) -> bool:
    public = reading.rules.public
    if _is_enterprise(reading, first) or any(
        form in public.phones or _is_nobodys(form, public.phone_prefixes) for form in forms
    ):
        return True
    if len(_groups(reading, first)) > 1:
        return False
    near = [near.words for near in reading.before(first) if near.distance <= 2]
    return Words.OTHER in near and Words.PHONE not in near  # "rang" says a row in French


def _is_enterprise(reading: Reading, first: int) -> bool:
    """Tell whether it is the number of a Belgian company: "BE 0999.999.922"."""
    return first > 0 and reading.texts[first - 1] == "be" and reading.is_capital(first - 1)


def _is_nobodys(form: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether a number is one of everybody's, not a French one that looks like the beginning of it."""
    is_part = any(form.startswith(prefix) and len(form) < whole for prefix, whole in _WHOLE)
    return form.startswith(prefixes) and not is_part
