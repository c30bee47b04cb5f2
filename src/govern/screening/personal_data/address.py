"""Postal addresses: a number and a street word, in French or English order, up to postcode and town."""

import re
from collections.abc import Iterator

from govern.screening.personal_data.reading import Claim, Near, Reading
from govern.screening.personal_data.rules import Type, Words
from govern.screening.personal_data.town import TOWN_GAPS, UNITS, is_name, postcode_after, with_town
from govern.screening.personal_data.vocabulary import words

MAX_NAME = 7
"""How many words the name of a street may have."""
MAX_NUMBER = 7

_FRENCH = words(
    "rue avenue bd bld blvd boul boulevard allee allees all chemin che chem impasse imp place pl quai route rte cours square sq "
    "heol ffordd stryd maes passage sentier faubourg fg fbg chaussee residence lotissement lot hameau promenade esplanade voie montee cote traverse ruelle "
    "rang clos venelle parvis mail villa rond cite domaine autoroute"
)
_ALWAYS_ENGLISH = words("street st road rd lane ln avenue ave drive dr crescent cres boulevard blvd terrace")
_ENGLISH = _ALWAYS_ENGLISH | words(
    "close court ct way gardens gdns grove hill rise mews row walk parade highway hwy parkway pkwy circle cir trail trl quay place "
    "pl square sq green view park loop terr wharf rd yard fold croft field fields meadow meadows drove bank side end wynd gate "
    "point ridge heights path pike av cottages villas mansions buildings"
)
_FRENCH |= {"av", "ave", "r", "rte", "bd"}
# These mean much else unless a full stop or a name follows.
_SHORT_STREETS = words("r av ave all pl imp ch che sq rang mail cite cours lot cote place domaine villa voie passage")
STREETS = _FRENCH | _ENGLISH | _SHORT_STREETS | {"lieu"}
_HOUSE = re.compile(r"\d{1,5}[a-z]?|\d{1,4}(?:bis|ter)")
_FIVE_DIGITS = re.compile(r"\d{5}")
_LAST_HOUSE = re.compile(r"\d{1,4}[a-z]?")
_TOWN_BEHIND = re.compile(r"[ ,]{1,3}(?:[a-z]-)?\d{4,5} [^\W\d_]")
_OF = words("de du des la le les l d et aux au a sur en saint sainte general docteur marechal president st ste")
_AFTER_NUMBER = words("bis ter quater a b c d")
_NOT_NAMES = words(
    "days day weeks week months month years year hours hour minutes mins min people of in on at to for from and or the a per times more less ans jours "
    "mois semaines heures minutes fois euros km miles metres percent stars star points"
)
_MONTHS = words("janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre")
_DIRECTIONS = words("n s e w ne nw se sw north south east west nord sud est ouest o")
_BOX = re.compile(r"\b(?:p\.? ?o\.? ?box|boite postale|case postale|b\.?p\.?|cs) ?(?:n ?[o°] ?)?(\d{2,6})\b")
_BOX_WORDS = ("box", "postale", "bp", "b.p", "cs")
_SHORT_BOX = re.compile(r"b\.?p|cs")
_NAME_GAPS = frozenset({" ", "'", "-", "' ", " '"})


def find_addresses(reading: Reading) -> Iterator[Claim]:
    """Yield addresses, but for those of shops and offices by the words before them, or by the policy."""
    done = 0
    if STREETS.isdisjoint(reading.texts):
        return
    for first in reading.numbered:
        text = reading.texts[first]
        if reading.begins[first] < done or not text[0].isdecimal() or len(text) > MAX_NUMBER:
            continue
        street = _number_first(reading, first) or _number_last(reading, first)
        if not street:
            continue
        begin, last = street
        start, done = reading.begins[begin], with_town(reading, last)
        is_public = is_own_place(reading, begin, last) or _is_allowed(reading.text[start:done], reading)
        yield Claim(start, done, Type.ADDRESS, is_public=is_public)


