"""Ask X each day about the posts we keep: what is gone there goes here as well."""

from collections.abc import Callable
from datetime import datetime, timedelta

from govern import log
from govern.domain.accounts import Account
from govern.domain.members import Actor, Via, system_actor
from govern.services.credentials import report_auth_lost
from govern.services.rechecking import apply_recheck, posts_to_recheck
from govern.xapi.client import XClient
from govern.xapi.errors import AuthLost, XError

logger = log.get(__name__)
WHY = "what X says is gone is kept by nobody, whoever works here"
ASKER: Actor = system_actor("ingest", via=Via.JOB)
EVERY = timedelta(minutes=15)
Clock = Callable[[], datetime]


async def recheck(account: Account, client: XClient, *, clock: Clock) -> int:
    """Ask about up to 100 posts of an account that were not asked about today; returns how many changed here."""
    kept = await posts_to_recheck(account.id, now=clock())
    if not kept:
        return 0
    try:
        said = await client.look_up_posts([post.x_id for post in kept])
    except AuthLost as lost:
        await report_auth_lost(account.id, version=lost.version, actor=ASKER, now=clock())
        return 0
    except XError as error:
        logger.warning("recheck.failed", account=account.handle, error=type(error).__name__)
        return 0
    return await apply_recheck(account, kept, said, actor=ASKER, now=clock())
