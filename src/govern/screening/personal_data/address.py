"""Postal addresses: a number and a street word, in French or English order, up to postcode and town."""

import re
from collections.abc import Iterator

from govern.screening.personal_data.reading import Claim, Reading
from govern.screening.personal_data.rules import PersonalRules, Type, Words

MAX_NAME = 7
"""How many words the name of a street may have."""
MAX_NUMBER = 7

_FRENCH = frozenset(
    "rue avenue bd bld blvd boul boulevard allee allees all chemin che chem impasse imp place pl quai route rte cours square sq "
    "passage sentier faubourg fg fbg chaussee residence lotissement lot hameau promenade esplanade voie montee cote traverse ruelle "
    "rang clos venelle parvis mail villa rond cite domaine autoroute".split()
)
_ALWAYS_ENGLISH = frozenset("street st road rd lane ln avenue ave drive dr crescent cres boulevard blvd terrace".split())
_ENGLISH = _ALWAYS_ENGLISH | frozenset(
    "close court ct way gardens gdns grove hill rise mews row walk parade highway hwy parkway pkwy circle cir trail trl quay place "
    "pl square sq green view park loop terr wharf rd yard fold croft field fields meadow meadows drove bank side end wynd gate "
    "point ridge heights path pike".split()
)
_FRENCH |= {"av", "ave", "r", "rte", "bd"}
# These mean much else unless a full stop or a name follows.
_SHORT_STREETS = frozenset("r av ave all pl imp ch che sq rang mail cite cours lot cote place domaine villa voie passage".split())
_OF = frozenset("de du des la le les l d et aux au a sur en saint sainte general docteur marechal president st ste".split())
_OF_TOWN = frozenset("la le les l sur en sous de du des d lez aux et saint sainte st ste".split())
_AFTER_NUMBER = frozenset("bis ter quater a b c d".split())
_UNITS = frozenset("flat apt apartment unit suite appt appartement app apart studio porte bat batiment batt etage esc escalier room ste lgt".split())
_NOT_NAMES = frozenset(
    "days day weeks week months month years year hours hour minutes mins min people of in on at to for from and or the a per times more less ans jours "
    "mois semaines heures minutes fois euros km miles metres percent stars star points".split()
)
_MONTHS = frozenset("janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split())
_DIRECTIONS = frozenset("n s e w ne nw se sw north south east west nord sud est ouest o".split())
_NO_TOWN = frozenset("merci bonjour bonsoir je c j il elle on nous vous et mais depuis pas svp cordialement thanks thank please i we but the it and hi hello".split())
_POSTCODE_FIRST = re.compile(r"(?:[a-z]-? ?)?\d{4,5}\b(?![./:%€$£-])")
_POSTCODES = tuple(
    re.compile(source)
    for source in (
        r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b",  # Britain
        r"[a-z]\d[a-z][ -]?\d[a-z]\d\b",  # Canada
        r"[a-z]\d[\dw] ?[a-z\d]{4}\b",  # Ireland
        r"\d{5}(?:-\d{4})?\b",  # United States, France
        r"\d{4}\b(?! ?[€$£%])",  # Australia, Belgium, Switzerland
    )
)
_BOX = re.compile(r"\b(?:p\.? ?o\.? ?box|boite postale|case postale|b\.?p\.?|cs) ?(?:n ?[o°] ?)?(\d{2,6})\b")
_NAME_GAPS = frozenset({" ", "'", "-", "' ", " '"})
_TOWN_GAPS = frozenset({" ", "'", "-", ", ", ",", " - ", "\n", ",\n", " (", ") ", "), ", ". ", " , "})


def find_addresses(reading: Reading, rules: PersonalRules) -> Iterator[Claim]:
    """Yield addresses, but for those of shops and offices by the words before them, or by the policy."""
    done = 0
    for first, token in enumerate(reading.tokens):
        if token.start < done or not token.text[0].isdecimal() or len(token.text) > MAX_NUMBER:
            continue
        street = _french(reading, first) or _english(reading, first) or _number_last(reading, first)
        if not street:
            continue
        begin, last = street
        start, done = reading.tokens[begin].start, _with_town(reading, last)
        is_public = is_own_place(reading, begin) or _is_allowed(reading.text[start:done], rules)
        yield Claim(start, done, Type.ADDRESS, is_public=is_public)


def find_boxes(reading: Reading, rules: PersonalRules) -> Iterator[Claim]:
    """Yield post office boxes; a short French one needs its postcode, because its letters mean much else."""
    for box in _BOX.finditer(reading.text):
        last = reading.at(box.start(1))
        end = _with_town(reading, last)
        if box[0][0] not in "pc" or box[0].startswith("cs"):
            if end == box.end() and not box[0].startswith("boite"):
                continue
        is_public = is_own_place(reading, last) or _is_allowed(reading.text[box.start() : end], rules)
        yield Claim(box.start(), end, Type.ADDRESS, is_public=is_public)


def is_own_place(reading: Reading, first: int) -> bool:
    """Tell whether the words around say a shop or office, and none says somebody's home."""
    around = {near.words for near in (*reading.before(first, 8), *reading.behind(first, 12))}
    before = {near.words for near in reading.before(first, 8)}
    return Words.OWN_PLACE in before and Words.HOME not in around


def _is_allowed(address: str, rules: PersonalRules) -> bool:
    plain = shortest(address)
    return any(own in plain or plain in own for own in rules.public.addresses)


def shortest(address: str) -> str:
    """Return the words and numbers of a folded address and nothing else."""
    return " ".join(re.findall(r"[^\W_]+", address))


def _french(reading: Reading, first: int) -> tuple[int, int] | None:
    at = _after_number(reading, first)
    if at is None or not _is_french_street(reading, at):
        return None
    if reading.tokens[at].text in {"rond", "lieu"}:
        at += 1
    last = _name_end(reading, at)
    return None if last is None else (_with_unit(reading, first), last)


def _after_number(reading: Reading, first: int) -> int | None:
    """Return the token after a house number: "12", "12 bis", "12-14", "12b"."""
    if not re.fullmatch(r"\d{1,5}[a-z]?|\d{1,4}(?:bis|ter)", reading.tokens[first].text):
        return None
    at = first + 1
    for _ in range(2):
        if at >= len(reading.tokens):
            return None
        text, gap = reading.tokens[at].text, reading.gap(at)
        is_more = text in _AFTER_NUMBER and gap in {" ", "-", ""}
        if is_more or (text.isdecimal() and len(text) < 5 and gap in {"-", "/"}):
            at += 1
    return at if at < len(reading.tokens) and reading.gap(at) in {" ", ", ", ",", " , ", "\n"} else None


def _is_french_street(reading: Reading, at: int) -> bool:
    text = reading.tokens[at].text
    if text in {"rond", "lieu"}:
        return reading.after(at) in {"-", " "} and at + 1 < len(reading.tokens) and reading.tokens[at + 1].text in {"point", "dit"}
    if text in _SHORT_STREETS:
        return reading.after(at)[:1] == "." or (at + 1 < len(reading.tokens) and _is_name(reading, at + 1))
    return text in _FRENCH


def _is_name(reading: Reading, number: int) -> bool:
    return reading.raw(number)[:1].isupper()


def _name_end(reading: Reading, street: int) -> int | None:
    """Return the last token of the name after a French street word; None where no name follows."""
    last, at, names = None, street + 1, 0
    while at < min(len(reading.tokens), street + 1 + MAX_NAME) and _joins(reading, at):
        text = reading.tokens[at].text
        if text[0].isdecimal():
            if not _is_date_name(reading, at):
                break
        elif text in _OF and not (_is_name(reading, at) and names == 0):
            at += 1
            continue
        elif not (_is_name(reading, at) or reading.gap(at) == "-" or names == 0 or _leads_to_postcode(reading, at)):
            break
        last, at, names = at, at + 1, names + 1
    return last


def _joins(reading: Reading, at: int) -> bool:
    gap = reading.gap(at)
    return gap in _NAME_GAPS or (gap in {". ", "."} and len(reading.tokens[at - 1].text) <= 4)


def _is_date_name(reading: Reading, at: int) -> bool:
    """Tell whether a number belongs to a name such as "8 mai 1945"."""
    tokens = reading.tokens
    if tokens[at].text in {"1er", "1ere", "2e", "2eme", "3e", "3eme"}:
        return True
    next_word = tokens[at + 1].text if at + 1 < len(tokens) else ""
    return next_word in _MONTHS or tokens[at - 1].text in _MONTHS


def _leads_to_postcode(reading: Reading, at: int) -> bool:
    """Tell whether small words go on to a postcode: "12 rue victor hugo 75011 paris"."""
    for ahead in range(at, min(len(reading.tokens), at + 4)):
        if reading.gap(ahead) not in _TOWN_GAPS:
            return False
        if re.fullmatch(r"\d{5}", reading.tokens[ahead].text):
            return True
    return False


def _english(reading: Reading, first: int) -> tuple[int, int] | None:
    at = _after_number(reading, first)
    if at is None:
        return None
    for street in range(at, min(len(reading.tokens), at + 5)):
        if street > at and not _joins(reading, street):
            return None
        text = reading.tokens[street].text
        if street > at and text in _ENGLISH and _is_english_street(reading, at, street):
            return _with_unit(reading, first), _with_direction(reading, street)
        if text in _NOT_NAMES or (text.isdecimal() and street > at):
            return None
    return None


def _is_english_street(reading: Reading, at: int, street: int) -> bool:
    """Tell whether a street word ends a name: of small words only where it cannot mean anything else, or a postcode follows."""
    following = reading.tokens[street + 1].text if street + 1 < len(reading.tokens) else ""
    if following in _ENGLISH and _joins(reading, street + 1) and _is_name(reading, street + 1):
        return False  # "12 Park Road", "4 Hill Rise"
    if all(_is_name(reading, name) or reading.gap(name) == "'" or reading.tokens[name].text[0].isdecimal() for name in range(at, street)):
        return _is_name(reading, street) or reading.tokens[street].text in _ALWAYS_ENGLISH
    return (reading.tokens[street].text in _ALWAYS_ENGLISH and street - at <= 3) or _postcode_after(reading, street) is not None


def _with_direction(reading: Reading, last: int) -> int:
    at = last + 1
    if at < len(reading.tokens) and reading.gap(at) in {" ", ". "}:
        if reading.tokens[at].text in _DIRECTIONS and reading.is_capital(at):
            return at
    return last


def _number_last(reading: Reading, number: int) -> tuple[int, int] | None:
    """Find "chaussee de Wavre 210, 1050 Bruxelles": the number last, then postcode and town."""
    if reading.gap(number) not in {" ", ", ", ",", " n°"} or not re.fullmatch(r"\d{1,4}[a-z]?", reading.tokens[number].text):
        return None
    if not re.match(r"[ ,]{1,3}(?:[a-z]-)?\d{4,5} [^\W\d_]", reading.text[reading.tokens[number].end :][:16]):
        return None
    for at in range(number - 1, max(-1, number - 1 - MAX_NAME), -1):
        if reading.tokens[at].text in _FRENCH:
            return at, number
        if at < number - 1 and not _joins(reading, at + 1):
            return None
    return None


def _with_unit(reading: Reading, first: int) -> int:
    """Go back over "Flat 3, "."""
    if first > 1 and reading.tokens[first - 2].text in _UNITS and reading.gap(first) in {", ", " ", ",", "/", "-"}:
        if len(reading.tokens[first - 1].text) <= 4 and reading.gap(first - 1) in {" ", " #", ". "}:
            return first - 2
    return first


def _with_town(reading: Reading, last: int) -> int:
    """Return where an address ends: after flat, postcode and town as far as they are there."""
    last = _over_units(reading, last)
    if (end := _postcode_after(reading, last)) is not None:
        return end
    at = last + 1
    if at >= len(reading.tokens):
        return reading.tokens[last].end
    gap = reading.gap(at)
    if reading.tokens[at].text in {"a", "in"} and gap in {" ", ", "} and reading.after(at) == " ":
        at, gap = at + 1, ", "
    if gap not in {", ", ",", "\n", ",\n", " - "} or at >= len(reading.tokens):
        return reading.tokens[last].end
    town = _town_end(reading, at)
    is_closed = town is not None and re.match(r" ?(?:[.,;:!?)\n\"]|$)", reading.after(town) or "")
    return reading.tokens[town].end if town is not None and is_closed else reading.tokens[last].end


def _over_units(reading: Reading, last: int) -> int:
    for _ in range(3):
        at = last + 1
        if at + 1 < len(reading.tokens) and reading.tokens[at].text in _UNITS and reading.gap(at) in _TOWN_GAPS:
            if len(reading.tokens[at + 1].text) <= 4 and reading.gap(at + 1) in {" ", " #", ". ", " n°"}:
                last = at + 1
                continue
        if at < len(reading.tokens) and reading.gap(at) in {" #", ", #"} and len(reading.tokens[at].text) <= 4:
            last = at
    return last


def _postcode_after(reading: Reading, last: int) -> int | None:
    """Return where a postcode, and the town after it, end; None where none follows at once or after a town."""
    for at in range(last + 1, min(len(reading.tokens), last + 9)):
        gap, token = reading.gap(at), reading.tokens[at]
        if gap not in _TOWN_GAPS:
            return None
        is_first = at == last + 1 or reading.tokens[at - 1].text == "a"
        if is_first and token.text[0].isdecimal() and (code := _POSTCODE_FIRST.match(reading.text, token.start)):
            town = _town_end(reading, reading.at(code.end()))
            return code.end() if town is None else reading.tokens[town].end
        for postcode in _POSTCODES:
            if code := postcode.match(reading.text, token.start):
                return code.end()
        if token.text[0].isdecimal() or not (_is_name(reading, at) or token.text in _OF_TOWN or token.text == "a" or _is_small(reading)):
            return None
    return None


def _is_small(reading: Reading) -> bool:
    """Tell whether a text is written without capitals, so that names have none either."""
    return reading.is_small


def _town_end(reading: Reading, at: int) -> int | None:
    """Return the last token of a town's name that starts at a token."""
    last, names = None, 0
    for number in range(at, min(len(reading.tokens), at + 7)):
        token, gap = reading.tokens[number], reading.gap(number)
        if gap not in (_TOWN_GAPS - {". "} if number == at else {" ", "-", "'", " ("}) or token.text[0].isdecimal():
            break
        if token.text in _NO_TOWN:
            break
        if token.text in _OF_TOWN and not _is_name(reading, number):
            continue
        if not (_is_name(reading, number) or gap == "-" or names == 0):
            break
        last, names = number, names + 1
    return last
