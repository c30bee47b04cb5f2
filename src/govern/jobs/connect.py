"""Exchange the code of a connection for tokens, see whose they are, and keep them; or make X forget them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from govern import log
from govern.access import Access
from govern.domain.actions import Action
from govern.domain.credentials import ConnectFault
from govern.services.oauth_codes import TakenCode, fail_connect, finish_connect, take_code
from govern.xapi.client import XUser
from govern.xapi.credentials import BearerToken
from govern.xapi.errors import XError
from govern.xapi.oauth import OAuthApp, TokenPair, exchange, revoke
from govern.xapi.oauth_errors import AppRefused, OAuthError, TokenRefused
from govern.xapi.tweepy_client import TweepyClient
from govern.xapi.vault import Vault

logger = log.get(__name__)
ACTION = Action.ACCOUNT_CONNECT
ASK = timedelta(seconds=10)


async def connect(
    pending: str, *, app: OAuthApp, base_url: str, vault: Vault, access: Access, clock: Callable[[], datetime]
) -> ConnectFault | None:
    """Finish what a member began; return why it came to nothing. Runs zero, one or more times: the code is taken once."""
    taken = await take_code(UUID(pending), now=clock())
    if taken is None:
        return None
    try:
        tokens = await exchange(app, taken.code, verifier=taken.verifier)
    except OAuthError as error:
        logger.warning("account.code_not_exchanged", account=taken.handle, reason=error.code)
        return await _fail(taken, _fault_of(error), clock=clock)
    fault: ConnectFault | None = ConnectFault.AWAY
    x_user: XUser | None = None
    try:
        x_user = await _whose(tokens, base_url)
        if x_user is not None:
            fault = await finish_connect(taken, tokens, x_user=x_user, vault=vault, access=access, now=clock())
    finally:
        if fault is not None:  # also when the database went away: nobody keeps these tokens, so nobody may use them
            await forget(app, tokens)
    if fault is None:
        logger.info("account.connected", account=taken.handle)
        return None
    other = x_user.handle if x_user and fault is ConnectFault.WRONG_USER else None
    return await _fail(taken, fault, other=other, clock=clock)


async def forget(app: OAuthApp, tokens: TokenPair) -> None:
    """Make X forget tokens that nobody keeps."""
    pair = (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token))
    for kind, token in pair:
        try:
            if token:
                await revoke(app, token, kind=kind)
        except OAuthError as error:
            logger.warning("account.token_not_revoked", kind=kind, reason=error.code)


async def _whose(tokens: TokenPair, base_url: str) -> XUser | None:
    """Ask X for whom these tokens speak; None if it does not say."""
    try:
        return await TweepyClient(BearerToken(access_token=tokens.access_token), base_url=base_url, timeout=ASK).me()
    except XError as error:
        logger.warning("account.owner_unknown", reason=error.code)
        return None


async def _fail(
    taken: TakenCode, fault: ConnectFault, *, other: str | None = None, clock: Callable[[], datetime]
) -> ConnectFault:
    await fail_connect(taken, fault, other_handle=other, now=clock())
    return fault


def _fault_of(error: OAuthError) -> ConnectFault:
    if isinstance(error, TokenRefused):
        return ConnectFault.REFUSED
    return ConnectFault.APP if isinstance(error, AppRefused) else ConnectFault.AWAY
