"""A post's text as X answers it: not as it was sent."""

import re
from typing import Any

import msgspec

from govern.sandbox.pictures import size_of
from govern.sandbox.query import Query
from govern.sandbox.records import Media, Post
from govern.sandbox.state import State, names
from govern.sandbox.text import MAX_POST, cut, short_link, shown, weighted_length

Json = dict[str, Any]
_MENTION = re.compile(r"(?<!\w)@(\w{1,15})(?!\w)")


class Shown(msgspec.Struct, frozen=True):
    """The text X answers, its entities, and the whole of a text that was cut."""

    text: str
    entities: Json
    note: Json | None = None


def shown_post(state: State, post: Post) -> Shown:
    """Return what X makes of a post.

    A reply begins with the handle of the one it answers; `& < >` are escaped, links are t.co; a long text is cut and
    ends in a link to the whole; a picture adds a link of its own at the very end.
    """
    whole = _lead(state, post) + post.text
    long = weighted_length(post.text) > MAX_POST
    text, urls = shown(cut(whole) if long else whole)
    handle = state.users[post.author].handle
    if long:
        text, urls = _with_link(text, urls, f"https://x.com/i/web/status/{post.id}")
    if post.media:
        address = f"https://x.com/{handle}/status/{post.id}/photo/1"
        text, urls = _with_link(text, urls, address, media_key=state.media[post.media[0]].key)
    return Shown(text, _entities(state, text, urls), _note(state, whole) if long else None)


def media_json(state: State, media: Media, query: Query) -> Json:
    """Return a picture of a post."""
    kinds = {"image/gif": "animated_gif", "video/mp4": "video"}
    size = size_of(media.content)
    more = {
        "alt_text": state.alt_texts.get(media.id),
        "url": f"https://pbs.twimg.com/media/{media.id}",
        "width": size.width if size else None,
        "height": size.height if size else None,
    }
    asked = {name: value for name, value in more.items() if value is not None and query.wants("media.fields", name)}
    return {"media_key": media.key, "type": kinds.get(media.media_type, "photo"), **asked}


def _lead(state: State, post: Post) -> str:
    target = state.posts.get(post.in_reply_to or 0)
    handle = state.users[target.author].handle if target and target.author != post.author else ""
    return f"@{handle} " if handle and not names(post.text, handle) else ""


def _note(state: State, whole: str) -> Json:
    text, urls = shown(whole)
    entities = _entities(state, text, urls)
    return {"text": text, **({"entities": entities} if entities else {})}


def _with_link(text: str, urls: list[Json], address: str, **more: str) -> tuple[str, list[Json]]:
    short = short_link(address)
    start = len(text) + 1 if text else 0
    display = address.removeprefix("https://")
    added = {"start": start, "end": start + len(short), "url": short, "expanded_url": address, "display_url": display}
    return f"{text} {short}".strip(), [*urls, {**added, **more}]


def _entities(state: State, text: str, urls: list[Json]) -> Json:
    mentions = [
        {"start": found.start(), "end": found.end(), "username": user.handle, "id": str(user.id)}
        for found in _MENTION.finditer(text)
        if (user := state.find_user(found.group(1))) is not None
    ]
    return ({"urls": urls} if urls else {}) | ({"mentions": mentions} if mentions else {})