def find_boxes(reading: Reading) -> Iterator[Claim]:
    """Yield post office boxes; a short French one needs its postcode, because its letters mean much else."""
    if not any(word in reading.text for word in _BOX_WORDS):
        return
    for box in _BOX.finditer(reading.text):
        last = reading.at(box.start(1))
        end = with_town(reading, last)
        if end == box.end() and _SHORT_BOX.match(box[0]):
            continue
        is_public = is_own_place(reading, last, last) or _is_allowed(reading.text[box.start() : end], reading)
        yield Claim(box.start(), end, Type.ADDRESS, is_public=is_public)


def is_own_place(reading: Reading, first: int, last: int) -> bool:
    """Tell whether the words around a street say a shop or office, and none says somebody's home.

    Words within it say nothing: "Place du Marché", "Pinecrest Drive".
    """
    is_our_place = Words.OUR_PLACE in reading.said and reading.is_ours
    if Words.OWN_PLACE not in reading.said and not is_our_place:
        return False
    near = {near.words for near in reading.before(first, 8)}
    around = near | {near.words for near in _outside(reading, first, last, 12)}
    near |= {near.words for near in _outside(reading, first, last, 6)}
    if is_our_place and Words.OUR_PLACE in near:
        return True
    return Words.OWN_PLACE in near and Words.HOME not in around and (reading.is_ours or Words.OUR_PLACE not in around)


def _outside(reading: Reading, first: int, last: int, reach: int) -> Iterator[Near]:
    return (near for near in reading.behind(first, reach) if near.end > reading.ends[last])


def _is_allowed(address: str, reading: Reading) -> bool:
    if not reading.rules.public.addresses:
        return False
    plain = shortest(address)
    return any(own in plain or plain in own for own in reading.rules.public.addresses)


def shortest(address: str) -> str:
    """Return the words and numbers of a folded address and nothing else."""
    return " ".join(re.findall(r"[^\W_]+", address))


def _number_first(reading: Reading, first: int) -> tuple[int, int] | None:
    at = _after_number(reading, first)
    return None if at is None else _french(reading, first, at) or _english(reading, first, at)


def _french(reading: Reading, first: int, at: int) -> tuple[int, int] | None:
    if not _is_french_street(reading, at):
        return None
    if reading.texts[at] in {"rond", "lieu"}:
        at += 1
    last = _name_end(reading, at)
    return None if last is None else (_with_unit(reading, first), last)


def _after_number(reading: Reading, first: int) -> int | None:
    """Return the token after a house number: "12", "12 bis", "12-14", "12b"."""
    if not _HOUSE.fullmatch(reading.texts[first]):
        return None
    at = first + 1
    for _ in range(2):
        if at >= len(reading.texts):
            return None
        text, gap = reading.texts[at], reading.gaps[at]
        is_more = text in _AFTER_NUMBER and gap in {" ", "-", ""}
        if is_more or (text.isdecimal() and len(text) < 5 and gap in {"-", "/"}):
            at += 1
    return at if at < len(reading.texts) and reading.gaps[at] in {" ", ", ", ",", " , ", "\n"} else None


def _is_french_street(reading: Reading, at: int) -> bool:
    text = reading.texts[at]
    if text in {"rond", "lieu"}:
        return (
            reading.gaps[at + 1] in {"-", " "}
            and at + 1 < len(reading.texts)
            and reading.texts[at + 1] in {"point", "dit"}
        )
    if text in _SHORT_STREETS:
        name = at + 1
        while name + 1 < len(reading.texts) and reading.texts[name] in _OF and reading.gaps[name] in {" ", "'"}:
            name += 1
        return reading.gaps[at + 1][:1] == "." or (name < len(reading.texts) and is_name(reading, name))
    return text in _FRENCH


