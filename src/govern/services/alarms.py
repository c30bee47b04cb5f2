"""What keeps messages from going out, told once per cause: for the overview."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action
from govern.domain.members import Actor
from govern.domain.x_prices import used_percent
from govern.screening.x_rules import XRules
from govern.services.limits import LimitsReport, Spend, read_limits
from govern.services.publications import FREE
from govern.tables import Account as AccountTable
from govern.tables import Message as MessageTable

LATE = timedelta(minutes=2)
UNKNOWN_FOR = timedelta(minutes=15)

_LATE = (
    """
SELECT count(*) AS count, min(p.wake_at) AS since FROM publication p
  JOIN message m ON m.id = p.message JOIN account a ON a.id = p.account
 WHERE p.closed_at IS NULL AND p.wake_at < {} AND m.state IN ('approved', 'scheduled') AND a.scope = ANY({})
   AND """
    + FREE
)
_UNKNOWN = """
SELECT count(*) AS count, min(m.updated_at) AS since FROM message m JOIN account a ON a.id = m.account
 WHERE m.state = 'outcome_unknown' AND m.updated_at < {} AND a.scope = ANY({})
"""
_ACCOUNTS = """
SELECT a.handle, a.state, p.hold, p.count, p.since FROM account a
  LEFT JOIN LATERAL (SELECT hold, count(*) AS count, min(hold_since) AS since FROM publication
     WHERE account = a.id AND closed_at IS NULL AND hold IN ('auth', 'scope', 'limit', 'budget', 'digest') GROUP BY hold) p ON true
 WHERE a.scope = ANY({}) AND (a.state = 'needs_reauth' OR p.hold IS NOT NULL) ORDER BY a.handle, p.hold
"""


class Cause(StrEnum):
    """What is wrong."""

    CREDITS = "credits"
    """X has no credits for the whole app."""
    RULES = "rules"
    """X refused what our rules of X allow."""
    LATE = "late"
    """Something is due for over two minutes and has not gone."""
    UNKNOWN = "unknown"
    """Nobody knows for over 15 minutes whether something is out."""
    REAUTH = "reauth"
    """An account must be connected again."""
    HELD = "held"
    """Messages of an account wait; `hold` says for what."""
    CEILING = "ceiling"
    """A month's ceiling is near, or reached."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One cause: for which account (None: for all), since when, how many messages it keeps back."""

    cause: Cause
    account: str | None = None
    count: int = 0
    since: datetime | None = None
    hold: str | None = None
    percent: int = 0
    what: str | None = None
    """Of `rules`, the rule; of `ceiling`, `company`, `reads` or `account`."""


async def list_alarms(
    *, rules: XRules, policy_digest: str, actor: Actor, access: Access, now: datetime
) -> Sequence[Alarm]:
    """Return what the actor should know of: of accounts they read, and of money and rules where they administer."""
    scopes = sorted(await access.where_can(actor, Action.MESSAGE_READ))
    found = [
        *_counted(Cause.LATE, rows(await MessageTable.raw(_LATE, now - LATE, scopes))),
        *_counted(Cause.UNKNOWN, rows(await MessageTable.raw(_UNKNOWN, now - UNKNOWN_FOR, scopes))),
        *_of_accounts(rows(await AccountTable.raw(_ACCOUNTS, scopes))),
    ]
    if COMPANY in await access.where_can(actor, Action.ACCOUNT_EDIT):
        report = await read_limits(rules=rules, policy_digest=policy_digest, actor=actor, access=access, now=now)
        found = [*_of_app(report), *found, *_of_money(report)]
    return found


def _counted(cause: Cause, counted: list[dict[str, object]]) -> Iterator[Alarm]:
    for row in counted:
        if row["count"]:
            yield msgspec.convert({**row, "cause": cause}, Alarm)


def _of_accounts(found: list[dict[str, object]]) -> Iterator[Alarm]:
    """Yield one alarm per account and cause: that its keys do not work says why its messages wait."""
    told = set()
    for row in found:
        lost = row["state"] == "needs_reauth"
        if lost and row["handle"] not in told:
            yield Alarm(cause=Cause.REAUTH, account=str(row["handle"]))
        told.add(row["handle"])
        if row["hold"] is not None and not (lost and row["hold"] == "auth"):
            about = {"cause": Cause.HELD, "account": row["handle"]}
            yield msgspec.convert({**about, **{name: row[name] for name in ("hold", "count", "since")}}, Alarm)


def _of_app(report: LimitsReport) -> Iterator[Alarm]:
    app = report.app
    if app is None:
        return
    if app.state.spent_at is not None:
        yield Alarm(cause=Cause.CREDITS, since=app.state.spent_at)
    if app.outdated:
        yield Alarm(cause=Cause.RULES, since=app.state.outdated_at, what=app.state.outdated_reason)


def _of_money(report: LimitsReport) -> Iterator[Alarm]:
    spends: list[tuple[str, str | None, Spend]] = []
    if report.app is not None:
        spends += [("company", None, report.app.spend), ("reads", None, report.app.reads)]
    spends += [("account", each.account.handle, each.spend) for each in report.accounts]
    for what, account, spend in spends:
        percent = used_percent(spend.spent, spend.ceiling)
        if spend.ceiling is not None and percent >= report.ceilings.warn_percent:
            yield Alarm(cause=Cause.CEILING, account=account, percent=percent, what=what)
