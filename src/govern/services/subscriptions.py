"""Which events X is to send us about each account, and which it does."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from govern.database import rows, transaction
from govern.domain.conversations import SCOPE_OF, EventKind
from govern.errors import N_
from govern.settings import Settings
from govern.tables import Subscription

PATH = "/x/webhook"
COMPARED, AGAIN = timedelta(hours=1), timedelta(minutes=1)
"""Between comparisons with X, and after a fault."""
LIVE = timedelta(hours=2)
"""What was compared with X longer ago is not relied on."""

_WANTED = """
SELECT a.id, a.handle, a.x_user_id::text AS x_user_id, c.scopes FROM account a
  JOIN account_credential c ON c.account = a.id AND c.kind = 'oauth2' AND c.state = 'active'
 WHERE a.state = 'connected' AND a.x_user_id IS NOT NULL ORDER BY a.handle
"""
_DUE = """
SELECT count(*) AS due FROM account a
  JOIN account_credential c ON c.account = a.id AND c.kind = 'oauth2' AND c.state = 'active'
  LEFT JOIN subscription s ON s.account = a.id
 WHERE a.state = 'connected' AND a.x_user_id IS NOT NULL
   AND (s.account IS NULL OR s.checked_at < {} OR (s.fault IS NOT NULL AND s.checked_at < {}))
"""
_KEEP = """
INSERT INTO subscription AS s (account, events, checked_at, fault) VALUES ({}, {}, {}, {})
ON CONFLICT (account) DO UPDATE SET events = excluded.events, checked_at = excluded.checked_at, fault = excluded.fault
"""
_FIND = "SELECT events, checked_at, fault FROM subscription WHERE account = {}"
_STALE = "SELECT count(*) AS stale FROM subscription WHERE fault IS NOT NULL OR checked_at < {}"


class Push(StrEnum):
    """How we learn of what is written to an account."""

    NO_ADDRESS = "no_address"
    """The settings name no public address: it is polled."""
    NO_OAUTH2 = "no_oauth2"
    """Its keys are OAuth 1.0a: X sends nothing about it, it is polled."""
    PENDING = "pending"
    """X was not asked yet, or not for long."""
    FAULT = "fault"
    """X refused, or marked our address invalid; it is polled meanwhile."""
    LIVE = "live"
    """X tells us at once; polling finds what that misses."""


PUSH_WORDS: Mapping[Push, str] = {
    Push.NO_ADDRESS: N_("Polled each minute or two: no public address for webhooks is set (GOVERN_X_WEBHOOK_URL)."),
    Push.NO_OAUTH2: N_("Polled each minute or two: X sends webhooks only for accounts connected with OAuth 2."),
    Push.PENDING: N_("Polled each minute or two until X confirms its webhooks."),
    Push.FAULT: N_("Polled each minute or two: X does not send webhooks now."),
    Push.LIVE: N_("X tells us at once; polling every 15 minutes finds what that misses."),
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An account that X can send events about."""

    id: UUID
    handle: str
    x_user_id: str
    scopes: tuple[str, ...]

    @property
    def events(self) -> tuple[EventKind, ...]:
        """What it has allowed us to hear of."""
        return tuple(kind for kind, scope in SCOPE_OF.items() if scope in self.scopes)


async def wanted_subscriptions() -> list[Wanted]:
    """Return every account that X can send events about."""
    return [msgspec.convert(row, Wanted) for row in rows(await Subscription.raw(_WANTED))]


async def subscriptions_due(*, now: datetime) -> bool:
    """Tell whether it is time to compare with X what it sends: for any account that is new, faulty, or unasked for long."""
    found = rows(await Subscription.raw(_DUE, now - COMPARED, now - AGAIN))
    return bool(found[0]["due"])


async def keep_subscriptions(account: UUID, events: Sequence[str], *, fault: str | None, now: datetime) -> None:
    """Note what X sends about an account, as it said just now; nobody decided it, so no entry tells of it."""
    async with transaction():
        await Subscription.raw(_KEEP, account, list(events), now, fault)


async def push_state(account: UUID, *, oauth2: bool, settings: Settings, now: datetime) -> tuple[Push, str]:
    """Return how we learn of what is written to an account, and X's own words where it refuses."""
    if not settings.x_webhook_url:
        return Push.NO_ADDRESS, ""
    if not oauth2:
        return Push.NO_OAUTH2, ""
    found = rows(await Subscription.raw(_FIND, account))
    return _state(found[0] if found else None, now)


async def count_stale(*, now: datetime) -> int:
    """Count accounts whose webhooks do not work, or were not compared with X for two hours."""
    return int(rows(await Subscription.raw(_STALE, now - LIVE))[0]["stale"])


def webhook_address(settings: Settings) -> str:
    """Return where X is to send events."""
    return settings.x_webhook_url.rstrip("/") + PATH


def _state(row: Mapping[str, Any] | None, now: datetime) -> tuple[Push, str]:
    if row is None or now - row["checked_at"] > LIVE:
        return Push.PENDING, ""
    return (Push.FAULT, row["fault"]) if row["fault"] else (Push.LIVE, "")
