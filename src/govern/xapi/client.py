"""What we ask of X, and the values that go and come. Ids are strings, as X sends them; times are UTC."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

from govern.domain.x_limits import RateSeen


class OutgoingPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post, a reply or a quote, exactly as it was approved."""

    text: str
    in_reply_to: str | None = None
    quote_of: str | None = None
    media_ids: tuple[str, ...] = ()
    made_with_ai: bool = False


class OutgoingDm(msgspec.Struct, frozen=True, kw_only=True):
    """A direct message to one person."""

    text: str
    recipient_id: str
    media_id: str | None = None


class OutgoingImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image exactly as it was approved: `digest` is the SHA-256 of the approved bytes."""

    content: bytes
    digest: bytes
    media_type: str
    alt_text: str
    category: Literal["tweet_image", "tweet_gif", "dm_image", "dm_gif"] = "tweet_image"


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """X holds the image, with its alt text, under this id, for so long (24 h by its documentation)."""

    media_id: str
    lives: timedelta


class Exchange(msgspec.Struct, kw_only=True):
    """What is known of one request. It is filled while the request runs, so it also tells of one that failed.

    `connected` is the line between "nothing left" and "unknown": it turns true after TLS, before the first byte.
    `rate_*` are of the tightest limit X named; `rate_window` says which: `window` (15 min), `user_day`, `app_day`.
    `rates` has all of them.
    """

    connected: bool = False
    status: int | None = None
    rate_window: str = "window"
    rate_limit: int | None = None
    rate_remaining: int | None = None
    rate_reset_at: datetime | None = None
    rates: tuple[RateSeen, ...] = ()
    transaction_id: str | None = None
    date: datetime | None = None
    duration_ms: int = 0
    write_before: datetime | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """X has it, under this id."""

    x_id: str
    exchange: Exchange


class XUser(msgspec.Struct, frozen=True, kw_only=True):
    """An X user, ours or not."""

    x_id: str
    handle: str
    name: str


class OwnPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post on our own timeline. `text` is plain: unescaped once, whole, with the addresses behind t.co.

    `links` are those addresses, in their order; `media` counts the images.
    """

    x_id: str
    text: str
    in_reply_to: str | None
    quote_of: str | None
    created_at: datetime
    links: tuple[str, ...] = ()
    media: int = 0


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """A post that names us. Handle and name are None when X left the author out of its answer."""

    x_id: str
    author_id: str
    author_handle: str | None
    author_name: str | None
    text: str
    in_reply_to: str | None
    conversation_id: str | None
    created_at: datetime


class DmEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A direct message, received or sent by us. `recipient_id` is None in a group conversation; the rest as in posts."""

    x_id: str
    sender_id: str
    sender_handle: str | None
    sender_name: str | None
    recipient_id: str | None
    recipient_handle: str | None
    text: str
    conversation_id: str
    created_at: datetime
    links: tuple[str, ...] = ()
    media: int = 0


class LookedUp(msgspec.Struct, frozen=True, kw_only=True):
    """What X said of posts. An id it said nothing of is in neither."""

    texts: Mapping[str, str]
    gone: frozenset[str]


class XClient(Protocol):
    """X, as one account.

    Every method raises a subclass of `XError`, and RuntimeError inside a database transaction. Lists are complete
    (all pages were read) and oldest first.
    """

    @property
    def date(self) -> datetime | None:
        """X's own time in its last answer; None before one."""
        ...

    async def send_post(self, post: OutgoingPost, *, write_before: datetime) -> Receipt:
        """Publish once. After `write_before` nothing is written: NotSent("late")."""
        ...

    async def send_dm(self, dm: OutgoingDm, *, write_before: datetime) -> Receipt:
        """Send once. After `write_before` nothing is written: NotSent("late")."""
        ...

    async def upload_image(self, image: OutgoingImage) -> Uploaded:
        """Give X an image with its alt text, before the send. Nothing is visible of it; it may be done again."""
        ...

    async def delete_post(self, x_id: str) -> None:
        """Delete one of our posts; one that is gone already is fine."""
        ...

    async def me(self) -> XUser:
        """Return the account these credentials speak for."""
        ...

    async def find_user(self, handle: str) -> XUser | None:
        """Return the user of this handle, without its @, if X has one."""
        ...

    async def mentions(self, since_id: str | None) -> list[Mention]:
        """Return the mentions above this id; X keeps the last 800."""
        ...

    async def look_up_posts(self, ids: Sequence[str]) -> LookedUp:
        """Return what X says of up to 100 posts: their texts, or that they are gone."""
        ...

    async def dm_events(self, since_id: str | None) -> list[DmEvent]:
        """Return the unencrypted DMs above this id, both ways; X keeps 30 days."""
        ...

    async def thread(self, contact_id: str, since_id: str | None) -> list[DmEvent]:
        """Return the unencrypted DMs with one person above this id, both ways."""
        ...

    async def find_dm(self, event_id: str) -> DmEvent | None:
        """Return a DM by its id, if X has one that this account may read."""
        ...

    async def own_posts(self, since_id: str | None) -> list[OwnPost]:
        """Return our own posts above this id; X keeps the last 3,200."""
        ...
