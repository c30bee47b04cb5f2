"""What sending and reading cost, by the prices of `x.toml`: estimates, X's bill is the truth."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from govern.database import rows, transaction
from govern.domain.ids import uuid7
from govern.domain.messages import Kind, Message
from govern.domain.reply_levels import is_dot_reply
from govern.domain.x_limits import ANSWERS, TIMED, X_APP
from govern.domain.x_prices import MICRO, Ceilings, CostKind, Line, Prices, fits, lines_of, month_of, total
from govern.screening.tweet_urls import extract_urls
from govern.screening.x_rules import XRules
from govern.tables import Inbound, PollCursor, XCost, XSpend

SLOW_POLL = timedelta(minutes=15)
"""How often an account is polled where the month's reading has reached its ceiling."""

_SUMMONED = "SELECT id FROM inbound WHERE account = {} AND x_kind = 'post' AND x_id = {} LIMIT 1"
_POLLED = "SELECT max(polled_at) AS at FROM poll_cursor WHERE account = {}"
_SPENT = """
SELECT coalesce(sum(sends) FILTER (WHERE account = {}), 0)::bigint AS account, coalesce(sum(sends), 0)::bigint AS company,
       coalesce(sum(reads), 0)::bigint AS reads
  FROM x_spend WHERE x_app = {} AND month = {}
"""
_ADD = """
INSERT INTO x_spend AS s (id, x_app, account, month, sends, unplanned, reads) VALUES ({}, {}, {}, {}, {}, {}, {})
ON CONFLICT (x_app, account, month) DO UPDATE SET
  sends = s.sends + excluded.sends, unplanned = s.unplanned + excluded.unplanned, reads = s.reads + excluded.reads
"""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a message costs if it goes out, by the prices of a day."""

    lines: tuple[Line, ...]
    as_of: date
    planned: bool = False
    """It has a fixed time: a forecast knows of it beforehand."""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """A month's costs so far, in millionths of a dollar: what an account and the company sent, what all read."""

    account: int
    company: int
    reads: int


class OverBudget(msgspec.Struct, frozen=True, kw_only=True):
    """Which ceiling a message would break, in whole dollars; `whose` is `company` or `account`."""

    whose: str
    ceiling: int

    @property
    def sentence(self) -> str:
        """Say it to whoever waits for the message."""
        of = "of the company" if self.whose == "company" else "of this account"
        return f"The monthly ceiling {of} is reached ({self.ceiling} USD, by our estimate)."


async def cost_of(message: Message, *, prices: Prices, lane: int) -> Cost:
    """Return what sending a message costs."""
    lines = lines_of(
        prices,
        message.kind,
        has_url=bool(extract_urls(message.revision.text)),
        summoned=await _is_summoned(message),
        images=len(message.revision.images),
    )
    return Cost(lines=lines, as_of=prices.as_of, planned=lane == TIMED)


async def _is_summoned(message: Message) -> bool:
    if message.kind is not Kind.REPLY or message.in_reply_to is None:
        return False
    if is_dot_reply(message.kind, message.reply_level):
        return False  # to X it is a post
    return bool(rows(await Inbound.raw(_SUMMONED, message.account_id, int(message.in_reply_to))))


async def spent_in(account: UUID, month: date) -> Spent:
    """Return what a month has cost so far."""
    return msgspec.convert(rows(await XSpend.raw(_SPENT, account, X_APP, month))[0], Spent)


async def find_over_budget(
    account: UUID, own_ceiling: int | None, cost: Cost, lane: int, *, ceilings: Ceilings, now: datetime
) -> OverBudget | None:
    """Say which ceiling a message would break this month.

    Two accounts at once may each send their last one: the sum may end above by what is in flight, one per account.
    """
    spent, price = await spent_in(account, month_of(now)), total(cost.lines)
    own = ceilings.account if own_ceiling is None else own_ceiling
    for whose, sum_, ceiling in (("account", spent.account, own), ("company", spent.company, ceilings.company)):
        fit = fits(
            spent=sum_,
            cost=price,
            ceiling=ceiling,
            answers=lane == ANSWERS,
            reserve_percent=ceilings.answers_reserve_percent,
        )
        if ceiling is not None and not fit:
            return OverBudget(whose=whose, ceiling=ceiling)
    return None


async def record_cost(account: UUID, publication: UUID, cost: Cost, *, now: datetime) -> None:
    """Write down what a message cost, in the caller's transaction."""
    price = total(cost.lines)
    await _insert(account, cost.lines, publication=publication, as_of=cost.as_of, now=now)
    unplanned = 0 if cost.planned else price
    await XSpend.raw(_ADD, uuid7(now), X_APP, account, month_of(now), price, unplanned, 0)


async def record_reads(account: UUID, reads: dict[CostKind, int], *, prices: Prices, now: datetime) -> None:
    """Write down what reading for an account cost, in a transaction of its own; what cost nothing leaves no row."""
    lines = [Line(kind, units, units * prices.of(kind)) for kind, units in reads.items() if units]
    if not lines:
        return
    async with transaction():
        await _insert(account, lines, publication=None, as_of=prices.as_of, now=now)
        await XSpend.raw(_ADD, uuid7(now), X_APP, account, month_of(now), 0, 0, total(tuple(lines)))


async def is_poll_due(account: UUID, *, rules: XRules, now: datetime) -> bool:
    """Tell whether an account is to be polled now: once the month's ceiling of reading is spent, X is asked more rarely."""
    if rules.ceilings.reads is None:
        return True
    found = rows(await XSpend.raw(_SPENT, None, X_APP, month_of(now)))[0]
    if int(found["reads"]) < rules.ceilings.reads * MICRO:
        return True
    last = rows(await PollCursor.raw(_POLLED, account))
    return last[0]["at"] is None or now - last[0]["at"] >= SLOW_POLL


async def _insert(
    account: UUID, lines: Iterable[Line], *, publication: UUID | None, as_of: date, now: datetime
) -> None:
    for line in lines:
        await XCost.insert(
            XCost(
                id=uuid7(now),
                counted_at=now,
                x_app=X_APP,
                account=account,
                publication=publication,
                kind=line.kind.value,
                units=line.units,
                micro_usd=line.micro_usd,
                price_date=as_of,
            )
        )
