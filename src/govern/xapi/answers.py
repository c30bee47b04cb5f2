"""X's JSON, checked, as our values. X leaves out what is empty: a list without `data` is an empty list."""

import re
from typing import Annotated, Generic, TypeVar

import msgspec

from govern.xapi.client import DmEvent, Mention, OwnPost, XUser
from govern.xapi.snowflake import snowflake_time

T = TypeVar("T")
XId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}$")]
_T_CO = re.compile(r"https?://t\.co/\w+", re.ASCII)


class Ref(msgspec.Struct, frozen=True):
    type: str
    id: str


class Link(msgspec.Struct, frozen=True):
    url: str
    expanded_url: str | None = None


class Entities(msgspec.Struct, frozen=True):
    urls: list[Link] = []


class Note(msgspec.Struct, frozen=True):
    """The whole text of a post of more than 280."""

    text: str
    entities: Entities = Entities()


class Attachments(msgspec.Struct, frozen=True):
    media_keys: list[str] = []


class Post(msgspec.Struct, frozen=True):
    id: XId
    text: str
    author_id: XId
    conversation_id: str | None = None
    referenced_tweets: list[Ref] = []
    entities: Entities = Entities()
    note_tweet: Note | None = None
    attachments: Attachments = Attachments()

    def reference(self, kind: str) -> str | None:
        return next((ref.id for ref in self.referenced_tweets if ref.type == kind), None)

    @property
    def plain(self) -> str:
        whole = self.note_tweet or self
        return plain_text(whole.text, whole.entities)

    @property
    def links(self) -> tuple[str, ...]:
        whole = self.note_tweet or self
        return links_of(whole.text, whole.entities)


class Event(msgspec.Struct, frozen=True):
    id: XId
    sender_id: XId
    dm_conversation_id: str
    text: str = ""
    entities: Entities = Entities()
    attachments: Attachments = Attachments()


class User(msgspec.Struct, frozen=True):
    id: XId
    username: str
    name: str


class Includes(msgspec.Struct, frozen=True):
    users: list[User] = []


class Meta(msgspec.Struct, frozen=True):
    next_token: str | None = None


class Page(msgspec.Struct, Generic[T], frozen=True):
    data: list[T] = []
    includes: Includes = Includes()
    meta: Meta = Meta()

    @property
    def users(self) -> dict[str, User]:
        return {user.id: user for user in self.includes.users}


class Found(msgspec.Struct, Generic[T], frozen=True):
    """One thing, or none."""

    data: T | None = None
    includes: Includes = Includes()

    @property
    def users(self) -> dict[str, User]:
        return {user.id: user for user in self.includes.users}


class Made(msgspec.Struct, Generic[T], frozen=True):
    """What a write made. Without it nobody knows whether X did it."""

    data: T


class NewPost(msgspec.Struct, frozen=True):
    id: XId


class NewDm(msgspec.Struct, frozen=True):
    dm_event_id: XId


class Deletion(msgspec.Struct, frozen=True):
    deleted: bool


def plain_text(text: str, entities: Entities) -> str:
    """Undo what X does to a text: unescape it once, and write the addresses behind t.co."""
    unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    known = _addresses(entities)
    return _T_CO.sub(lambda found: known.get(found[0], found[0]), unescaped)


def links_of(text: str, entities: Entities) -> tuple[str, ...]:
    """Return the addresses behind the t.co links of a text, in their order."""
    known = _addresses(entities)
    return tuple(known[short] for short in _T_CO.findall(text) if short in known)


def _addresses(entities: Entities) -> dict[str, str]:
    return {link.url: link.expanded_url for link in entities.urls if link.expanded_url}


def to_user(user: User) -> XUser:
    return XUser(x_id=user.id, handle=user.username, name=user.name)


def to_own_post(post: Post) -> OwnPost:
    return OwnPost(
        x_id=post.id,
        text=post.plain,
        in_reply_to=post.reference("replied_to"),
        quote_of=post.reference("quoted"),
        created_at=snowflake_time(post.id),
        links=post.links,
        media=len(post.attachments.media_keys),
    )


def to_mention(post: Post, users: dict[str, User]) -> Mention:
    author = users.get(post.author_id)
    return Mention(
        x_id=post.id,
        author_id=post.author_id,
        author_handle=author.username if author else None,
        author_name=author.name if author else None,
        text=post.plain,
        in_reply_to=post.reference("replied_to"),
        conversation_id=post.conversation_id,
        created_at=snowflake_time(post.id),
    )


def to_dm_event(event: Event, users: dict[str, User]) -> DmEvent:
    sender = users.get(event.sender_id)
    recipient_id = _other(event.dm_conversation_id, event.sender_id)
    recipient = users.get(recipient_id or "")
    return DmEvent(
        x_id=event.id,
        sender_id=event.sender_id,
        sender_handle=sender.username if sender else None,
        sender_name=sender.name if sender else None,
        recipient_id=recipient_id,
        recipient_handle=recipient.username if recipient else None,
        text=plain_text(event.text, event.entities),
        conversation_id=event.dm_conversation_id,
        created_at=snowflake_time(event.id),
        links=links_of(event.text, event.entities),
        media=len(event.attachments.media_keys),
    )


def _other(conversation_id: str, sender_id: str) -> str | None:
    """Return the other person: X names a conversation of two by both their ids, `11-22`; a group has one number."""
    pair = conversation_id.split("-")
    return next((x_id for x_id in pair if x_id != sender_id), None) if sender_id in pair and len(pair) == 2 else None