def _name_end(reading: Reading, street: int) -> int | None:
    """Return the last token of the name after a French street word; None where no name follows."""
    last, at, names = None, street + 1, 0
    while at < min(len(reading.texts), street + 1 + MAX_NAME) and _joins(reading, at):
        text = reading.texts[at]
        if text[0].isdecimal():
            if not _is_date_name(reading, at):
                break
        elif text in _OF and not (is_name(reading, at) and names == 0):
            at += 1
            continue
        elif not (is_name(reading, at) or reading.gaps[at] == "-" or names == 0 or _leads_to_postcode(reading, at)):
            break
        last, at, names = at, at + 1, names + 1
    return last


def _joins(reading: Reading, at: int) -> bool:
    gap = reading.gaps[at]
    return gap in _NAME_GAPS or (gap in {". ", "."} and len(reading.texts[at - 1]) <= 4)


def _is_date_name(reading: Reading, at: int) -> bool:
    """Tell whether a number belongs to a name such as "8 mai 1945"."""
    if reading.texts[at] in {"1er", "1ere", "2e", "2eme", "3e", "3eme"}:
        return True
    next_word = reading.texts[at + 1] if at + 1 < len(reading.texts) else ""
    return next_word in _MONTHS or reading.texts[at - 1] in _MONTHS


def _leads_to_postcode(reading: Reading, at: int) -> bool:
    """Tell whether small words go on to a postcode: "12 rue victor hugo 75011 paris"."""
    for ahead in range(at, min(len(reading.texts), at + 4)):
        if reading.gaps[ahead] not in TOWN_GAPS:
            return False
        if _FIVE_DIGITS.fullmatch(reading.texts[ahead]):
            return True
    return False


def _english(reading: Reading, first: int, at: int) -> tuple[int, int] | None:
    for street in range(at, min(len(reading.texts), at + 5)):
        if street > at and not _joins(reading, street):
            return None
        text = reading.texts[street]
        if street > at and text in _ENGLISH and _is_english_street(reading, at, street):
            return _with_unit(reading, first), _with_direction(reading, street)
        if text in _NOT_NAMES or text.isdecimal():
            return None
    return None


def _is_english_street(reading: Reading, at: int, street: int) -> bool:
    """Tell whether a street word ends a name: of small words only where it cannot mean anything else, or a postcode follows."""
    following = reading.texts[street + 1] if street + 1 < len(reading.texts) else ""
    if following in _ENGLISH and _joins(reading, street + 1) and is_name(reading, street + 1):
        return False  # "12 Park Road", "4 Hill Rise"
    if all(
        is_name(reading, name) or reading.gaps[name] == "'" or reading.texts[name][0].isdecimal()
        for name in range(at, street)
    ):
        return is_name(reading, street) or reading.texts[street] in _ALWAYS_ENGLISH
    is_plain = reading.is_small and reading.texts[street] in _ALWAYS_ENGLISH and street - at <= 2
    return is_plain or postcode_after(reading, street) is not None


def _with_direction(reading: Reading, last: int) -> int:
    at = last + 1
    if at >= len(reading.texts) or reading.gaps[at] not in {" ", ". "}:
        return last
    return at if reading.texts[at] in _DIRECTIONS and reading.is_capital(at) else last


def _number_last(reading: Reading, number: int) -> tuple[int, int] | None:
    """Find "chaussee de Wavre 210, 1050 Bruxelles": the number last, then postcode and town."""
    if reading.gaps[number] not in {" ", ", ", ",", " n°"} or not _LAST_HOUSE.fullmatch(reading.texts[number]):
        return None
    if not _TOWN_BEHIND.match(reading.text, reading.ends[number]):
        return None
    for at in range(number - 1, max(-1, number - 1 - MAX_NAME), -1):
        if reading.texts[at] in _FRENCH:
            return at, number
        if at < number - 1 and not _joins(reading, at + 1):
            return None
    return None


def _with_unit(reading: Reading, first: int) -> int:
    """Go back over "Flat 3, "."""
    if first < 2 or reading.texts[first - 2] not in UNITS or reading.gaps[first] not in {", ", " ", ",", "/", "-"}:
        return first
    is_number = len(reading.texts[first - 1]) <= 4 and reading.gaps[first - 1] in {" ", " #", ". "}
    return first - 2 if is_number else first
