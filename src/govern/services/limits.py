"""Limits and costs, as admins see them: what is left of X's windows, what the month costs, what waits for it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.members import Actor
from govern.domain.messages import Kind
from govern.domain.x_limits import X_APP
from govern.domain.x_prices import Ceilings, CostKind, Prices, forecast, month_of, next_month
from govern.screening.x_rules import XRules
from govern.services.accounts import accounts_at
from govern.services.rate_windows import Window, list_windows
from govern.services.use_case import use_case
from govern.services.x_app import AppState, read_app
from govern.tables import Publication, XSpend

_SPENT = "SELECT account, sends, unplanned, reads FROM x_spend WHERE x_app = {} AND month = {}"
# A link is told by its scheme here: it is a forecast.
_QUEUE = """
SELECT p.account, count(*) FILTER (WHERE m.kind = 'dm') AS dm, count(*) FILTER (WHERE m.kind <> 'dm' AND u.has) AS urls,
       count(*) FILTER (WHERE m.kind <> 'dm' AND NOT u.has) AS posts
  FROM publication p JOIN message m ON m.id = p.message JOIN revision r ON r.id = p.revision,
  LATERAL (SELECT r.text ~* 'https?://' AS has) u
 WHERE p.closed_at IS NULL AND p.due_at < {} AND p.tries = 0 AND m.state IN ('approved', 'scheduled') GROUP BY 1
"""
_HELD = """
SELECT account, hold, count(*) AS held FROM publication
 WHERE closed_at IS NULL AND hold IN ('limit', 'budget', 'credits', 'scope', 'rule') GROUP BY 1, 2
"""


class Spend(msgspec.Struct, frozen=True, kw_only=True):
    """A month's money in millionths of a dollar; `ceiling` in whole dollars, None where there is none."""

    spent: int = 0
    forecast: int = 0
    ceiling: int | None = None


class AccountLimits(msgspec.Struct, frozen=True, kw_only=True):
    """One account: its windows, its money, and how many messages wait for which of them."""

    account: Account
    windows: Sequence[Window]
    spend: Spend
    held: dict[str, int]
    own_ceiling: bool


class AppLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The whole X app: its day of private messages, and what all accounts together cost."""

    windows: Sequence[Window]
    spend: Spend
    reads: Spend
    state: AppState
    outdated: bool
    """X contradicted the rules that are in force now."""


class LimitsReport(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `app` is None for who runs single accounts only."""

    at: datetime
    month_ends: datetime
    prices: Prices
    ceilings: Ceilings
    accounts: Sequence[AccountLimits]
    app: AppLimits | None


class _Money(msgspec.Struct, frozen=True, kw_only=True):
    sends: int = 0
    unplanned: int = 0
    reads: int = 0
    queue: int = 0

    def spend(self, ceiling: int | None, now: datetime) -> Spend:
        ahead = forecast(spent=self.sends, unplanned=self.unplanned, scheduled=self.queue, now=now)
        return Spend(spent=self.sends, forecast=ahead, ceiling=ceiling)


async def read_limits(
    *, rules: XRules, policy_digest: str, actor: Actor, access: Access, now: datetime
) -> LimitsReport:
    """Return limits and costs of the accounts the actor administers.

    Raises:
        Denied: they administer none.
    """
    async with use_case(actor=actor, now=now):
        scopes = await access.where_can(actor, Action.ACCOUNT_EDIT)
        if not scopes:
            await access.require(actor, Action.ACCOUNT_EDIT, Target(COMPANY))
        accounts = await accounts_at(scopes)
        money, held = await _money(rules.prices, now), await _held()
        lines = [
            AccountLimits(
                account=account,
                windows=[
                    window
                    for kind in (Kind.POST, Kind.DM)
                    for window in await list_windows(account.id, kind, limits=rules.limits, now=now)
                ],
                spend=money.get(account.id, _Money()).spend(ceiling_of(account, rules.ceilings), now),
                held=held.get(account.id, {}),
                own_ceiling=account.monthly_ceiling is not None,
            )
            for account in accounts
        ]
        whole = await _app(list(money.values()), rules, policy_digest, now) if COMPANY in scopes else None
    return LimitsReport(
        at=now,
        month_ends=next_month(now),
        prices=rules.prices,
        ceilings=rules.ceilings,
        accounts=lines,
        app=whole,
    )


def ceiling_of(account: Account, ceilings: Ceilings) -> int | None:
    """Return what an account may spend in a month: its own ceiling, or that of all."""
    return ceilings.account if account.monthly_ceiling is None else account.monthly_ceiling


async def _app(money: Sequence[_Money], rules: XRules, policy_digest: str, now: datetime) -> AppLimits:
    whole = _Money(
        **{name: sum(getattr(each, name) for each in money) for name in ("sends", "unplanned", "reads", "queue")}
    )
    state = await read_app()
    ahead = forecast(spent=whole.reads, unplanned=whole.reads, scheduled=0, now=now)
    windows = [
        window
        for kind in (Kind.POST, Kind.DM)
        for window in await list_windows(None, kind, limits=rules.limits, now=now)
    ]
    return AppLimits(
        windows=windows,
        spend=whole.spend(rules.ceilings.company, now),
        reads=Spend(spent=whole.reads, forecast=ahead, ceiling=rules.ceilings.reads),
        state=state,
        outdated=state.outdated_digest == policy_digest,
    )


async def _money(prices: Prices, now: datetime) -> dict[object, _Money]:
    """Return what each account spent this month, and what its queue costs until the month's end."""
    spent = {row.pop("account"): row for row in rows(await XSpend.raw(_SPENT, X_APP, month_of(now)))}
    queue = {row["account"]: row for row in rows(await Publication.raw(_QUEUE, next_month(now)))}
    return {
        account: _Money(**spent.get(account, {}), queue=_queued(queue.get(account), prices))
        for account in {*spent, *queue}
    }


def _queued(row: dict[str, int] | None, prices: Prices) -> int:
    if row is None:
        return 0
    return (
        row["dm"] * prices.of(CostKind.DM)
        + row["urls"] * prices.of(CostKind.POST_WITH_URL)
        + row["posts"] * prices.of(CostKind.POST)
    )


async def _held() -> dict[object, dict[str, int]]:
    found: dict[object, dict[str, int]] = {}
    for row in rows(await Publication.raw(_HELD)):
        found.setdefault(row["account"], {})[row["hold"]] = row["held"]
    return found
