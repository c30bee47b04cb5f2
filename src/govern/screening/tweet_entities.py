"""Where X sees mentions, replies, hashtags and cashtags in a text: our own port of the rules of twitter-text v3.

Spans are code points of the text as given, half-open, with the sign (@, #, $). Each candidate is entered once and looks
back a fixed number of characters only: linear in the length of the text.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

from govern.screening.tweet_urls import ACCENTED, DIRECTION, Span, extract_urls

_BLANKS = "\u0009-\u000d \u0085\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NAME = "[@\uff20][A-Za-z0-9_]{1,20}"
_MENTION = re.compile(rf"(?P<name>{_NAME})(?P<list>/[A-Za-z][A-Za-z0-9_-]{{0,24}})?")
_NOT_BEFORE_MENTION = re.compile("[A-Za-z0-9_!#$%&*@\uff20]")
_AFTER_RT = re.compile(r"(?:^|[^A-Za-z0-9_+~.-])rt:?\Z", re.IGNORECASE)
_NOT_AFTER_MENTION = re.compile(rf"[@\uff20{ACCENTED}]|://")
_REPLY = re.compile(rf"[{_BLANKS}{DIRECTION}]*(?P<name>{_NAME})")

_HASH = re.compile("[#\uff03]")
_NOT_AFTER_HASH = ("\ufe0f", "\u20e3")  # the keycap emoji
_NOT_AFTER_HASHTAG = ("#", "\uff03", "://")
_EMOJI_SELECTORS = ("\ufe0e", "\ufe0f")
# Joiners and marks that words of other scripts need, and that X counts as part of a hashtag.
_INSIDE_HASHTAG = frozenset(
    "_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
)

_CASHTAG = re.compile(
    rf"(?:(?<=[{_BLANKS}{DIRECTION}])|^)\$[A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?"
    r"(?=\Z|\s|[!'#%&\"()*+,\\\-./:;<=>?@\[\]^_{|}~$])"
)


def extract_mentions(text: str) -> list[Span]:
    """Return the spans of the handles mentioned; a list (`@name/list`) is no mention."""
    return [found.span() for found in _mentions(text) if found["list"] is None]


def extract_mentions_or_lists(text: str) -> list[Span]:
    """Return the spans of the handles mentioned, each with the list it names."""
    return [found.span() for found in _mentions(text)]


def extract_reply(text: str) -> Span | None:
    """Return the span of the handle that makes a text a reply: its first word."""
    found = _REPLY.match(text)
    if not found or _NOT_AFTER_MENTION.match(text, found.end()):
        return None
    return found.span("name")


def extract_hashtags(text: str) -> list[Span]:
    """Return the spans of the hashtags; one inside a URL is none."""
    found = list(_hashtags(text))
    urls = extract_urls(text) if found else []
    return [span for span in found if not _overlaps(span, urls)]


def extract_cashtags(text: str) -> list[Span]:
    """Return the spans of the cashtags: one to six letters, and up to two more after a dot or underscore."""
    return [found.span() for found in _CASHTAG.finditer(text)]


def _mentions(text: str) -> Iterator[re.Match[str]]:
    for found in _MENTION.finditer(text):
        start = found.start()
        if _NOT_BEFORE_MENTION.match(text[start - 1 : start]) and not _AFTER_RT.search(text[max(0, start - 4) : start]):
            continue
        if not _NOT_AFTER_MENTION.match(text, found.end()):
            yield found


def _hashtags(text: str) -> Iterator[Span]:
    end = 0
    for sign in _HASH.finditer(text):
        start = sign.start()
        if start < end or not _may_start(text, start):
            continue
        end = start + 1
        lettered = False
        while end < len(text) and (kind := _hashtag_part(text[end])):
            lettered = lettered or kind == "letter"
            end += 1
        if lettered and not text.startswith(_NOT_AFTER_HASHTAG, end):
            yield start, end


def _may_start(text: str, start: int) -> bool:
    if text.startswith(_NOT_AFTER_HASH, start + 1):
        return False
    before = text[start - 1 : start]
    return before in ("", *_EMOJI_SELECTORS) or not (before == "&" or _hashtag_part(before))


@lru_cache(maxsize=4096)
def _hashtag_part(character: str) -> str | None:
    category = unicodedata.category(character)
    if category[0] in "LM":
        return "letter"
    return "other" if category == "Nd" or character in _INSIDE_HASHTAG else None


def _overlaps(span: Span, urls: list[Span]) -> bool:
    """Tell whether one of the URLs, which are in order and apart, has a part of the span."""
    last = bisect_left(urls, (span[1],)) - 1
    return last >= 0 and urls[last][1] > span[0]
