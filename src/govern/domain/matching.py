"""Is a post or DM that X shows this message of ours? X changes what it takes; all it changes is undone here, no more."""

import re
import unicodedata
from datetime import datetime, timedelta

import msgspec

MARGIN = timedelta(seconds=120)
"""How far below the start of an attempt a reading begins: clocks differ, and a Date header has whole seconds."""

_LEAD = re.compile(r"(?:@\w{1,15}(?:\s+|\Z))+", re.ASCII)
_MENTION = re.compile(r"@\w{1,15}", re.ASCII)
_PARTS = re.compile(r"(?:https?://)?([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_MEDIA_LINK = re.compile(
    r"https?://(?:(?:x|twitter)\.com/(?:\w+/status/\d+/(?:photo|video)|messages/media)/\d+|pic\.(?:x|twitter)\.com/\w+)"
)
_SHORT_LINK = re.compile(r"https://t\.co/\w+", re.ASCII)


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed to X. `media` counts its images."""

    text: str
    in_reply_to: str | None = None
    quote_of: str | None = None
    media: int = 0


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What X shows: its text unescaped once and whole, the addresses behind t.co in place of the short ones.

    `links` are those addresses, in their order. `ours` is False for what the other side of a private thread wrote.
    """

    x_id: str
    text: str
    at: datetime
    links: tuple[str, ...] = ()
    in_reply_to: str | None = None
    quote_of: str | None = None
    media: int = 0
    ours: bool = True


def matches(sought: Sought, seen: Seen) -> bool:
    """Tell whether X made `seen` of `sought`: the same text for all X does to one, target and number of images.

    Links are compared without their scheme, hosts in any case; a reply's leading mentions and the link of an image or
    of the quoted post, which X adds, may be missing in ours.
    """
    if not seen.ours or (sought.in_reply_to, sought.quote_of, sought.media) != (
        seen.in_reply_to,
        seen.quote_of,
        seen.media,
    ):
        return False
    return re.fullmatch(_pattern(seen), _clean(sought.text)) is not None


def floor_of(started_at: datetime, clock_offset: timedelta) -> datetime:
    """Return from when on X may have made it, in X's time. `clock_offset`: how far X's clock is behind ours.

    A clock of X's that is ahead raises nothing: a Date header may come from another machine than the ids.
    """
    return started_at - MARGIN - max(clock_offset, timedelta(0))


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _pattern(seen: Seen) -> str:
    """Return the expression of every text that X would show like this."""
    text = _clean(seen.text)
    links = [_clean(link) for link in seen.links]
    lead = _LEAD.match(text) if seen.in_reply_to is not None else None
    mentions = _MENTION.findall(lead[0]) if lead else []
    body, added = _without_added(text[lead.end() if lead else 0 :], links, seen)
    optional = "".join(rf"(?:{mention}(?:\s+|\Z))?" for mention in mentions)
    return optional + _body(body, links) + "".join(rf"(?:\s*{_link(link)})?" for link in added)


def _without_added(text: str, links: list[str], seen: Seen) -> tuple[str, list[str]]:
    """Cut off the links that X adds at the end; return them in their order."""
    added: list[str] = []
    while (link := _added_link(text, links, seen)) and link not in added:
        text = text[: -len(link)].rstrip()
        added.insert(0, link)
    return text, added


def _added_link(text: str, links: list[str], seen: Seen) -> str | None:
    for link in links:
        if text.endswith(link) and _adds(link, seen):
            return link
    unnamed = _SHORT_LINK.search(text, max(text.rfind("https://"), 0)) if seen.media else None
    return unnamed[0] if unnamed and unnamed.end() == len(text) else None


def _adds(link: str, seen: Seen) -> bool:
    """Tell whether it is a link of the kind X adds: to an image of the post, or to the post it quotes."""
    if seen.media and _MEDIA_LINK.fullmatch(link):
        return True
    return seen.quote_of is not None and re.search(rf"/status/{seen.quote_of}(?:[?/]|$)", link) is not None


def _body(text: str, links: list[str]) -> str:
    parts, at = [], 0
    for link in links:
        found = text.find(link, at)
        if found >= 0:
            parts += [re.escape(text[at:found]), _link(link)]
            at = found + len(link)
    return "".join([*parts, re.escape(text[at:])])


def _link(link: str) -> str:
    """Return the expression of an address however it was typed: X adds a scheme, and a slash after a bare host."""
    found = _PARTS.fullmatch(link)
    host, rest = (found[1], found[2]) if found else (link, "")
    return rf"(?i:https?://)?(?i:{re.escape(host)}){'/?' if rest in {'', '/'} else re.escape(rest)}"
