"""Erased people who said stop: a keyed hash of their X id stays, so that they are left alone when they come back."""

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from govern.database import rows
from govern.domain.accounts import COMPANY
from govern.domain.consent import ConsentEvent, ConsentKind, Purpose
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.services.consent_events import insert_event, list_events
from govern.settings import current
from govern.tables import Suppression

SOURCE = "suppression"
_PLACES = """
SELECT e.id, coalesce(CASE WHEN e.kind = 'contact_blocked' THEN a.scope END, b.scope, a.scope) AS scope
  FROM consent_event e LEFT JOIN account a ON a.id = e.account LEFT JOIN brand b ON b.id = e.brand WHERE e.contact = {}
"""
_KEEP = """
INSERT INTO suppression (id, hash, scope, since) VALUES ({}, {}, {}, {}) ON CONFLICT (hash, scope, since) DO NOTHING
"""
_FIND = """
SELECT s.scope, max(s.since) AS since, a.id AS account, b.id AS brand FROM suppression s
  LEFT JOIN account a ON a.scope = s.scope LEFT JOIN brand b ON b.scope = s.scope WHERE s.hash = {} GROUP BY 1, 3, 4
"""


async def keep_suppressions(contact: UUID, x_user_id: str, *, now: datetime) -> None:
    """Keep, per place, since when a person who is being erased wants no messages, in the caller's transaction."""
    places = {row["id"]: row["scope"] for row in rows(await Suppression.raw(_PLACES, contact))}
    stops = [event for event in await list_events(contact) if _is_stop(event)]
    for scope in sorted({places.get(event.id) or COMPANY for event in stops}):
        since = max(event.counts_from for event in stops if (places.get(event.id) or COMPANY) == scope)
        await Suppression.raw(_KEEP, uuid7(now), _hash(x_user_id), scope, since)


async def restore_stops(contact: UUID, x_user_id: str, *, scope: str, actor: Actor, now: datetime) -> None:
    """Say stop for a person who came back after they were erased, in the caller's transaction; once for each place."""
    for row in rows(await Suppression.raw(_FIND, _hash(x_user_id))):
        blocked = row["account"] is not None
        event = ConsentEvent(
            id=uuid7(now),
            contact=contact,
            account=row["account"],
            brand=row["brand"],
            kind=ConsentKind.CONTACT_BLOCKED if blocked else ConsentKind.OPT_OUT,
            purpose=Purpose.ALL,
            occurred_at=row["since"],
            recorded_at=now,
            source=SOURCE,
            source_event_id=f"{contact}:{row['scope']}"[:80],
            evidence={},
            recorded_by=actor.id,
        )
        await insert_event(event, scope=scope, actor=actor, now=now)


def _is_stop(event: ConsentEvent) -> bool:
    stops = event.kind is ConsentKind.OPT_OUT and event.purpose is not Purpose.PROMOTIONAL
    return stops or event.kind is ConsentKind.CONTACT_BLOCKED


def _hash(x_user_id: str) -> bytes:
    key = hmac.digest(current().secret_key.encode(), b"govern/suppression/v1", hashlib.sha256)
    return hmac.digest(key, x_user_id.encode(), hashlib.sha256)
