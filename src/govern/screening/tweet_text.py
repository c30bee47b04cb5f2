"""How long X finds a text: our own port of the weighted length of twitter-text v3.

NFC first; most scripts of Europe weigh 1 a character, everything else 2; a URL counts 23, an emoji 2 however it is built.
Positions are code points of the text as given, half-open. Linear in the length of the text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import msgspec

from govern.screening.tweet_entities import (
    extract_cashtags,
    extract_hashtags,
    extract_mentions,
    extract_mentions_or_lists,
    extract_reply,
)
from govern.screening.tweet_urls import Span, extract_urls

__all__ = [
    "V3",
    "Config",
    "Measure",
    "WeightRange",
    "extract_cashtags",
    "extract_hashtags",
    "extract_mentions",
    "extract_mentions_or_lists",
    "extract_reply",
    "extract_urls",
    "measure",
]


class WeightRange(msgspec.Struct, frozen=True):
    """Code points from `start` to `end`, both included, that weigh `weight`."""

    start: int
    end: int
    weight: int


class Config(msgspec.Struct, frozen=True, rename="camel"):
    """How to weigh, in the shape of X's published configuration files. Weights are divided by `scale`."""

    max_weighted_tweet_length: int = 280
    scale: int = 100
    default_weight: int = 200
    transformed_url_length: int = msgspec.field(default=23, name="transformedURLLength")
    ranges: tuple[WeightRange, ...] = ()
    emoji_parsing_enabled: bool = False


V3 = Config(
    ranges=(
        WeightRange(0x0000, 0x10FF, 100),
        WeightRange(0x2000, 0x200D, 100),
        WeightRange(0x2010, 0x201F, 100),
        WeightRange(0x2032, 0x2037, 100),
    ),
    emoji_parsing_enabled=True,
)


class Measure(NamedTuple):
    """What X makes of a text: its length, whether it fits, thousandths of the limit, and how far it would be shown."""

    weighted_length: int
    valid: bool
    permillage: int
    display_range: Span
    valid_range: Span


# Symbols that are emoji or become one: letters and digits in rings, arrows, signs, dingbats, and the emoji planes.
# Those under U+2100 and in the letter-like block show as text unless the emoji selector follows.
_TEXT_FIRST = "\u00a9\u00ae\u203c\u2049\u2122\u2139"
_PICTURE = (
    "\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
)
_TONE = "\U0001f3fb-\U0001f3ff"
_ONE = rf"(?:[{_PICTURE}]\ufe0f?[{_TONE}]?|[{_TONE}]|[{_TEXT_FIRST}]\ufe0f)[\U000e0020-\U000e007f]*"
_EMOJI = re.compile(rf"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_ONE}(?:\u200d{_ONE})*")
_INVALID = re.compile("[\ufeff\ufffe\uffff]")
_HANGUL_PARTS = ("\u1160", "\u11ff")


def measure(text: str, config: Config = V3) -> Measure:
    """Weigh `text` as X does. An empty text, and one with U+FEFF, U+FFFE or U+FFFF, is not valid."""
    normal = _nfc(text)
    limit = config.max_weighted_tweet_length * config.scale
    clean = _INVALID.search(normal)
    weight = shown = 0
    for start, end, added, whole in _pieces(normal, config):
        if weight + added <= limit:
            shown = end
        elif weight <= limit:
            shown = start if whole else _fitting(normal, start, limit - weight, config)
        weight += added
    length = weight // config.scale
    if clean:
        shown = min(shown, clean.start())
    return Measure(
        weighted_length=length,
        valid=not clean and 0 < length <= config.max_weighted_tweet_length,
        permillage=length * 1000 // config.max_weighted_tweet_length,
        display_range=(0, len(text)),
        valid_range=(0, shown if normal == text else _given_position(text, shown)),
    )


def _pieces(text: str, config: Config) -> Iterator[tuple[int, int, int, bool]]:
    """Cut a text into URLs, emoji and what is between them: start, end, weight, and whether it is shown whole or not."""
    at = 0
    for start, end, weight in _blocks(text, config):
        if start < at:
            continue  # an emoji inside a URL
        if at < start:
            yield at, start, _weight(text[at:start], config), False
        yield start, end, weight, True
        at = end
    if at < len(text):
        yield at, len(text), _weight(text[at:], config), False


def _blocks(text: str, config: Config) -> list[tuple[int, int, int]]:
    """Return what counts as one, however long it is."""
    url = config.transformed_url_length * config.scale
    blocks = [(start, end, url) for start, end in extract_urls(text)]
    if config.emoji_parsing_enabled and not text.isascii():
        blocks += [(*found.span(), config.default_weight) for found in _EMOJI.finditer(text)]
        blocks.sort()
    return blocks


def _weight(text: str, config: Config) -> int:
    if config.ranges and config.ranges[0].start == 0 and ord(max(text)) <= config.ranges[0].end:
        return len(text) * config.ranges[0].weight
    return sum(count * _weight_of(ord(character), config) for character, count in Counter(text).items())


def _weight_of(point: int, config: Config) -> int:
    for known in config.ranges:
        if known.start <= point <= known.end:
            return known.weight
    return config.default_weight


def _fitting(text: str, start: int, room: int, config: Config) -> int:
    """Return how far the characters from `start` on fit, of which there are more than room for."""
    at = start
    while (room := room - _weight_of(ord(text[at]), config)) >= 0:
        at += 1
    return at


def _nfc(text: str) -> str:
    """Normalise to NFC. Long runs of marks are put in order first: the library's own sort of them is quadratic."""
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", "".join(map(_in_order, _segments(text))))


def _in_order(segment: str) -> str:
    if len(segment) < 3:
        return segment
    apart = "".join(unicodedata.normalize("NFD", character) for character in segment)
    runs = groupby(apart, key=lambda character: unicodedata.combining(character) > 0)
    return "".join("".join(sorted(run, key=unicodedata.combining) if marks else run) for marks, run in runs)


def _segments(text: str) -> Iterator[str]:
    """Cut before every character that starts anew, so that each piece can be normalised alone."""
    start = 0
    for at, character in enumerate(text):
        if at > start and not _joins(character):
            yield text[start:at]
            start = at
    yield text[start:]


def _joins(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or _HANGUL_PARTS[0] <= character <= _HANGUL_PARTS[1]


def _given_position(text: str, normal_position: int) -> int:
    """Return the position in the text as given of one in its NFC form."""
    given = normal = 0
    for segment in _segments(text):
        normal += len(unicodedata.normalize("NFC", _in_order(segment)))
        if normal > normal_position:
            break
        given += len(segment)
    return given
