"""Read what X sent to our webhook: it is kept like what a poll finds, and a replayed old thing only makes us poll."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from govern import log
from govern.domain.conversations import REPLAYED_AFTER, EventKind
from govern.domain.members import Actor, Via, system_actor
from govern.services.accounts import find_by_x_id
from govern.services.credentials import report_revoked_at_x
from govern.services.deliveries import Delivery, deliveries_left, finish_delivery, open_delivery
from govern.services.policies import Policies
from govern.services.polling import want_poll
from govern.services.receiving import Received, from_dm, from_mention, store_delivered
from govern.services.use_case import DoneMeanwhile
from govern.xapi.events import Unreadable, read_dms, read_post, read_revoked

logger = log.get(__name__)
WHY = "what people write to us is kept whoever works here; who may read it is decided when it is read"
READER: Actor = system_actor("ingest", via=Via.JOB)
Clock = Callable[[], datetime]


async def deliver(delivery: UUID, *, policies: Policies, clock: Clock) -> str | None:
    """Read one delivery and say what came of it; None if that was done already. Safe to run twice, and at once."""
    found = await open_delivery(delivery)
    if found is None:
        return None
    try:
        outcome = await _read(found, policies=policies, clock=clock)
    except Unreadable:
        outcome = "unreadable"
    await finish_delivery(delivery, outcome, now=clock())
    logger.info("webhook.read", event_type=found.event_type, outcome=outcome)
    return outcome


async def deliver_left(*, policies: Policies, clock: Clock) -> int:
    """Read deliveries that nobody was woken for, and return how many; one that fails does not keep the others."""
    read = 0
    for delivery in await deliveries_left(now=clock()):
        try:
            read += await deliver(delivery, policies=policies, clock=clock) is not None
        except DoneMeanwhile:
            logger.warning("webhook.waits", delivery=str(delivery))
    return read


async def _read(found: Delivery, *, policies: Policies, clock: Clock) -> str:
    if found.body is None:
        return "erased"
    match found.event_type:
        case EventKind.REVOKED:
            return await _revoked(read_revoked(found.body).user_id, now=clock())
        case EventKind.MENTION | EventKind.REPLY:
            return await _keep(found.about, [from_mention(read_post(found.body))], policies=policies, now=clock())
        case EventKind.DM:
            dms = [from_dm(event) for event in read_dms(found.body)]
            return await _keep(found.about, dms, policies=policies, now=clock())
        case _:
            return "not_ours"


async def _revoked(user_id: str, *, now: datetime) -> str:
    account = await find_by_x_id(user_id)
    if account is None:
        return "not_ours"
    await report_revoked_at_x(account.id, actor=READER, now=now)
    return "revoked"


async def _keep(about: str, found: list[Received], *, policies: Policies, now: datetime) -> str:
    account = await find_by_x_id(about) if about else None
    others = [each for each in found if account is not None and each.author_id != account.x_user_id]
    if account is None or not others:
        return "not_ours"
    if any(now - each.written_at > REPLAYED_AFTER for each in others):
        await want_poll(account.id, actor=READER, now=now)
        return "old"
    kept = [await store_delivered(account, each, policies=policies, actor=READER, now=now) for each in others]
    return "kept" if any(kept) else "known"
