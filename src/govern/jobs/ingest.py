"""Read what people wrote to our accounts, page by page, and keep it once."""

from collections.abc import Callable
from datetime import datetime

from govern import log
from govern.domain.accounts import Account
from govern.domain.members import Actor, Via, system_actor
from govern.services.conversations import newest_read, store_dms, store_mentions
from govern.xapi.client import XClient
from govern.xapi.errors import XError

logger = log.get(__name__)
POLLER: Actor = system_actor("ingest", via=Via.JOB)


async def ingest(account: Account, client: XClient, *, clock: Callable[[], datetime]) -> int:
    """Poll an account's mentions and DMs and return how many were new; a fault of X leaves the cursor where it was."""
    try:
        mentions = await client.mentions(await newest_read(account.id, "mentions"))
        new = await store_mentions(account, mentions, actor=POLLER, now=clock())
        events = await client.dm_events(await newest_read(account.id, "dms"))
        return new + await store_dms(account, events, actor=POLLER, now=clock())
    except XError as error:
        logger.warning("ingest.failed", account=account.handle, error=type(error).__name__)
        return 0
