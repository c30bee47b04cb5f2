"""X through tweepy: one request a call, no retry, the answer checked before anyone believes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from govern.domain.accounts import HANDLE
from govern.domain.x_prices import CostKind
from govern.xapi.answers import (
    Deletion,
    Event,
    Found,
    Made,
    NewDm,
    NewPost,
    Page,
    Post,
    User,
    to_dm_event,
    to_mention,
    to_own_post,
    to_user,
)
from govern.xapi.call import Caller
from govern.xapi.client import (
    DmEvent,
    LookedUp,
    Mention,
    OutgoingDm,
    OutgoingImage,
    OutgoingPost,
    OwnPost,
    Receipt,
    Uploaded,
    XUser,
)
from govern.xapi.credentials import BearerToken, Credentials, Keys
from govern.xapi.direct_messages import EVENT_FIELDS, EXPANSIONS, find_dm, read_thread
from govern.xapi.errors import Refused
from govern.xapi.lookups import look_up_posts
from govern.xapi.media import upload_image
from govern.xapi.session import parse_address

__all__ = ["BearerToken", "Credentials", "TweepyClient"]

_PAGE_SIZE = 100
_POST_FIELDS = ["attachments", "author_id", "conversation_id", "entities", "note_tweet", "referenced_tweets"]


class TweepyClient:
    """The `XClient` of one account.

    `timeout` is for a whole request; connecting has 5 s of it. `x_id` is the account's own X id: without it the
    first read of a timeline asks X who it is.

    Raises:
        ValueError: `base_url` is not an address.
    """

    def __init__(self, credentials: Keys, *, base_url: str, timeout: timedelta, x_id: str | None = None) -> None:
        self._caller = Caller(credentials, parse_address(base_url), timeout)
        self._x_id = x_id

    async def send_post(self, post: OutgoingPost, *, write_before: datetime) -> Receipt:
        act = self._caller.to("POST", "/2/tweets", json=post_body(post))
        made, exchange = await self._caller.write("send_post", act, Made[NewPost], write_before=write_before)
        return Receipt(x_id=made.data.id, exchange=exchange)

    async def send_dm(self, dm: OutgoingDm, *, write_before: datetime) -> Receipt:
        recipient_id = _path_id(dm.recipient_id)
        made, exchange = await self._caller.write(
            "send_dm",
            lambda x: x.create_direct_message(
                participant_id=recipient_id, text=dm.text, media_id=dm.media_id, user_auth=self._caller.signed
            ),
            Made[NewDm],
            write_before=write_before,
        )
        return Receipt(x_id=made.data.dm_event_id, exchange=exchange)

    async def delete_post(self, x_id: str) -> None:
        own = _path_id(x_id)
        try:
            await self._caller.write(
                "delete_post", lambda x: x.delete_tweet(own, user_auth=self._caller.signed), Made[Deletion]
            )
        except Refused as refused:
            if refused.reason != "not_found":
                raise

    async def me(self) -> XUser:
        made = await self._caller.read("me", lambda x: x.get_me(user_auth=self._caller.signed), Made[User])
        self._x_id = made.data.id
        return to_user(made.data)

    async def find_user(self, handle: str) -> XUser | None:
        if not HANDLE.fullmatch(handle):
            return None
        try:
            found = await self._caller.read(
                "find_user", lambda x: x.get_user(username=handle, user_auth=self._caller.signed), Found[User]
            )
        except Refused as refused:
            if refused.reason != "not_found":
                raise
            return None
        return to_user(found.data) if found.data else None

    async def mentions(self, since_id: str | None) -> list[Mention]:
        own = await self._own_id()
        posts, users = await self._caller.pages(
            "mentions",
            lambda x, token: x.get_users_mentions(
                own,
                expansions=["author_id"],
                max_results=_PAGE_SIZE,
                pagination_token=token,
                since_id=since_id,
                tweet_fields=_POST_FIELDS,
                user_auth=self._caller.signed,
            ),
            Page[Post],
            x_id=lambda post: post.id,
            since_id=since_id,
        )
        return [to_mention(post, users) for post in posts]

    async def own_posts(self, since_id: str | None) -> list[OwnPost]:
        own = await self._own_id()
        posts, _users = await self._caller.pages(
            "own_posts",
            lambda x, token: x.get_users_tweets(
                own,
                max_results=_PAGE_SIZE,
                pagination_token=token,
                since_id=since_id,
                tweet_fields=_POST_FIELDS,
                user_auth=self._caller.signed,
            ),
            Page[Post],
            x_id=lambda post: post.id,
            since_id=since_id,
        )
        return [to_own_post(post) for post in posts]

    async def look_up_posts(self, ids: Sequence[str]) -> LookedUp:
        return await look_up_posts(self._caller, [_path_id(each) for each in ids], _POST_FIELDS)

    async def dm_events(self, since_id: str | None) -> list[DmEvent]:
        events, users = await self._caller.pages(
            "dm_events",
            lambda x, token: x.get_direct_message_events(
                dm_event_fields=EVENT_FIELDS,
                event_types="MessageCreate",
                expansions=EXPANSIONS,
                max_results=_PAGE_SIZE,
                pagination_token=token,
                user_auth=self._caller.signed,
            ),
            Page[Event],
            x_id=lambda event: event.id,
            since_id=since_id,
        )
        return [to_dm_event(event, users) for event in events]

    async def find_dm(self, event_id: str) -> DmEvent | None:
        return await find_dm(self._caller, _path_id(event_id))

    async def thread(self, contact_id: str, since_id: str | None) -> list[DmEvent]:
        return await read_thread(self._caller, _path_id(contact_id), since_id)

    async def upload_image(self, image: OutgoingImage) -> Uploaded:
        """Upload an approved image with its alt text, before the send."""
        return await upload_image(self._caller, image)

    @property
    def date(self) -> datetime | None:
        return self._caller.date

    @property
    def accepted(self) -> bool:
        """Whether X has answered a request as one of this account's."""
        return self._caller.accepted

    def take_reads(self) -> dict[CostKind, int]:
        """Return what was read and is billed, since the last time somebody asked."""
        return self._caller.reads.take()

    async def _own_id(self) -> str:
        return self._x_id or (await self.me()).x_id


def post_body(post: OutgoingPost) -> dict[str, object]:
    """Return a post as X wants it; tweepy's own method knows no `made_with_ai`."""
    body: dict[str, object] = {"text": post.text}
    if post.in_reply_to is not None:
        body["reply"] = {"in_reply_to_tweet_id": post.in_reply_to}
    if post.quote_of is not None:
        body["quote_tweet_id"] = post.quote_of
    if post.media_ids:
        body["media"] = {"media_ids": list(post.media_ids)}
    if post.made_with_ai:
        body["made_with_ai"] = True
    return body


def _path_id(x_id: str) -> str:
    """Let only digits into a path."""
    if not (x_id.isascii() and x_id.isdigit()):
        raise ValueError("an X id has digits only")
    return x_id
