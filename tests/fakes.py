"""X as a test wants it: scripted answers, and a record of what was asked."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from govern.xapi.client import (
    DmEvent,
    Exchange,
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
from govern.xapi.errors import NotSent, OutcomeUnknown


class FakeX:
    """One account's X. Each send takes the next of `answers`: the id X gives, or what it raises.

    `meanwhile` is what happens elsewhere while X is asked.
    """

    def __init__(self, *answers: str | Exception, meanwhile: Callable[[], Awaitable[object]] | None = None) -> None:
        self.answers = list(answers)
        self.meanwhile = meanwhile
        self.sent: list[OutgoingPost | OutgoingDm] = []
        self.inbox: list[Mention] = []
        self.dms: list[DmEvent] = []
        self.gone: frozenset[str] = frozenset()
        self.read_since: list[str | None] = []
        self.reading_fails: dict[str, Exception] = {}
        self.uploaded: list[OutgoingImage] = []
        self.uploads_before_failing = 0
        self.upload_fails: list[Exception] = []
        self.while_uploading: Callable[[], Awaitable[object]] | None = None
        self.lives = timedelta(days=1)
        self.posts: list[OwnPost] = []
        self.date: datetime | None = None

    async def send_post(self, post: OutgoingPost, *, write_before: datetime) -> Receipt:
        return await self._send(post)

    async def send_dm(self, dm: OutgoingDm, *, write_before: datetime) -> Receipt:
        return await self._send(dm)

    async def _send(self, outgoing: OutgoingPost | OutgoingDm) -> Receipt:
        self.sent.append(outgoing)
        if self.meanwhile:
            await self.meanwhile()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Receipt(x_id=answer, exchange=Exchange(connected=True, status=201, transaction_id="t-1"))

    async def upload_image(self, image: OutgoingImage) -> Uploaded:
        if self.while_uploading:
            await self.while_uploading()
        if self.upload_fails and len(self.uploaded) >= self.uploads_before_failing:
            raise self.upload_fails.pop(0)
        self.uploaded.append(image)
        return Uploaded(media_id=str(700 + len(self.uploaded)), lives=self.lives)

    async def mentions(self, since_id: str | None) -> list[Mention]:
        self._read("mentions", since_id)
        return [mention for mention in self.inbox if int(mention.x_id) > int(since_id or 0)]

    async def dm_events(self, since_id: str | None) -> list[DmEvent]:
        self._read("dm_events", since_id)
        return [event for event in self.dms if int(event.x_id) > int(since_id or 0)]

    async def look_up_posts(self, ids: Sequence[str]) -> LookedUp:
        known = {mention.x_id: mention.text for mention in self.inbox}
        there = {each: known[each] for each in ids if each in known}
        return LookedUp(texts=there, gone=self.gone & frozenset(ids))

    async def thread(self, contact_id: str, since_id: str | None) -> list[DmEvent]:
        self._read("thread", since_id)
        both = [event for event in self.dms if contact_id in {event.sender_id, event.recipient_id}]
        return [event for event in both if int(event.x_id) > int(since_id or 0)]

    async def find_dm(self, event_id: str) -> DmEvent | None:
        return next((event for event in self.dms if event.x_id == event_id), None)

    def _read(self, what: str, since_id: str | None) -> None:
        self.read_since.append(since_id)
        if what in self.reading_fails:
            raise self.reading_fails[what]

    async def own_posts(self, since_id: str | None) -> list[OwnPost]:
        self._read("own_posts", since_id)
        return [post for post in self.posts if int(post.x_id) > int(since_id or 0)]

    async def delete_post(self, x_id: str) -> None:
        return None

    async def me(self) -> XUser:
        return XUser(x_id="1", handle="Help", name="Help")

    async def find_user(self, handle: str) -> XUser | None:
        return None


class HangingX(FakeX):
    """Takes the text and never answers; a cancelled call says what is known, as the real client does."""

    def __init__(self, *, connected: bool) -> None:
        super().__init__()
        self.connected = connected
        self.asked = asyncio.Event()

    async def send_post(self, post: OutgoingPost, *, write_before: datetime) -> Receipt:
        self.sent.append(post)
        self.asked.set()
        exchange = Exchange(connected=self.connected)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise (OutcomeUnknown if self.connected else NotSent)("cancelled", exchange=exchange) from None
        raise AssertionError("nobody answers")
