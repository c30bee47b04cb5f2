"""Whether there is room for one more message: permissions of the keys, credits, money, X's rate limits."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.domain.credentials import missing_scopes
from govern.domain.messages import Message
from govern.domain.publications import Hold
from govern.domain.x_prices import next_month
from govern.screening.x_rules import XRules
from govern.services.accounts import find_account
from govern.services.credentials import granted_scopes
from govern.services.passing import Passed, hold_publication
from govern.services.policies import Policies
from govern.services.rate_windows import Full, find_full, take_one
from govern.services.spending import Cost, cost_of, find_over_budget
from govern.services.x_app import credits_until, may_try

ASK_AGAIN = timedelta(minutes=15)
"""How often what waits for money is asked again: a ceiling may be raised."""
_NO_CREDITS = "X says that the app has no credits left. One message tries again every five minutes."


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is about to be sent, with what it costs."""

    publication: UUID
    message: Message
    lane: int
    not_after: datetime
    cost: Cost
    rules: XRules


async def wish_of(publication: UUID, message: Message, *, lane: int, not_after: datetime, policies: Policies) -> Wish:
    """Say what a locked message needs to be sent."""
    rules = policies.screening.x
    cost = await cost_of(message, prices=rules.prices, lane=lane)
    return Wish(publication=publication, message=message, lane=lane, not_after=not_after, cost=cost, rules=rules)


async def find_room(wish: Wish, *, now: datetime) -> Passed | None:
    """Hold what cannot go for want of permissions, credits, money or calls; nothing is taken and nothing locked."""
    message = wish.message
    granted, with_image = await granted_scopes(message.account_id), bool(message.revision.images)
    if missing := missing_scopes(granted, message.kind, with_image=with_image):
        sentence = f"The account is connected without {', '.join(missing)}; an admin must connect it again."
        return await hold_publication(wish.publication, message, Hold.SCOPE, sentence, now=now)
    if (until := await credits_until(now)) is not None:
        return await _hold(wish, Hold.CREDITS, _NO_CREDITS, until, now)
    own = (await find_account(message.account)).monthly_ceiling
    over = await find_over_budget(message.account_id, own, wish.cost, wish.lane, ceilings=wish.rules.ceilings, now=now)
    if over is not None:
        return await _hold(wish, Hold.BUDGET, over.sentence, min(next_month(now), now + ASK_AGAIN), now)
    full = await find_full(message.account_id, message.kind, wish.lane, limits=wish.rules.limits, now=now)
    return None if full is None else await _hold_full(wish, full, now)


async def take_room(wish: Wish, *, now: datetime) -> Passed | None:
    """Take one call out of X's windows, or hold what came second; the app's rows are locked last, until the claim is done."""
    message = wish.message
    full = await take_one(message.account_id, message.kind, wish.lane, limits=wish.rules.limits, now=now)
    if full is not None:
        return await _hold_full(wish, full, now)
    if (until := await may_try(now)) is not None:
        return await _hold(wish, Hold.CREDITS, _NO_CREDITS, until, now)
    return None


async def _hold_full(wish: Wish, full: Full, now: datetime) -> Passed:
    return await _hold(wish, Hold.LIMIT, full.sentence, full.window.reset_at + _spread(wish.publication), now)


async def _hold(wish: Wish, hold: Hold, sentence: str, until: datetime, now: datetime) -> Passed:
    """Hold it until then; but if its own time ends before, wake it to say so."""
    wake_at = min(until, wish.not_after + timedelta(seconds=1))
    return await hold_publication(wish.publication, wish.message, hold, sentence, wake_at=wake_at, now=now)


def _spread(publication: UUID) -> timedelta:
    """Between 0 and 5 s, so that not all come back at the same moment."""
    return timedelta(milliseconds=publication.int % 5_000)
