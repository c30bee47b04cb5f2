"""What X does to a text: weighted length, t.co links, escaping. Written for the sandbox alone, on purpose.

The weights are those of X's counting rules, version 3: 280 at most, most scripts count 1, CJK and emoji 2, a URL 23.
"""

import hashlib
import re
import string
import unicodedata
from collections.abc import Iterator
from typing import Any

MAX_POST = 280
MAX_DM = 10_000
_URL_WEIGHT = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# The endings people write without "https://"; X knows all of them, a sandbox needs the usual ones.
_ENDINGS = "com|org|net|edu|gov|info|biz|io|ai|app|dev|shop|store|eu|fr|de|uk|be|ch|ca|es|it|nl|us|jp|cn|co|me|tv|ly"
URL = re.compile(
    rf"(?<![\w@/$#.-])(?:https?://(?:[\w-]{{1,63}}\.)+[a-z\u0080-\uffff]{{2,}}|(?:[a-z0-9-]{{1,63}}\.)+(?:{_ENDINGS})(?![\w@-]))"
    r"(?::\d+)?(?:[/?#][^\s<>\"\u202a-\u202e\u2066-\u2069]*)?",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'\"*"
_PICTURE = "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff]"
_TONE = "[\U0001f3fb-\U0001f3ff]?"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag is two letters
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    "|\U0001f3f4[\U000e0020-\U000e007f]+"  # the flag of a region
    f"|{_PICTURE}{_TONE}\ufe0f?(?:\u200d{_PICTURE}{_TONE}\ufe0f?)*"
)
_LETTERS = string.digits + string.ascii_letters


def weighted_length(text: str) -> int:
    """Count a text as X does, after NFC; an emoji counts 2 however many code points it has."""
    rest = unicodedata.normalize("NFC", text)
    links = list(_links(rest))
    for start, end in reversed(links):
        rest = rest[:start] + rest[end:]
    rest, emoji = _EMOJI.subn("", rest)
    return len(links) * _URL_WEIGHT + emoji * 2 + sum(_weight(letter) for letter in rest)


def shown(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the text as X answers it: `& < >` escaped, links as t.co; and the `entities.urls` that undo it.

    `start` and `end` are positions in the returned text.
    """
    pieces: list[str] = []
    urls: list[dict[str, Any]] = []
    done = length = 0
    for start, end in _links(text):
        before, link = _escape(text[done:start]), text[start:end]
        short = short_link(link)
        length += len(before)
        urls.append({"start": length, "end": length + len(short), "url": short, **_expanded(link)})
        length += len(short)
        pieces += [before, short]
        done = end
    pieces.append(_escape(text[done:]))
    return "".join(pieces), urls


def short_link(link: str) -> str:
    """Return the t.co link of a URL; the same one each time."""
    digest = hashlib.sha256(link.encode()).digest()
    return "https://t.co/" + "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])


def _links(text: str) -> Iterator[tuple[int, int]]:
    for found in URL.finditer(text):
        link = found.group().rstrip(_TRAILING)
        while link.endswith(")") and link.count(")") > link.count("("):
            link = link[:-1].rstrip(_TRAILING)
        yield found.start(), found.start() + len(link)


def _expanded(link: str) -> dict[str, str]:
    full = link if "://" in link else f"http://{link}"
    display = full.partition("://")[2].removeprefix("www.")
    return {"expanded_url": full, "display_url": display if len(display) <= 26 else display[:26] + "…"}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _weight(letter: str) -> int:
    return 1 if any(first <= ord(letter) <= last for first, last in _LIGHT) else 2
