"""Read X to learn what became of an attempt without an answer: outside any transaction, then one that settles."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from govern import log
from govern.domain.matching import Seen
from govern.domain.members import RECONCILER
from govern.services.credentials import report_auth_lost
from govern.services.readings import Question, find_question
from govern.services.reconciling import Read, keep_failed_reading, keep_reading
from govern.settings import Settings
from govern.xapi.client import DmEvent, OwnPost, XClient
from govern.xapi.errors import AuthLost, RateLimited, XError
from govern.xapi.snowflake import snowflake_floor

logger = log.get(__name__)
WHY = "it settles by what X shows, and by nothing else; what that leaves open, a person settles"
CLOCKS_DIFFER = timedelta(seconds=30)
"""A clock of X's that is further behind than was thought is a reason to read again, from further below."""

Connect = Callable[[Question], Awaitable[XClient | None]]
"""Makes the client that speaks for the account asked about; None if it has no keys that work."""


async def reconcile(
    attempt: UUID, *, connect: Connect, settings: Settings, clock: Callable[[], datetime]
) -> Read | None:
    """Read X once about an attempt, and settle by it what it settles; None if there was nothing to learn.

    Runs zero, one or more times, also at once: of two readings at once one is kept.
    """
    question = await find_question(attempt)
    if question is None:
        return None
    client = await connect(question)
    if client is None:
        await keep_failed_reading(question, "not_connected", now=clock())
        return None
    at = clock()
    try:
        items = await _read(question, client, clock)
    except XError as error:
        await _keep_fault(question, error, clock)
        return None
    read = await keep_reading(question, items, at=at, settings=settings, now=clock())
    if read is not None:
        logger.info("publication.read", message=read.message.number, found=read.found.value, state=read.message.state)
    return read


async def _read(question: Question, client: XClient, clock: Callable[[], datetime]) -> Sequence[Seen]:
    """Read from the floor up; once more from below if X's clock shows that the floor was too high."""
    items = await _items(question, client, question.floor(timedelta(0)))
    offset = clock() - client.date if client.date else timedelta(0)
    if offset > question.clock_offset + CLOCKS_DIFFER:
        return await _items(question, client, question.floor(offset))
    return items


async def _items(question: Question, client: XClient, floor: datetime) -> Sequence[Seen]:
    since_id = snowflake_floor(floor)
    if question.contact is not None:
        thread = await client.thread(question.contact, since_id)
        return [_of_thread(each, question.account.x_user_id) for each in thread]
    return [_of_timeline(each) for each in await client.own_posts(since_id)]


def _of_timeline(post: OwnPost) -> Seen:
    return Seen(
        x_id=post.x_id,
        text=post.text,
        at=post.created_at,
        links=post.links,
        in_reply_to=post.in_reply_to,
        quote_of=post.quote_of,
        media=post.media,
    )


def _of_thread(event: DmEvent, own_id: str | None) -> Seen:
    return Seen(
        x_id=event.x_id,
        text=event.text,
        at=event.created_at,
        links=event.links,
        media=event.media,
        ours=event.sender_id == own_id,
    )


async def _keep_fault(question: Question, error: XError, clock: Callable[[], datetime]) -> None:
    if isinstance(error, AuthLost):
        await report_auth_lost(question.account.id, version=error.version, actor=RECONCILER, now=clock())
    again_at = error.reset_at if isinstance(error, RateLimited) else None
    logger.warning("publication.not_read", attempt=str(question.attempt), reason=error.code)
    await keep_failed_reading(question, error.code, again_at=again_at, now=clock())
