"""The facts the right to write is derived from: read, and added; never changed."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Decision
from govern.domain.audit import ConsentRecorded, ObjectRef
from govern.domain.consent import ConsentEvent, ConsentKind, Purpose
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.services import audit
from govern.tables import ConsentEvent as ConsentTable

_OF_CONTACT = """
SELECT id, contact, account, brand, kind, purpose, occurred_at, recorded_at, source, source_event_id, evidence,
       recorded_by
  FROM consent_event WHERE contact = {} ORDER BY occurred_at DESC, id DESC
"""
_INSERT = """
INSERT INTO consent_event (id, contact, account, brand, kind, purpose, occurred_at, recorded_at, source,
                           source_event_id, evidence, recorded_by)
VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}::jsonb, {})
ON CONFLICT (source, source_event_id) DO NOTHING RETURNING id
"""


async def list_events(contact: UUID) -> list[ConsentEvent]:
    """Return all that is known about the right to write to a contact, newest first."""
    found = rows(await ConsentTable.raw(_OF_CONTACT, contact))
    return [msgspec.convert({**row, "evidence": msgspec.json.decode(row["evidence"])}, ConsentEvent) for row in found]


def event_at(
    account: Account,
    contact: UUID,
    kind: ConsentKind,
    purpose: Purpose,
    *,
    source: str,
    occurred_at: datetime,
    source_event_id: str | None = None,
    evidence: Mapping[str, object] | None = None,
    actor: Actor,
    now: datetime,
) -> ConsentEvent:
    """Build the event of something that happened at an account; without an id of its own it happens once more each time."""
    event_id = uuid7(now)
    return ConsentEvent(
        id=event_id,
        contact=contact,
        account=account.id,
        brand=account.brand_id,
        kind=kind,
        purpose=purpose,
        occurred_at=occurred_at,
        recorded_at=now,
        source=source,
        source_event_id=source_event_id or str(event_id),
        evidence=dict(evidence or {}),
        recorded_by=actor.id,
    )


async def insert_event(
    event: ConsentEvent,
    *,
    scope: str,
    comment: str | None = None,
    actor: Actor,
    now: datetime,
    decision: Decision | None = None,
) -> bool:
    """Add a fact in the caller's transaction, which has locked the contact; a replayed one adds nothing: False."""
    added = rows(
        await ConsentTable.raw(
            _INSERT,
            event.id,
            event.contact,
            event.account,
            event.brand,
            event.kind.value,
            event.purpose.value,
            event.occurred_at,
            event.recorded_at,
            event.source,
            event.source_event_id,
            msgspec.json.encode(event.evidence).decode(),
            event.recorded_by,
        )
    )
    if not added:
        return False
    await audit.record(
        ConsentRecorded(
            contact=event.contact,
            kind=event.kind.value,
            source=event.source,
            purpose=event.purpose.value,
            occurred_at=event.occurred_at,
            evidence=comment,
        ),
        actor=actor,
        now=now,
        object=ObjectRef(kind="consent_event", id=event.id),
        refs=(ObjectRef(kind="contact", id=event.contact),),
        scope=scope,
        decision=decision,
    )
    return True
