"""Read what people wrote to our accounts, page by page, when it is due: it finds what webhooks miss."""

from collections.abc import Callable
from datetime import datetime, timedelta

from govern import log
from govern.domain.accounts import Account
from govern.domain.members import Actor, Via, system_actor
from govern.services.credentials import report_auth_lost
from govern.services.policies import Policies
from govern.services.polling import MENTIONS, due_sources, find_gap, newest_read, record_gap
from govern.services.receiving import store_dms, store_mentions
from govern.services.use_case import DoneMeanwhile
from govern.xapi.client import XClient
from govern.xapi.errors import AuthLost, XError

logger = log.get(__name__)
WHY = "what people write to us is kept whoever works here; who may read it is decided when it is read"
POLLER: Actor = system_actor("ingest", via=Via.JOB)
Clock = Callable[[], datetime]
TICK = timedelta(seconds=5)
"""How often it is asked what is due."""


async def ingest(
    account: Account, client: XClient, *, policies: Policies, clock: Clock, every: timedelta = timedelta()
) -> int:
    """Poll what is due of an account's mentions and DMs and return how many were new; `every` is for mentions.

    A fault of X leaves the cursor of its source where it was, and the other source is read all the same.
    """
    new = 0
    for source in await due_sources(account.id, every=every, now=clock()):
        try:
            new += await _poll(account, source, client, policies, clock)
        except AuthLost as lost:
            await report_auth_lost(account.id, version=lost.version, actor=POLLER, now=clock())
            break
        except (XError, DoneMeanwhile) as error:  # done meanwhile: by another worker, which read the same
            logger.warning("ingest.failed", account=account.handle, source=source, error=type(error).__name__)
    return new


async def _poll(account: Account, source: str, client: XClient, policies: Policies, clock: Clock) -> int:
    since = await newest_read(account.id, source)
    if source == MENTIONS:
        mentions = await client.mentions(since)
        gap = await find_gap(account.id, source, read=len(mentions), now=clock())
        new = await store_mentions(account, mentions, policies=policies, actor=POLLER, now=clock())
    else:
        events = await client.dm_events(since)
        gap = await find_gap(account.id, source, read=len(events), now=clock())
        new = await store_dms(account, events, policies=policies, actor=POLLER, now=clock())
    if gap is not None:
        logger.error("ingest.gap", account=account.handle, source=source)
        await record_gap(account, source, gap, actor=POLLER, now=clock())
    return new
