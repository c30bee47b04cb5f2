"""Further views of a folded text: single letters read as words, and signs read as the letters they stand for."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise, product
from types import MappingProxyType
from typing import NamedTuple

from govern.screening.normalise import View, fold

MIN_LETTERS = 3
MAX_WORD = 24
"""No longer word is looked for in letters that run together."""
MAX_AMBIGUOUS = 4
"""So many signs of a word are tried as an l and as an i."""
MIN_HIDDEN = 3
"""From so many words in disguise on, numbers are suspected of being some, too."""

_SIGNS = MappingProxyType(
    {"0": "o", "1": "i", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"}
    | {"@": "a", "$": "s", "€": "e", "£": "l", "!": "i", "|": "i", "+": "t"}
)
_AS_L = frozenset("1!|")
"""Signs that pass for an l as well as for an i."""

# Single characters with blanks between them: four or more, or three that are all there is.
_SPACED = re.compile(r"(?<!\S)\S(?: \S(?!\S)){3,}|\A\S(?: \S){2}\Z")
# Letters and digits with signs between them.
_DOTTED = re.compile(r"(?<![^\W_])[^\W_](?:[.\-_*·•/|~+,'][^\W_](?![^\W_])){3,}")
# The same, two or more: only beside longer runs.
_SPACED_SHORT = re.compile(r"(?<!\S)\S(?: \S(?!\S))+")
_DOTTED_SHORT = re.compile(r"(?<![^\W_])[^\W_](?:[.\-_*·•/|~+,'][^\W_](?![^\W_]))+")
_LETTER = re.compile(r"[^\W\d_]")
_LEET = re.compile(r"[^\W\d_][0-9@$€£!|+]|[0-9@$€£|!+][^\W\d_]")
_TOKEN = re.compile(r"[^\s,;:?()\[\]{}\"«»“”/\\]+")
_WORD = re.compile(r"[^\W_]+")
_WEB = re.compile(r"^(?:www\.|[@#])|[^\W_]@[\w-]+\.|[^\W_]\.[^\W\d_]{2}")
_PRICE = re.compile(
    r"[-+]?(?:[€$£][0-9][0-9.,]*(?:k|m|mn|md|b|bn|pp|pcm|ea)?|[0-9][0-9.,]*(?:[€$£][0-9]*|[kmb]?[€$£])(?:[^\W\d_]{1,2})?)"
)
_UNIT = re.compile(
    r"[-+]?[0-9][0-9.,]*(?:k|[kmgt]?[bo]|k?m|cm|mm|k?g|mg|cl|ml|l|kwh?|mah|v|w|h(?:[0-9]{2})?|min|mn|mns|s|sec|j|ans?|mois|d|jours?"
    r"|x|p|pm|am|eur|euros?|usd|gbp|cad|chf|°c?|px|fps|hz|mhz|ghz|[mg]bps|in|ft|lbs?|oz)"
    r"|[0-9]*(?:1st|2nde?|3rd|1ere?|1re|[04-9]th|[0-9]e|[0-9]eme)"
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
    return next(_runs(fold(text).text, (_SPACED_SHORT, _DOTTED_SHORT)), None) is not None


def _joined(view: View, words: Collection[str]) -> View | None:
    """Read four or more single letters in a row as the words they spell; None where there are none."""
    runs = list(_runs(view.text, (_SPACED, _DOTTED)))
    if not any(len(_LETTER.findall(view.text, *run)) >= MIN_LETTERS for run in runs):
        return None
    letters: list[str] = []
    places: list[int] = []
    at = 0
    for start, end in _runs(view.text, (_SPACED_SHORT, _DOTTED_SHORT)):
        if not _LETTER.search(view.text, start, end):
            continue  # digits: what finds numbers knows how they are grouped
        for letter, place in [*_kept(view.text, at, start), *_spelled(view, start, end, words)]:
            letters.append(letter)
            places.append(place)
        at = end
    for letter, place in _kept(view.text, at, len(view.text)):
        letters.append(letter)
        places.append(place)
    return view.derived("".join(letters), places)


def _runs(text: str, patterns: Iterable[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    at = 0
    for found in sorted({match.span() for pattern in patterns for match in pattern.finditer(text)}):
        if found[0] >= at:
            yield found
            at = found[1]


def _kept(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    return ((text[at], at) for at in range(start, end))


def _spelled(view: View, start: int, end: int, words: Collection[str]) -> Iterator[tuple[str, int]]:
    """Give the letters of a run without what stands between them; a blank where the original has more room, or a word ends."""
    places = list(range(start, end, 2))
    origins = places if view.origins is None else [view.origins[place] for place in places]
    # How much of the original a letter takes with what stands behind it.
    rooms = [after - before for before, after in pairwise(origins)]
    narrow = min(rooms)
    known = max(rooms) == narrow and view.text[start + 1] == " "
    ends = _word_ends("".join(view.text[place] for place in places), words) if known else frozenset[int]()
    for number, place in enumerate(places):
        if number and (rooms[number - 1] > narrow or number in ends):
            yield " ", place - 1
        yield view.text[place], place


def _word_ends(letters: str, words: Collection[str]) -> Collection[int]:
    """Return where words begin inside letters that run together; nowhere unless known words explain most of them.

    The cheapest cut: a known word costs 2, a short one or a letter of no known word 3. Linear: words end at `MAX_WORD`.
    """
    if letters in words:
        return ()
    lengths: dict[str, list[int]] = {}  # of the words that end a stretch: hostile texts repeat theirs
    costs, cuts = [0], [0]  # of the letters before each place: the least cost, and where the last word begins
    for end in range(1, len(letters) + 1):
        window = letters[max(0, end - MAX_WORD) : end]
        if (known := lengths.get(window)) is None:
            known = lengths[window] = [size for size in range(1, len(window) + 1) if window[-size:] in words]
        options = [(costs[end - size] + (2 if size >= MIN_LETTERS else 3), -size, end - size) for size in known]
        cost, _, begin = min([(costs[-1] + 3, -1, end - 1), *options])
        costs.append(cost)
        cuts.append(begin)
    ends, explained, end = set[int](), 0, len(letters)
    while end:
        begin = cuts[end]
        if letters[begin:end] in words:
            ends |= {begin, end}
            explained += end - begin if end - begin >= MIN_LETTERS else 0
        end = begin
    return ends if explained * 2 > len(letters) else ()


def _decoded(view: View, words: Collection[str]) -> View | None:
    """Read digits and signs inside words as the letters they stand for; None where there are none. The length stays."""
    if not _LEET.search(view.text):
        return None
    tokens = Counter(_TOKEN.findall(view.text))
    meant = {token: _meant(token, words) for token in tokens}
    hidden = sum(count for token, count in tokens.items() if token != meant[token])
    if not hidden:
        return None
    if hidden >= MIN_HIDDEN:
        meant = {token: _meant_boldly(token, cautious, words) for token, cautious in meant.items()}
    return view.derived(_TOKEN.sub(lambda token: meant[token[0]], view.text))


def _meant(token: str, words: Collection[str]) -> str:
    """Return what a token is meant to say, if it is a word in disguise: neither address nor price nor quantity."""
    body = token.rstrip("!+|.") or token
    if not _LEET.search(body) or _WEB.search(body) or _PRICE.fullmatch(body) or _UNIT.fullmatch(body):
        return token
    return _letters(body, words) + token[len(body) :]


def _meant_boldly(token: str, meant: str, words: Collection[str]) -> str:
    """Among many words in disguise, take a number or a price for one, too, where it spells a word that is known."""
    body = token.rstrip("!+|.")
    if token != meant or len(body) < (MIN_LETTERS if body.isdecimal() else 2) or body.isalpha() or _WEB.search(body):
        return meant
    other = _letters(body, words)
    return other + token[len(body) :] if other in words else meant


def _letters(body: str, words: Collection[str]) -> str:
    meant = "".join(_SIGNS.get(letter, letter) for letter in body)
    if _AS_L.isdisjoint(body):
        return meant
    return _WORD.sub(lambda word: _with_l(word[0], body[word.start() : word.end()], words), meant)


def _with_l(meant: str, written: str, words: Collection[str]) -> str:
    """Return the word with an l for some of the signs that were read as an i, where only so it is one that is known."""
    signs = [at for at, letter in enumerate(written) if letter in _AS_L]
    if meant in words or not 0 < len(signs) <= MAX_AMBIGUOUS:
        return meant
    for letters in product("li", repeat=len(signs)):
        other = list(meant)
        for at, letter in zip(signs, letters, strict=True):
            other[at] = letter
        if (word := "".join(other)) in words:
            return word
    return meant
