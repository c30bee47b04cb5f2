"""Read what people wrote to our accounts, page by page, and keep it once."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from govern import log
from govern.domain.accounts import Account
from govern.domain.members import Actor, Via, system_actor
from govern.services.conversations import newest_read, store_dms, store_mentions
from govern.services.credentials import report_auth_lost
from govern.services.policies import Policies
from govern.services.use_case import DoneMeanwhile
from govern.xapi.client import XClient
from govern.xapi.errors import AuthLost, XError

logger = log.get(__name__)
WHY = "what people write to us is kept whoever works here; who may read it is decided when it is read"
POLLER: Actor = system_actor("ingest", via=Via.JOB)
Clock = Callable[[], datetime]


async def ingest(account: Account, client: XClient, *, policies: Policies, clock: Clock) -> int:
    """Poll an account's mentions and DMs and return how many were new.

    A fault of X leaves the cursor of its source where it was, and the other source is read all the same.
    """
    new = 0
    polls: tuple[Callable[[Account, XClient, Policies, Clock], Awaitable[int]], ...] = (_mentions, _dms)
    for poll in polls:
        try:
            new += await poll(account, client, policies, clock)
        except AuthLost as lost:
            await report_auth_lost(account.id, version=lost.version, actor=POLLER, now=clock())
            break
        except (XError, DoneMeanwhile) as error:  # done meanwhile: by another worker, which read the same
            logger.warning("ingest.failed", account=account.handle, poll=poll.__name__, error=type(error).__name__)
    return new


async def _mentions(account: Account, client: XClient, policies: Policies, clock: Clock) -> int:
    found = await client.mentions(await newest_read(account.id, "mentions"))
    return await store_mentions(account, found, policies=policies, actor=POLLER, now=clock())


async def _dms(account: Account, client: XClient, policies: Policies, clock: Clock) -> int:
    found = await client.dm_events(await newest_read(account.id, "dms"))
    return await store_dms(account, found, policies=policies, actor=POLLER, now=clock())
