"""Where links stand in a text: with `https://` or without, by X's rules. Written for the sandbox alone, on purpose."""

import re
from collections.abc import Iterator
from functools import cache

from govern.settings import PACKAGE

# IANA's own list, the only thing shared with the counter of the product: two copies would only age apart.
_ENDINGS = PACKAGE / "screening" / "tlds.txt"
_START = re.compile(r"https?://", re.IGNORECASE)
_NOT_BEFORE = frozenset("@\uff20$#\uff03")
_NOT_BEFORE_BARE = frozenset("-_./")
_LATIN = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268"
    "\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_HOST = re.compile(r"[^\s\x00-\x2c/:-@\[-^`{-\x7f\u2000-\u206f\u3000-\u3002\uff00-\uff0f]+")
_BARE = re.compile(rf"[0-9A-Za-z._{_LATIN}-]+")
_ASCII_ENDING = re.compile(r"[0-9A-Za-z]+(?:--[0-9A-Za-z-]+)?")
_NOT_AFTER = re.compile(r"[0-9A-Za-z@+-]")
_PORT = re.compile(r":[0-9]+")
_PATH = re.compile(rf"[0-9A-Za-z!*';:=+,.$/%#\[\]\-\u2013_~@|&\u0400-\u04ff{_LATIN}]")
_PATH_END = re.compile(rf"[0-9A-Za-z=_#/+\-\u0400-\u04ff{_LATIN}]")
_QUERY = re.compile(r"\?[0-9A-Za-z!?*'@();:&=+$/%#\[\]\-_.,~|]*[0-9A-Za-z\-_&=#/]")
_SHORT = re.compile(r"/([0-9A-Za-z]+)(?:\?[0-9A-Za-z!?*'@();:&=+$/%#\[\]\-_.,~|]*[0-9A-Za-z\-_&=#/])?")
_MOST_SHORT = 40
_MOST_LABEL = 63


def links(text: str) -> Iterator[tuple[int, int]]:
    """Give the start and the end of each link."""
    at = 0
    while at < len(text):
        start = _START.match(text, at)
        host_at = start.end() if start else at
        run = (_HOST if start else _BARE).match(text, host_at)
        if run is None:
            at += 1
            continue
        end = _link_end(text, host_at, run.end()) if _may_start(text, at, bare=start is None) else None
        if end is not None:
            yield at, end
        at = end or run.end()


def _may_start(text: str, at: int, *, bare: bool) -> bool:
    before = text[at - 1 : at]
    if not before:
        return True
    return not (
        (before.isascii() and before.isalnum()) or before in _NOT_BEFORE or (bare and before in _NOT_BEFORE_BARE)
    )


def _link_end(text: str, start: int, stop: int) -> int | None:
    """Return where a link ends whose host is the longest that ends well between two places."""
    dots = [at for at in range(start, stop) if text[at] == "."]
    for dot in reversed(dots):
        end = _ending(text, dot + 1)
        if end is not None and _is_name(text[start:dot]):
            return _rest(text, start, end)
    return None


def _ending(text: str, at: int) -> int | None:
    """Return the end of a country's or other ending that begins here and is not followed by more of a word."""
    known, longest = endings()
    plain = _ASCII_ENDING.match(text, at)
    if plain:
        fits = plain.group().lower() in known and not _NOT_AFTER.match(text, plain.end())
        return plain.end() if fits else None
    for length in range(longest, 0, -1):
        if text[at : at + length] in known and not _NOT_AFTER.match(text, at + length):
            return at + length
    return None


def _is_name(name: str) -> bool:
    """Tell whether the labels before the ending could be registered; the last of them has no underscore."""
    labels = name.split(".")
    return "_" not in labels[-1] and all(_is_label(label) for label in labels)


def _is_label(label: str) -> bool:
    if not label or label[0] in "-_" or label[-1] in "-_":
        return False
    if label.isascii():
        return len(label) <= _MOST_LABEL
    coded = label.lower().encode("punycode")
    return not label.lower().startswith("xn--") and len(coded) + len("xn--") <= _MOST_LABEL


def _rest(text: str, start: int, end: int) -> int | None:
    """Return the end of port, path and query behind a host."""
    if text[start:end].lower() == "t.co":
        short = _SHORT.match(text, end)
        if short:
            return short.end() if len(short.group(1)) <= _MOST_SHORT else None
    port = _PORT.match(text, end)
    end = port.end() if port else end
    if text[end : end + 1] == "/":
        end = _path_end(text, end)
    query = _QUERY.match(text, end)
    return query.end() if query else end


def _path_end(text: str, start: int) -> int:
    """Return the end of a path: parentheses come in pairs, and it ends in a letter or the like."""
    at = last = start
    while at < len(text):
        if text[at] == "(":
            closed = _closed(text, at)
            if closed is None:
                break
            at = last = closed
        elif _PATH.match(text, at):
            at += 1
            last = at if _PATH_END.match(text, at - 1) else last
        else:
            break
    return max(last, start + 1)


def _closed(text: str, at: int) -> int | None:
    """Return the place behind the parenthesis that closes this one; one more pair may stand inside."""
    depth = 0
    for place in range(at, len(text)):
        letter = text[place]
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return place + 1 if place > at + 1 else None
        if depth > 2 or (letter not in "()" and not _PATH.match(text, place)):
            return None
    return None


@cache
def endings() -> tuple[frozenset[str], int]:
    """Return all endings a host can have, and how long the longest is."""
    lines = _ENDINGS.read_text(encoding="utf-8").splitlines()
    known = frozenset(line.strip().lower() for line in lines if line.strip() and not line.startswith("#"))
    return known, max(map(len, known))
