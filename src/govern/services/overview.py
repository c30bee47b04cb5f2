"""The figures of the overview: what needs somebody now, and how the last 14 days went. Persons are never ranked."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Action
from govern.domain.members import Actor
from govern.services.accounts import list_accounts
from govern.tables import Message as MessageTable

DAYS = 14
SOON = timedelta(minutes=15)

_NOW = """
SELECT count(*) FILTER (WHERE m.state = 'pending_approval') AS waiting,
       count(*) FILTER (WHERE m.state = 'pending_approval' AND m.deadline_at < {}) AS late,
       count(*) FILTER (WHERE m.state = 'pending_approval' AND m.deadline_at BETWEEN {} AND {}) AS due_soon,
       count(*) FILTER (WHERE m.state = 'outcome_unknown') AS unknown,
       min(m.deadline_at) FILTER (WHERE m.state = 'pending_approval') AS first_due_at,
       count(*) FILTER (WHERE m.state = 'pending_approval' AND m.updated_at > {}) AS under_15,
       count(*) FILTER (WHERE m.state = 'pending_approval' AND m.updated_at <= {} AND m.updated_at > {}) AS to_1h,
       count(*) FILTER (WHERE m.state = 'pending_approval' AND m.updated_at <= {}) AS over_1h
  FROM message m JOIN account a ON a.id = m.account
 WHERE m.state IN ('pending_approval', 'outcome_unknown') AND a.scope = ANY({})
"""
_SENT = """
SELECT (p.closed_at AT TIME ZONE {})::date AS day,
       count(*) FILTER (WHERE m.kind <> 'post') AS replies, count(*) FILTER (WHERE m.kind = 'post') AS posts
  FROM message m JOIN account a ON a.id = m.account
  JOIN revision r ON r.message = m.id AND r.number = m.current_revision JOIN publication p ON p.revision = r.id
 WHERE m.state = 'sent' AND p.closed_at > {} AND a.scope = ANY({}) GROUP BY 1 ORDER BY 1
"""
_BLOCKED = """
SELECT f.rule, count(DISTINCT r.id) AS blocked FROM screening s
  JOIN revision r ON r.id = s.revision JOIN message m ON m.id = r.message JOIN account a ON a.id = m.account,
  LATERAL (SELECT DISTINCT e ->> 'rule' AS rule FROM jsonb_array_elements(s.findings) e
            WHERE e ->> 'decision' = 'block') f
 WHERE m.kind = 'dm' AND s.moment = 'submit' AND s.decision = 'block' AND s.created_at > {} AND a.scope = ANY({})
 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 6
"""
_SUBMITTED = """
SELECT count(DISTINCT r.id) AS submitted, count(DISTINCT r.id) FILTER (WHERE s.decision = 'block') AS blocked
  FROM screening s JOIN revision r ON r.id = s.revision
  JOIN message m ON m.id = r.message JOIN account a ON a.id = m.account
 WHERE m.kind = 'dm' AND s.moment = 'submit' AND s.created_at > {} AND a.scope = ANY({})
"""
_BY_ACCOUNT = """
SELECT a.handle, count(*) FILTER (WHERE m.state = 'sent' AND m.kind = 'post' AND m.updated_at > {}) AS posts,
       count(*) FILTER (WHERE m.state = 'sent' AND m.kind <> 'post' AND m.updated_at > {}) AS replies,
       count(*) FILTER (WHERE m.state = 'pending_approval') AS waiting,
       count(*) FILTER (WHERE m.state = 'pending_approval' AND m.deadline_at < {}) AS late
  FROM message m JOIN account a ON a.id = m.account WHERE a.scope = ANY({}) GROUP BY 1
"""


class DaySent(msgspec.Struct, frozen=True, kw_only=True):
    """What went out on a day."""

    day: date
    replies: int
    posts: int


class BlockedBy(msgspec.Struct, frozen=True, kw_only=True):
    """How many DMs a rule blocked."""

    rule: str
    blocked: int


class AccountFigures(msgspec.Struct, frozen=True, kw_only=True):
    """An account's last 14 days, and what waits now."""

    account: Account
    posts: int = 0
    replies: int = 0
    waiting: int = 0
    late: int = 0


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the overview shows."""

    waiting: int
    late: int
    due_soon: int
    unknown: int
    first_due_at: datetime | None
    under_15: int
    to_1h: int
    over_1h: int
    sent: list[DaySent]
    blocked: list[BlockedBy]
    dm_submitted: int
    dm_blocked: int
    accounts: list[AccountFigures]


async def overview(*, zone: str, actor: Actor, access: Access, now: datetime) -> Overview:
    """Gather the figures of the accounts the actor may read; days are those of `zone`."""
    scopes = sorted(await access.where_can(actor, Action.MESSAGE_READ))
    since = now - timedelta(days=DAYS)
    quarter, hour = now - SOON, now - timedelta(hours=1)
    waiting = rows(await MessageTable.raw(_NOW, now, now, now + SOON, quarter, quarter, hour, hour, scopes))[0]
    sent = {row["day"]: row for row in rows(await MessageTable.raw(_SENT, zone, since, scopes))}
    figures = {row["handle"]: row for row in rows(await MessageTable.raw(_BY_ACCOUNT, since, since, now, scopes))}
    dms = rows(await MessageTable.raw(_SUBMITTED, since, scopes))[0]
    today = now.astimezone(ZoneInfo(zone)).date()
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    return Overview(
        **waiting,
        sent=[msgspec.convert(sent.get(day, {"day": day, "replies": 0, "posts": 0}), DaySent) for day in days],
        blocked=[msgspec.convert(row, BlockedBy) for row in rows(await MessageTable.raw(_BLOCKED, since, scopes))],
        dm_submitted=dms["submitted"],
        dm_blocked=dms["blocked"],
        accounts=[
            msgspec.convert({"account": account, **figures.get(account.handle, {})}, AccountFigures)
            for account in await list_accounts(actor=actor, access=access)
        ],
    )
