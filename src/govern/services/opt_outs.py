"""What a stop does, in the transaction that records it: unsent private messages are taken back, one answer is queued."""

from datetime import datetime, timedelta
from uuid import UUID

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Decision
from govern.domain.audit import ObjectRef
from govern.domain.consent import ConsentEvent, ConsentKind, OptOutScope, PermissionState, Purpose
from govern.domain.members import Actor
from govern.domain.messages import TRANSITIONS, Event, Message, WithdrawnFor, can
from govern.domain.permission import newest_opener
from govern.services.accounts import find_account
from govern.services.confirmations import queue_confirmation
from govern.services.consent_events import event_at, insert_event, list_events
from govern.services.message_views import lock_message
from govern.services.passing import take_back
from govern.services.policies import Policies
from govern.tables import Message as MessageTable

_UNSENT_STATES = sorted({state.value for state, event in TRANSITIONS if event is Event.WITHDRAW})
_UNSENT = """
SELECT m.id FROM message m JOIN account a ON a.id = m.account
 WHERE m.contact = {} AND m.kind = 'dm' AND m.state = ANY({}) AND m.confirms IS NULL
   AND ({}::uuid IS NULL OR a.brand = {}) AND ({}::uuid IS NULL OR a.id = {})
 ORDER BY m.id
"""


async def record_stop(
    event: ConsentEvent,
    account: Account,
    *,
    was: PermissionState,
    policies: Policies,
    actor: Actor,
    now: datetime,
    decision: Decision | None = None,
) -> bool:
    """Add a stop of everything and obey it, in the caller's transaction, which has locked the contact; False: a replay.

    `was` is what could be written before the person said it: who said stop already is not answered once more. What was
    handed to X already cannot be called back; both times are kept.
    """
    if not await insert_event(event, scope=account.scope, actor=actor, now=now, decision=decision):
        return False
    everywhere = policies.consent.opt_out_scope is OptOutScope.COMPANY
    await withdraw_unsent(event, brand=None if everywhere else account.brand_id, actor=actor, now=now)
    wants_answer = event.kind is ConsentKind.OPT_OUT and was is not PermissionState.OPTED_OUT
    if wants_answer and await _wrote_lately(event.contact, account, policies=policies, now=now):
        await queue_confirmation(event, account, policies=policies, actor=actor, now=now)
    return True


async def record_blocked(message: Message, attempt: UUID, *, actor: Actor, now: datetime) -> None:
    """Add that X says the person of a refused DM takes none from this account, in the caller's transaction; and obey it."""
    if message.contact_id is None:
        return
    account = await find_account(message.account)
    event = event_at(
        account,
        message.contact_id,
        ConsentKind.CONTACT_BLOCKED,
        Purpose.ALL,
        source="x.refused",
        source_event_id=str(attempt),
        occurred_at=now,
        actor=actor,
        now=now,
    )
    if await insert_event(event, scope=account.scope, actor=actor, now=now):
        await withdraw_unsent(event, account=account.id, actor=actor, now=now)


async def withdraw_unsent(
    event: ConsentEvent, *, brand: UUID | None = None, account: UUID | None = None, actor: Actor, now: datetime
) -> None:
    """Take back every private message to the person: of the company, or of one brand or account of it."""
    refs = (ObjectRef(kind="contact", id=event.contact), ObjectRef(kind="consent_event", id=event.id))
    for row in rows(await MessageTable.raw(_UNSENT, event.contact, _UNSENT_STATES, brand, brand, account, account)):
        message = await lock_message(row["id"])
        if can(message.state, Event.WITHDRAW):  # not handed to X while we waited for its lock
            await take_back(message, WithdrawnFor.OPTED_OUT, actor=actor, now=now, refs=refs)


async def _wrote_lately(contact: UUID, account: Account, *, policies: Policies, now: datetime) -> bool:
    """Tell whether there is a private conversation to answer in: X takes no DM to who never wrote."""
    opener = newest_opener(await list_events(contact), account=account.id, now=now)
    window = timedelta(hours=policies.consent.service_window_hours)
    return opener is not None and opener.kind is ConsentKind.INBOUND_DM and now < opener.counts_from + window
