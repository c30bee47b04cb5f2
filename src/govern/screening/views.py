"""Further views of a folded text: single letters read as words, and signs read as the letters they stand for."""

import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from govern.screening.normalise import View, fold

MIN_LETTERS = 3
MAX_WORD = 24
"""No longer word is looked for in letters that run together."""

_SIGNS = MappingProxyType(
    {"0": "o", "1": "i", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"}
    | {"@": "a", "$": "s", "€": "e", "£": "l", "!": "i", "|": "i", "+": "t"}
)
_AS_L = frozenset("1!|")
"""Signs that pass for an l as well as for an i."""

# Single characters with blanks between them, or letters and digits with one and the same sort of sign between them.
_SPACED = re.compile(r"(?<!\S)\S(?: \S(?!\S)){3,}")
_DOTTED = re.compile(r"(?<![^\W_])[^\W_](?:[.\-_*·•/|~+,'][^\W_](?![^\W_])){3,}")
_LETTER = re.compile(r"[^\W\d_]")
_LEET = re.compile(r"[^\W\d_][0-9@$€£!|+]|[0-9@$€£|!+][^\W\d_]")
_TOKEN = re.compile(r"[^\s.,;:?()\[\]{}\"«»“”'/\\]+")
_WEB = re.compile(r"://|^www|^[@#]|[^\W_]@[^\W_]|[0-9][€$£]|[€$£][0-9]")
_UNIT = re.compile(
    r"[^\W_]*?[0-9]+(?:[.,][0-9]+)?(?:[kmg]?[bo]|to|tb|k?m|cm|mm|k?g|mg|cl|ml|l|kwh?|mah|v|w|h|min|mn|mns|s|sec|j|ans?|mois|d|jours?"
    r"|e|er|re|ere|eme|nd|nde|st|rd|th|x|p|pm|am|h[0-9]+|eur|euros?|usd|gbp|cad|chf|k|%|°c?|°|px|fps|hz|mhz|ghz|mbps|gbps|in|ft|lbs?|oz)?"
)


class Reading(NamedTuple):
    """The views of one text. `plain` comes first; the others are there only where they differ from those before."""

    plain: View
    joined: View | None
    decoded: View | None

    @property
    def freed(self) -> View:
        """The text with all disguises taken off."""
        return self.decoded or self.joined or self.plain


def read(plain: View, words: Collection[str]) -> Reading:
    """Return the views of a folded text; `words` are those that policy files know."""
    joined = _joined(plain, words)
    return Reading(plain, joined, _decoded(joined or plain, words))


def is_spaced(text: str) -> bool:
    """Tell whether a stretch of a text holds single letters in a row."""
    return next(_runs(fold(text).text), None) is not None


def _joined(view: View, words: Collection[str]) -> View | None:
    """Read four or more single letters in a row as the words they spell; None where there are none."""
    runs = [run for run in _runs(view.text) if len(_LETTER.findall(view.text, *run)) >= MIN_LETTERS]
    if not runs:
        return None
    letters: list[str] = []
    places: list[int] = []
    at = 0
    for start, end in runs:
        for letter, place in [*_kept(view.text, at, start), *_spelled(view, start, end, words)]:
            letters.append(letter)
            places.append(place)
        at = end
    for letter, place in _kept(view.text, at, len(view.text)):
        letters.append(letter)
        places.append(place)
    return view.derived("".join(letters), places)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for found in sorted({match.span() for pattern in (_SPACED, _DOTTED) for match in pattern.finditer(text)}):
        if found[0] >= at:
            yield found
            at = found[1]


def _kept(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    return ((text[at], at) for at in range(start, end))


def _spelled(view: View, start: int, end: int, words: Collection[str]) -> Iterator[tuple[str, int]]:
    """Give the letters of a run without what stands between them; a blank where the original has more room, or a word ends."""
    places = list(range(start, end, 2))
    rooms = [_room(view, place) for place in places[1:]]
    narrow = min(rooms)
    first = 0
    for at in range(1, len(places) + 1):
        if at < len(places) and rooms[at - 1] == narrow:
            continue
        part = places[first:at]
        ends = _word_ends("".join(view.text[place] for place in part), words)
        for offset, place in enumerate(part, 1):
            yield view.text[place], place
            if offset in ends:
                yield " ", place
        if at < len(places):
            yield " ", places[at] - 1
        first = at


def _room(view: View, place: int) -> int:
    """Return how many characters of the original stand between a letter and the one before it."""
    before, after = view.span(place - 2, place - 1)[0], view.span(place, place + 1)[0]
    return after - before


def _word_ends(letters: str, words: Collection[str]) -> set[int]:
    """Return where words end inside letters that run together; none where no known words explain most of them.

    The cheapest cut: a known word costs 2, a short one or a letter of no known word 3. Linear: words end at `MAX_WORD`.
    """
    if len(letters) < 2 * MIN_LETTERS or letters in words:
        return set()
    costs, cuts = [0], [0]  # of the letters before each place: the least cost, and where the last word begins
    for end in range(1, len(letters) + 1):
        known = (begin for begin in range(max(0, end - MAX_WORD), end) if letters[begin:end] in words)
        options = ((costs[begin] + (2 if end - begin >= MIN_LETTERS else 3), begin - end, begin) for begin in known)
        cost, _, begin = min([(costs[-1] + 3, -1, end - 1), *options])
        costs.append(cost)
        cuts.append(begin)
    return _inner_ends(letters, cuts, words)


def _inner_ends(letters: str, cuts: list[int], words: Collection[str]) -> set[int]:
    ends, end = set[int](), len(letters)
    while end:
        begin = cuts[end]
        if letters[begin:end] in words:
            ends |= {begin, end}
        end = begin
    return ends - {0, len(letters)}


def _decoded(view: View, words: Collection[str]) -> View | None:
    """Read digits and signs inside words as the letters they stand for; None where there are none. The length stays."""
    if not _LEET.search(view.text):
        return None
    text = _TOKEN.sub(lambda token: _meant(token[0], words), view.text)
    return view.derived(text) if text != view.text else None


def _meant(token: str, words: Collection[str]) -> str:
    """Return what a token is meant to say, if it is a word in disguise: neither address nor price nor quantity."""
    if not _LEET.search(token) or _WEB.search(token) or _UNIT.fullmatch(token):
        return token
    end = len(token.rstrip("!+|")) if token.rstrip("!+|") else len(token)
    body, rest = token[:end], token[end:]
    meant = _letters(body, _SIGNS)
    if meant not in words and not _AS_L.isdisjoint(body):
        as_l = _letters(body, {**_SIGNS, **dict.fromkeys(_AS_L, "l")})
        meant = as_l if as_l in words else meant
    return meant + rest


def _letters(token: str, signs: Mapping[str, str]) -> str:
    return "".join(signs.get(letter, letter) for letter in token)
