"""Keep tokens alive ahead of need, and let X forget those of ended connections."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from govern import log
from govern.services.refreshing import POOL_SIZE, Renewing, keep_fresh, list_renewals_due, refresh_credential
from govern.services.revoking import confirm_revoked, list_revocations_due, open_ended
from govern.xapi.oauth import revoke
from govern.xapi.oauth_errors import OAuthError, TokenRefused
from govern.xapi.vault import BrokenSeal, MissingKey

logger = log.get(__name__)
WHY = "it keeps alive, or ends at X, what an admin connected or disconnected; it decides nothing anew"
EVERY = timedelta(minutes=1)
Clock = Callable[[], datetime]


async def renew(*, renewing: Renewing, clock: Clock) -> int:
    """Renew what is due, as many at a time as the pool has connections; return how many X renewed.

    Safe to run twice, and at once. A fault of one account is no fault of the next; it is tried again in a minute.
    """
    due = await list_renewals_due(now=clock())
    done = 0
    for start in range(0, len(due), POOL_SIZE):
        batch = due[start : start + POOL_SIZE]
        done += sum(await asyncio.gather(*(_renew(account, renewing, clock) for account in batch)))
    for account in await list_revocations_due():
        await end(account, renewing=renewing, clock=clock)
    return done


async def before_use(account: UUID, *, renewing: Renewing, clock: Clock) -> None:
    """See that a token lives long enough for what comes next. If X gives none, what comes next says what is wrong."""
    try:
        await keep_fresh(account, renewing=renewing, now=clock())
    except (OAuthError, MissingKey, BrokenSeal) as error:
        logger.warning("account.token_not_renewed", account=str(account), reason=error.code)


async def end(account: UUID, *, renewing: Renewing, clock: Clock) -> None:
    """Tell X to forget an account's tokens, once it was disconnected here. Safe to run twice."""
    try:
        ended = await open_ended(account, vault=renewing.vault)
        if ended is None:
            return
        for kind, token in ended.tokens:
            await revoke(renewing.app, token, kind=kind)
    except (OAuthError, MissingKey, BrokenSeal) as error:
        logger.warning("account.token_not_revoked", account=str(account), reason=error.code)
        return
    await confirm_revoked(ended, now=clock())


async def _renew(account: UUID, renewing: Renewing, clock: Clock) -> bool:
    try:
        return await refresh_credential(account, ahead=True, renewing=renewing, now=clock())
    except TokenRefused:
        logger.error("account.tokens_spent", account=str(account))  # noqa: TRY400 - the account says it
    except (OAuthError, MissingKey, BrokenSeal) as error:
        logger.warning("account.token_not_renewed", account=str(account), reason=error.code)
    return False
