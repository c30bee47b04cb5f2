"""The right to write to a person: derived from their events each time, explained in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Action
from govern.domain.consent import (
    ConsentEvent,
    ConsentKind,
    ConsentRules,
    DmPermission,
    OptOutScope,
    PermissionState,
)
from govern.domain.consent_words import STATES, WAYS_OUT, WayOut, Words, say_event
from govern.domain.members import Actor
from govern.domain.permission import dm_permission, newest_opener
from govern.services.accounts import find_account, require_on
from govern.services.consent_events import list_events
from govern.services.contacts import Contact, called_contact, find_contact
from govern.services.policies import Policies
from govern.services.use_case import use_case
from govern.tables import Account as AccountTable
from govern.tables import Publication

# A member has answered within the window the person opened: the conversation is alive. A confirmation is nobody's answer.
_ANSWERED = """
SELECT 1 FROM message m JOIN publication p ON p.message = m.id
 WHERE m.contact = {} AND m.account = {} AND m.kind = 'dm' AND m.confirms IS NULL AND p.x_id IS NOT NULL
   AND p.closed_at >= {} AND p.closed_at < {} LIMIT 1
"""
_HANDLES = "SELECT id, handle FROM account WHERE id = ANY({})"
_COMPANY_WIDE = frozenset({ConsentKind.OPT_OUT, ConsentKind.OPT_OUT_DOUBTFUL, ConsentKind.DOUBT_CLEARED})


class LedgerEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as people read it. `explains`: the permission of now rests on it."""

    id: UUID
    kind: ConsentKind
    purpose: str
    words: Words
    account: str | None
    """The handle it happened at, where there is one."""
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: str
    source: str
    evidence: dict[str, object]
    explains: bool


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Why an account may write to a person, or why not and what to do instead; events newest first."""

    contact: Contact
    account: str
    state: PermissionState
    until: datetime | None
    doubt_open: bool
    """They may have said stop, and nobody has decided yet."""
    words: Words
    way_out: WayOut | None
    events: tuple[LedgerEvent, ...]


async def permission_for(contact: UUID, account: Account, *, rules: ConsentRules, now: datetime) -> DmPermission:
    """Derive whether this account may write to this contact now."""
    return await _derive(await list_events(contact), contact, account, rules=rules, now=now)


async def permission_of(
    account: str, contact: str, *, actor: Actor, access: Access, policies: Policies, now: datetime
) -> DmPermission:
    """Say whether a DM from this account to this person may be written now."""
    ours = await find_account(account)
    async with use_case(actor=actor, now=now):
        await require_on(ours, Action.MESSAGE_WRITE_DM, called=account, actor=actor, access=access)
        return await permission_called(ours, contact, policies=policies, now=now)


async def permission_called(
    account: Account, contact: str | None, *, policies: Policies, now: datetime
) -> DmPermission:
    """Derive it for whoever has this handle; of who is not known, nothing is known."""
    person = await find_contact(contact) if contact else None
    if person is None:
        return DmPermission(PermissionState.UNSOLICITED)
    return await permission_for(person.id, account, rules=policies.consent, now=now)


async def explain_permission(
    contact: UUID | str, account: str, *, actor: Actor, access: Access, policies: Policies, now: datetime
) -> Ledger:
    """Say why an account may write to a person, or why not, with all that happened between them.

    What happened at accounts of other brands is left out, but for what reaches this one.

    Raises:
        UnknownAccount, UnknownContact
        Denied: the actor may not read contacts there.
    """
    ours = await find_account(account)
    async with use_case(actor=actor, now=now):
        await require_on(ours, Action.CONTACT_READ, called=account, actor=actor, access=access)
        person = await called_contact(contact)
        events = await list_events(person.id)
        found = await _derive(events, person.id, ours, rules=policies.consent, now=now)
        shown = [event for event in events if _concerns(event, ours, policies.consent)]
        handles = await _handles(shown)
    way_out = WAYS_OUT.get(found.state)
    return Ledger(
        contact=person,
        account=ours.handle,
        state=found.state,
        until=found.until,
        doubt_open=doubt_open(shown, now),
        words=STATES[found.state].about(ours.handle),
        way_out=way_out and WayOut(way_out.code, way_out.words.about(ours.handle)),
        events=tuple(_shown(event, handles, found) for event in shown),
    )


def doubt_open(events: Sequence[ConsentEvent], now: datetime) -> bool:
    """Tell whether something that may have been a stop waits for a person to decide."""
    doubts = [event.counts_from for event in events if event.kind is ConsentKind.OPT_OUT_DOUBTFUL]
    if not doubts:
        return False
    settled = (ConsentKind.DOUBT_CLEARED, ConsentKind.OPT_OUT)
    return not any(event.kind in settled and max(doubts) < event.counts_from <= now for event in events)


async def _derive(
    events: list[ConsentEvent], contact: UUID, account: Account, *, rules: ConsentRules, now: datetime
) -> DmPermission:
    opener = newest_opener(events, account=account.id, now=now)
    answered = opener is not None and await _is_answered(contact, account, opener, rules)
    return dm_permission(
        events, account=account.id, brand=account.brand_id, now=now, rules=rules, open_conversation=answered
    )


async def _is_answered(contact: UUID, account: Account, opener: ConsentEvent, rules: ConsentRules) -> bool:
    begun = opener.counts_from
    until = begun + rules.window(open_conversation=False)
    return bool(rows(await Publication.raw(_ANSWERED, contact, account.id, begun, until)))


def _concerns(event: ConsentEvent, account: Account, rules: ConsentRules) -> bool:
    if (
        event.account == account.id
        or event.brand == account.brand_id
        or (event.account is None and event.brand is None)
    ):
        return True
    return rules.opt_out_scope is OptOutScope.COMPANY and event.kind in _COMPANY_WIDE


async def _handles(events: Sequence[ConsentEvent]) -> dict[UUID, str]:
    wanted = list({event.account for event in events if event.account is not None})
    return {row["id"]: row["handle"] for row in rows(await AccountTable.raw(_HANDLES, wanted))}


def _shown(event: ConsentEvent, handles: dict[UUID, Any], found: DmPermission) -> LedgerEvent:
    handle = handles.get(event.account) if event.account else None
    return LedgerEvent(
        id=event.id,
        kind=event.kind,
        purpose=event.purpose.value,
        words=say_event(event, handle),
        account=handle,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        recorded_by=event.recorded_by,
        source=event.source,
        evidence=event.evidence or {},
        explains=event.id in found.because,
    )
