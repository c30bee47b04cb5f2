"""Where X sees a URL in a text: our own port of the URL rules of twitter-text v3.

Candidates are runs of host characters; a run is walked label by label, once, and never entered again after its walk:
linear in the length of the text, whatever it holds.
"""

import re
from functools import cache
from importlib.resources import files

MAX_LABEL = 63  # RFC 1035
MAX_HOST = 253
MAX_URL = 4096
MAX_TCO_SLUG = 40

# Latin letters with marks, as twitter-text counts them among the letters of a host or path.
ACCENTED = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289"
    "\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LATIN = f"A-Za-z0-9{ACCENTED}"
# Everything but punctuation, blanks, controls and marks of direction may stand in a host after "http://".
_ANY = rf"[^\s\u0000-\u001f\u007f-\u009f!-/:-@\[-`{{-~\ufeff\ufffe\uffff\u3002{DIRECTION}\u2000-\u200d\u2028-\u202f]"
_LATIN_LABEL = re.compile(rf"[{_LATIN}_-]+")
_LATIN_REST = re.compile(rf"[{_LATIN}._-]+")
_ANY_LABEL = re.compile(rf"(?:{_ANY}|[_-])+")
_RUN = re.compile(rf"(?P<protocol>https?://)(?:{_ANY}|[._-])+|[{_LATIN}][{_LATIN}._-]*", re.IGNORECASE)
_NOT_BEFORE = re.compile(r"[A-Za-z0-9@\uff20$#\uff03\ufeff\ufffe\uffff]")
_NOT_BEFORE_BARE = frozenset("-_./")
_PLAIN_TLD = re.compile(r"[A-Za-z0-9]+(?:--[A-Za-z0-9-]+)?")
_NOT_AFTER_TLD = re.compile(r"[0-9A-Za-z@+-]")
_PORT = re.compile(r":[0-9]+")
_PATH_CHAR = re.compile(rf"[a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\u2013_~@|&{ACCENTED}-]", re.IGNORECASE)
_PATH_END = re.compile(rf"[a-z\u0400-\u04ff0-9=_#/+{ACCENTED}-]", re.IGNORECASE)
_GROUP_CHAR = _PATH_CHAR.pattern
# Brackets in a path count when they close again; one pair may stand inside another.
_GROUP = re.compile(rf"\((?:{_GROUP_CHAR})*(?:\((?:{_GROUP_CHAR})+\)(?:{_GROUP_CHAR})*)?\)", re.IGNORECASE)
_QUERY = re.compile(r"\?[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*", re.IGNORECASE)
_QUERY_END = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_&=#/-")
_HINT = re.compile(r"\.[^\s.]")  # no host without it
_TCO = re.compile(r"https?://t\.co/([a-z0-9]+)", re.IGNORECASE)

Span = tuple[int, int]


def extract_urls(text: str) -> list[Span]:
    """Return the spans of the URLs in `text`, in order, in code points, half-open."""
    found: list[Span] = []
    if not _HINT.search(text):
        return found
    position = 0
    while run := _RUN.search(text, position):
        end = _url_end(text, run)
        if end is None:
            position = run.end()
            continue
        if run.start() < end <= run.start() + MAX_URL:
            found.append((run.start(), end))
        # Latin letters left over hang on the URL and start no other one.
        rest = _LATIN_REST.match(text, end)
        position = max(rest.end() if rest else end, run.start() + 1)
    return found


def _url_end(text: str, run: re.Match[str]) -> int | None:
    """Return where the URL ends that a run of host characters begins; None where it begins none."""
    start, protocol = run.start(), run["protocol"]
    before = text[start - 1 : start]
    if _NOT_BEFORE.match(before) or (not protocol and before in _NOT_BEFORE_BARE):
        return None
    host_end = _host_end(text, start + len(protocol or ""), _ANY_LABEL if protocol else _LATIN_LABEL)
    if host_end is None:
        return None
    short = _TCO.match(text, start) if protocol else None
    if short is None:
        return _tail_end(text, host_end)
    return _query_end(text, short.end()) if len(short[1]) <= MAX_TCO_SLUG else None


def _host_end(text: str, start: int, label_pattern: re.Pattern[str]) -> int | None:
    """Return where the longest host that starts here ends: valid labels, then a top-level domain."""
    end: int | None = None
    at = start
    while (match := label_pattern.match(text, at)) and _is_label(match[0]):
        at = match.end()
        if at - start > MAX_HOST or text[at : at + 1] != ".":
            break
        at += 1
        # An underscore may stand in a subdomain, not in the name right before the top-level domain.
        if "_" not in match[0]:
            end = _tld_end(text, at) or end
    return end


def _is_label(label: str) -> bool:
    if len(label) > MAX_LABEL or label[0] in "-_" or label[-1] in "-_":
        return False
    if label.isascii():
        return True
    return not label.lower().startswith("xn--") and len(label.encode("punycode")) + len("xn--") <= MAX_LABEL


def _tld_end(text: str, start: int) -> int | None:
    if plain := _PLAIN_TLD.match(text, start):
        known = plain[0].lower() in top_level_domains() or plain[0].lower().startswith("xn--")
        return plain.end() if known and not _NOT_AFTER_TLD.match(text, plain.end()) else None
    for length in range(_longest_tld(), 0, -1):
        if text[start : start + length] in top_level_domains() and not _NOT_AFTER_TLD.match(text, start + length):
            return min(start + length, len(text))
    return None


def _tail_end(text: str, at: int) -> int:
    """Return where port, path and query end that follow a host."""
    if port := _PORT.match(text, at):
        at = port.end()
    if text[at : at + 1] == "/":
        at = _path_end(text, at)
    return _query_end(text, at)


def _path_end(text: str, slash: int) -> int:
    at = end = slash + 1
    while at < len(text):
        if _PATH_CHAR.match(text, at):
            at += 1
            if _PATH_END.match(text, at - 1):
                end = at
        elif group := _GROUP.match(text, at):
            at = end = group.end()
        else:
            break
    return end


def _query_end(text: str, at: int) -> int:
    query = _QUERY.match(text, at)
    if not query:
        return at
    end = query.end()
    while end > at and text[end - 1] not in _QUERY_END:
        end -= 1
    return end


@cache
def top_level_domains() -> frozenset[str]:
    """IANA's list as of the last run of `tools/make_tlds.py`."""
    lines = (files("govern.screening") / "tlds.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


@cache
def _longest_tld() -> int:
    return max(len(name) for name in top_level_domains() if not name.isascii())
