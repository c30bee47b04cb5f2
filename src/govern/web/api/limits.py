"""Limits and costs: what is left of X's windows, and what the month costs."""

from datetime import date, datetime

import msgspec
from litestar import get

from govern.domain.actions import Action
from govern.domain.x_limits import kept_for_answers
from govern.services.limits import AppLimits, Spend, read_limits
from govern.services.rate_windows import Window
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, CurrentPolicies, Now


class WindowJson(msgspec.Struct, kw_only=True):
    """A window of X's; `kept_for_answers` of what remains is left to answers. `counted_by_x`: X itself told the numbers."""

    bucket: str
    limit: int
    remaining: int
    kept_for_answers: int
    reset_at: datetime
    counted_by_x: bool


class SpendJson(msgspec.Struct, kw_only=True):
    """Estimates in millionths of a US dollar; the ceiling is in whole dollars."""

    spent_micro_usd: int
    forecast_micro_usd: int
    ceiling_usd: int | None


class AccountLimitsJson(msgspec.Struct, kw_only=True):
    """One account; `held` counts the messages that wait, by the code of what they wait for."""

    account: str
    windows: list[WindowJson]
    month: SpendJson
    held: dict[str, int]


class AppLimitsJson(msgspec.Struct, kw_only=True):
    """The whole X app. `rules_outdated` is the rule of `x.toml` that X contradicted, if one is."""

    windows: list[WindowJson]
    month: SpendJson
    reads: SpendJson
    no_credits_since: datetime | None
    rules_outdated: str | None


class LimitsJson(msgspec.Struct, kw_only=True):
    """What you administer. `app` is null for who runs single accounts only. Money is estimated: X's bill is the truth."""

    at: datetime
    month_ends: datetime
    prices_as_of: date
    accounts: list[AccountLimitsJson]
    app: AppLimitsJson | None


@get(
    "/limits",
    summary="Read limits and costs",
    tags=("accounts",),
    opt={"action": Action.ACCOUNT_EDIT},
    responses=problems(403, 422),
)
async def read_all(*, actor: CurrentActor, access: CurrentAccess, policies: CurrentPolicies, now: Now) -> LimitsJson:
    policy = policies.screening
    found = await read_limits(rules=policy.x, policy_digest=policy.digest, actor=actor, access=access, now=now)
    return LimitsJson(
        at=found.at,
        month_ends=found.month_ends,
        prices_as_of=found.prices.as_of,
        accounts=[
            AccountLimitsJson(
                account=each.account.handle,
                windows=[_window(window) for window in each.windows],
                month=_spend(each.spend),
                held=each.held,
            )
            for each in found.accounts
        ],
        app=_app(found.app) if found.app else None,
    )


def _app(app: AppLimits) -> AppLimitsJson:
    return AppLimitsJson(
        windows=[_window(window) for window in app.windows],
        month=_spend(app.spend),
        reads=_spend(app.reads),
        no_credits_since=app.state.spent_at,
        rules_outdated=app.state.outdated_reason if app.outdated else None,
    )


def _window(window: Window) -> WindowJson:
    return WindowJson(
        bucket=window.bucket.name,
        limit=window.quota,
        remaining=window.remaining,
        kept_for_answers=kept_for_answers(window.quota, window.bucket.kept_percent),
        reset_at=window.reset_at,
        counted_by_x=window.seen_at is not None,
    )


def _spend(spend: Spend) -> SpendJson:
    return SpendJson(spent_micro_usd=spend.spent, forecast_micro_usd=spend.forecast, ceiling_usd=spend.ceiling)
