"""What X does to a text: weighted length, t.co links, escaping. Written for the sandbox alone, on purpose.

The weights are those of X's counting rules, version 3: 280 at most, most scripts count 1, CJK and emoji 2, a URL 23.
"""

import hashlib
import re
import string
import unicodedata
from typing import Any

from govern.sandbox.links import links

MAX_POST = 280
MAX_LONG_POST = 25_000
MAX_DM = 10_000
_URL_WEIGHT = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_PICTURE = "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff]"
_TONE = "[\U0001f3fb-\U0001f3ff]?"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag is two letters
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    "|\U0001f3f4[\U000e0020-\U000e007f]+"  # the flag of a region
    f"|{_PICTURE}{_TONE}\ufe0f?(?:\u200d{_PICTURE}{_TONE}\ufe0f?)*"
)
_CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?![\w$])")
_LETTERS = string.digits + string.ascii_letters


def weighted_length(text: str) -> int:
    """Count a text as X does, after NFC; an emoji counts 2 however many code points it has."""
    rest = unicodedata.normalize("NFC", text)
    found = list(links(rest))
    for start, end in reversed(found):
        rest = rest[:start] + rest[end:]
    rest, emoji = _EMOJI.subn("", rest)
    return len(found) * _URL_WEIGHT + emoji * 2 + sum(_weight(letter) for letter in rest)


def shown(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the text as X answers it: `& < >` escaped, links as t.co; and the `entities.urls` that undo it.

    `start` and `end` are positions in the returned text.
    """
    pieces: list[str] = []
    urls: list[dict[str, Any]] = []
    done = length = 0
    for start, end in links(text):
        before, link = _escape(text[done:start]), text[start:end]
        short = short_link(link)
        length += len(before)
        urls.append({"start": length, "end": length + len(short), "url": short, **_expanded(link)})
        length += len(short)
        pieces += [before, short]
        done = end
    pieces.append(_escape(text[done:]))
    return "".join(pieces), urls


def cut(text: str) -> str:
    """Return the start of a text that is too long for one post, as it stands before the link to the whole."""
    kept = text[: MAX_POST - _URL_WEIGHT - 2]
    while weighted_length(kept) > MAX_POST - _URL_WEIGHT - 2:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def cashtags(text: str) -> list[str]:
    return _CASHTAG.findall(text)


def has_link(text: str) -> bool:
    return next(links(text), None) is not None


def short_link(link: str) -> str:
    """Return the t.co link of a URL; the same one each time."""
    digest = hashlib.sha256(link.encode()).digest()
    return "https://t.co/" + "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])


def _expanded(link: str) -> dict[str, str]:
    full = link if "://" in link else f"http://{link}"
    display = full.partition("://")[2].removeprefix("www.")
    return {"expanded_url": full, "display_url": display if len(display) <= 26 else display[:26] + "…"}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _weight(letter: str) -> int:
    return 1 if any(first <= ord(letter) <= last for first, last in _LIGHT) else 2
