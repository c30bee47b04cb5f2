"""Hosts in a text, whether a scheme stands before them or not, whatever top-level domain they have."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import idna

from govern.screening.findings import Span
from govern.screening.tweet_urls import MAX_HOST, top_level_domains

# IDNA reads all of these as the dot between labels (RFC 3490, section 3.1).
DOTS = ".\u3002\uff0e\uff61"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,20})?:[/\\]{2}", re.IGNORECASE)
_AUTHORITY = re.compile(r"[^\s/\\?#<>\"«»“”]*")
_REST = re.compile(r"[^\s<>\"«»“”]*")
# Zero-width characters stand in no host; they are read along, so that they cannot hide one.
_RUN = re.compile(rf"[\w{DOTS}\u00ad\u200b-\u200d\u2060\ufeff-]+")
_SIGNS = DOTS + ":"
_MAYBE = re.compile(rf"[{DOTS}][^\s{DOTS}]|:[/\\]{{2}}")
_TOP_LEVEL = re.compile(r"(?:xn--[a-z0-9-]+|[^\W\d_]{2,63})\Z", re.IGNORECASE)
_PORT = re.compile(r":\d{1,5}\Z")
_MIN_NAME = 2
_MAIL_NAME = re.compile(r"[\w.+%-]{0,64}@")
_PATH_STARTS = ("/", "?", "#", ":")
_NOT_LAST = ".,;:!?)]}'…"
# What files are called; no host unless a path or a scheme says so.
_FILE_ENDINGS = "pdf jpg jpeg png gif doc docx xls xlsx ppt pptx txt csv zip rar mp3 mp4 mov avi html htm php xml json eml ics exe apk"
_FILES = frozenset(_FILE_ENDINGS.split())


class Host(NamedTuple):
    """A host as it is written, where it stands with its path, and what stands before an @ in front of it."""

    name: str
    span: Span
    userinfo: str | None = None
    backslash: bool = False
    """Whether a backslash stands where browsers read a slash, and people do not."""

    @property
    def ascii(self) -> str | None:
        """The host as the name service knows it, mapped as browsers do; None where it is not a valid one."""
        return _encoded(self.name, mapped=True)

    @property
    def exact(self) -> str | None:
        """The same, but None too where it only becomes valid by a mapping: what looks alike is not the same."""
        return _encoded(self.name, mapped=False)


def find_hosts(text: str) -> Iterator[Host]:
    """Yield the hosts of links, in order. Domains of e-mail addresses are not links. Linear in the length of the text."""
    if not any(sign in text for sign in _SIGNS) or not _MAYBE.search(text):
        return
    at = 0
    for scheme in _SCHEME.finditer(text):
        if scheme.start() < at:
            continue
        yield from _bare(text, at, scheme.start())
        yield from _after_scheme(text, scheme.start(), scheme.end())
        rest = _REST.match(text, scheme.end())
        at = rest.end() if rest else scheme.end()
    yield from _bare(text, at, len(text))


def _after_scheme(text: str, start: int, at: int) -> Iterator[Host]:
    authority, rest = _AUTHORITY.match(text, at), _REST.match(text, at)
    if not authority or not rest:
        return
    end = start + len(text[start : rest.end()].rstrip(_NOT_LAST))
    userinfo, sign, host = authority[0].rpartition("@")
    name = _trimmed(host)
    backslash = "\\" in text[at - 2 : at] or text[authority.end() : authority.end() + 1] == "\\"
    if name:
        yield Host(name, (start, max(end, at)), userinfo if sign else None, backslash)


def _bare(text: str, start: int, end: int) -> Iterator[Host]:
    """Yield the hosts without a scheme in a part of the text; what follows a host up to a blank is its path."""
    at = start
    while run := _RUN.search(text, at, end):
        at = run.end()
        name = _trimmed(run[0])
        if not name:
            continue
        first = run.start() + run[0].index(name)
        last = first + len(name)
        following = text[last : last + 1]
        if (
            text[first - 1 : first] == "@"
            or _MAIL_NAME.match(text, last)
            or not _is_host(name, has_path=following in _PATH_STARTS)
        ):
            continue
        if following in _PATH_STARTS and (rest := _REST.match(text, last, end)):
            last += len(rest[0].rstrip(_NOT_LAST))
            at = max(at, last)
        yield Host(name, (first, last))


def _is_host(name: str, *, has_path: bool) -> bool:
    labels = re.split(f"[{DOTS}]", name)
    if len(labels) < 2 or not all(labels) or not _TOP_LEVEL.match(labels[-1]):
        return False
    if has_path:
        return True
    # "demain.Merci" lacks a blank, and "p.ex" is an abbreviation.
    name, last = labels[-2:]
    started = last[0].isupper() and not last.isupper() and name[-1].islower()
    short = len(name) < _MIN_NAME and last.lower() not in top_level_domains()
    return not (started or short or last.lower() in _FILES)


def _trimmed(host: str) -> str:
    """Return the host without port, final dot and what else cannot stand at its ends."""
    return _PORT.sub("", host.rstrip(_NOT_LAST)).strip(DOTS + "-_")


def _encoded(name: str, *, mapped: bool) -> str | None:
    lower = name.lower()
    if len(lower) > MAX_HOST:
        return None
    if lower.isascii():
        return lower
    try:
        return idna.encode(lower, uts46=mapped, transitional=False).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return None
