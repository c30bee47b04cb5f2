"""The right to write to a person: facts go in, never out; the permission is derived from them each time."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Action, Decision
from govern.domain.audit import ConsentRecorded, ObjectRef
from govern.domain.consent import ConsentEvent, ConsentKind, ConsentRules, DmPermission, Purpose, dm_permission
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.errors import N_, Invalid
from govern.services import audit, contacts
from govern.services.accounts import find_account, require_on
from govern.services.use_case import use_case
from govern.tables import ConsentEvent as ConsentTable

EVIDENCE = ("channel", "wording_id", "wording_version", "captured_at", "proof_ref")

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


class EvidenceMissing(Invalid):
    code = "consent.evidence_missing"
    template = N_("An opt-in needs its evidence: {missing}.")


async def permission_for(
    contact: UUID, account: Account, *, rules: ConsentRules, now: datetime, open_conversation: bool = False
) -> DmPermission:
    """Derive whether this account may write to this contact now."""
    return dm_permission(
        await list_events(contact),
        account=account.id,
        brand=account.brand_id,
        now=now,
        rules=rules,
        open_conversation=open_conversation,
    )


async def list_events(contact: UUID) -> list[ConsentEvent]:
    """Return all that is known about the right to write to a contact, newest first."""
    found = rows(await ConsentTable.raw(_OF_CONTACT, contact))
    return [msgspec.convert({**row, "evidence": msgspec.json.decode(row["evidence"])}, ConsentEvent) for row in found]


async def insert_event(
    event: ConsentEvent, *, scope: str, actor: Actor, now: datetime, decision: Decision | None = None
) -> bool:
    """Add a fact in the caller's transaction; a replayed one adds nothing and answers False."""
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
        ),
        actor=actor,
        now=now,
        object=ObjectRef(kind="consent_event", id=event.id),
        refs=(ObjectRef(kind="contact", id=event.contact),),
        scope=scope,
        decision=decision,
    )
    return True


async def record_opt_in(
    *,
    account: str,
    contact: str,
    evidence: dict[str, str],
    actor: Actor,
    access: Access,
    now: datetime,
) -> None:
    """Record that a person agreed to be written to by a brand, with the proof of it.

    Raises:
        EvidenceMissing: without channel, wording, its version, time and proof nobody could show it later.
    """
    missing = [name for name in EVIDENCE if not evidence.get(name)]
    if missing:
        raise EvidenceMissing(missing=", ".join(missing), field=missing[0])
    await _record(
        ConsentKind.OPT_IN, Purpose.PROMOTIONAL, account, contact, evidence, actor=actor, access=access, now=now
    )


async def record_opt_out(*, account: str, contact: str, actor: Actor, access: Access, now: datetime) -> None:
    """Record that a person wants no messages; it holds at once."""
    await _record(ConsentKind.OPT_OUT, Purpose.ALL, account, contact, {}, actor=actor, access=access, now=now)


async def _record(
    kind: ConsentKind,
    purpose: Purpose,
    account_handle: str,
    contact_handle: str,
    evidence: dict[str, str],
    *,
    actor: Actor,
    access: Access,
    now: datetime,
) -> None:
    async with use_case(actor=actor, now=now):
        account = await find_account(account_handle)
        decision = None
        if kind is ConsentKind.OPT_IN:  # an opt-out needs no right
            decision = await require_on(
                account, Action.CONSENT_RECORD, called=account_handle, actor=actor, access=access
            )
        person = await contacts.contact_for(contact_handle, scope=account.scope, actor=actor, now=now)
        await contacts.lock_contact(person.id)
        event_id = uuid7(now)
        await insert_event(
            ConsentEvent(
                id=event_id,
                contact=person.id,
                account=account.id,
                brand=account.brand_id,
                kind=kind,
                purpose=purpose,
                occurred_at=now,
                recorded_at=now,
                source="member",
                source_event_id=str(event_id),
                evidence=dict(evidence),
                recorded_by=actor.id,
            ),
            scope=account.scope,
            actor=actor,
            now=now,
            decision=decision,
        )
