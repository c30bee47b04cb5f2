"""Compare what X is to send us with what it does, each hour: make, end, and have it look again at our address."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from govern import log
from govern.domain.conversations import EventKind
from govern.services.subscriptions import Wanted, keep_subscriptions, wanted_subscriptions
from govern.xapi.activity import ActivityClient, Subscription, Webhook
from govern.xapi.errors import XError

logger = log.get(__name__)
WHY = "it asks X to tell us what is written to us; who may read that is decided when it is read"
EVERY = timedelta(seconds=30)
"""How often it is asked whether a comparison is due: hourly, and soon for a new account or after a fault."""
TAG = "govern"
Clock = Callable[[], datetime]
ClientOf = Callable[[Wanted], Awaitable[ActivityClient | None]]
"""Speaks for one account; None if its keys do not open."""


async def subscribe(address: str, app: ActivityClient, client_of: ClientOf, *, clock: Clock) -> int:
    """Have X send each account's events to our address, and nothing else of ours; returns how many accounts are live.

    A fault is kept with the account it concerns; polling goes on in any case.
    """
    wanted = await wanted_subscriptions()
    try:
        webhook = await _webhook(address, app)
        real = [each for each in await app.subscriptions() if each.webhook_id == webhook.id]
        await _app_events(app, webhook, real)
        await _end_unwanted(app, real, wanted)
    except XError as error:
        for account in wanted:
            await keep_subscriptions(account.id, (), fault=str(error)[:500], now=clock())
        logger.warning("webhook.not_registered", error=type(error).__name__, reason=str(error))
        return 0
    by_user: dict[str, list[Subscription]] = {account.x_user_id: [] for account in wanted}
    for each in real:
        by_user.setdefault(each.user_id or "", []).append(each)
    live = 0
    for account in wanted:
        fault = await _account_events(account, webhook, by_user[account.x_user_id], client_of)
        await keep_subscriptions(account.id, account.events, fault=fault, now=clock())
        live += fault is None
    return live


async def _webhook(address: str, app: ActivityClient) -> Webhook:
    """Return our webhook as X knows it, made if it has none, and looked at again if X marked it invalid."""
    known = next((each for each in await app.webhooks() if each.url == address), None)
    if known is None:
        return await app.create_webhook(address)
    if not known.valid:
        await app.validate_webhook(known.id)
    return known


async def _app_events(app: ActivityClient, webhook: Webhook, real: Sequence[Subscription]) -> None:
    if not any(each.event_type == EventKind.REVOKED and each.user_id is None for each in real):
        await app.subscribe(EventKind.REVOKED, user_id=None, webhook_id=webhook.id, tag=TAG)


async def _end_unwanted(app: ActivityClient, real: Sequence[Subscription], wanted: Sequence[Wanted]) -> None:
    events: Mapping[str | None, Sequence[str]] = {account.x_user_id: account.events for account in wanted}
    for each in real:
        if each.user_id is not None and each.event_type not in events.get(each.user_id, ()):
            await app.unsubscribe(each.subscription_id)


async def _account_events(
    account: Wanted, webhook: Webhook, real: Sequence[Subscription], client_of: ClientOf
) -> str | None:
    """Subscribe to what is missing of one account; returns X's words if it refuses."""
    missing = [kind for kind in account.events if kind not in {each.event_type for each in real}]
    if not missing:
        return None
    client = await client_of(account)
    if client is None:
        return "Its keys cannot be opened."
    try:
        for kind in missing:
            await client.subscribe(kind, user_id=account.x_user_id, webhook_id=webhook.id, tag=TAG)
    except XError as error:
        logger.warning("webhook.not_subscribed", account=account.handle, error=type(error).__name__)
        return str(error)[:500]
    return None
