"""Erasing what the log holds of a person or about a message: the key goes, the log and its proofs stay.

A legal hold keeps it. What a person wrote to us is emptied too, and what X delivered of it; only X's ids stay. Texts of
our own messages end with their own retention. What was to go to the person in private goes no more.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit import ContactErased, MemberErased, MessageErased, MessageWithdrawn, Recorded
from govern.domain.consent import ConsentEvent, ConsentKind, Purpose
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import WITHDRAWABLE, Event, next_state
from govern.errors import N_, Conflict
from govern.services import audit
from govern.services.audit import Receipt
from govern.services.audit.subject_keys import keys_for
from govern.services.consent_events import insert_event
from govern.services.contacts import forget_contact, get_contact, read_contact
from govern.services.deliveries import forget_bodies
from govern.services.gate import close_gate
from govern.services.grant_writing import check_terms
from govern.services.members import forget_member
from govern.services.message_views import change_message, lock_message, message_ref, state_change
from govern.services.publications import close_unsent
from govern.services.rechecking import forget_inbound
from govern.services.settling import forget_seen_of
from govern.services.subjects import Subject, SubjectKind, check_erasable, find_subject, record_on, state_of
from govern.services.suppressions import keep_suppressions
from govern.services.use_case import use_case
from govern.tables import AuditOpening, Message

_COUNT = "SELECT count(*) AS openings FROM audit.opening WHERE subject = {}"
_UNSENT = "SELECT id FROM message WHERE contact = {} AND kind = 'dm' AND state = ANY({}) ORDER BY id"
_LOCK_UNSENT = _UNSENT + " FOR NO KEY UPDATE"
_GONE = "The person it was for was erased."
_SHRED = "SELECT audit.shred({}::text) AS erased"


class Ground(StrEnum):
    """Why content is erased."""

    PERSON_ASKED = "person_asked"
    """The person asked for it."""
    RETENTION = "retention"
    """Its time is over."""
    TAKEN_DOWN = "taken_down"
    """What it is about was taken down."""


class StillHere(Conflict):
    code = "erasure.still_here"
    template = N_("{name} has not left. Remove the member first; nothing was erased.")


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did. `receipt` is that of its entry."""

    subject: str
    openings: int
    withdrawn: int
    """Private messages to the person that were not out yet."""
    receipt: Receipt


class Erasable(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure of a person outside would take away."""

    handle: str
    openings: int
    unsent: int
    """Private messages to them that are not out yet."""
    hold: UUID | None
    """The entry of the legal hold that keeps it."""
    erased: bool


async def preview_erasure(contact: UUID, *, actor: Actor, access: Access, now: datetime) -> Erasable:
    """Say what an erasure would take away, to who may erase; the fresh proof is asked for when they do.

    Raises:
        Denied
        UnknownContact
    """
    async with use_case(actor=actor, now=now):
        if COMPANY not in await access.where_can(actor, Action.CONTACT_ERASE):
            await access.require(actor, Action.CONTACT_ERASE, Target(scope=COMPANY))
        found, subject = await read_contact(contact), f"contact:{contact}"
        hold, shredded_at = await state_of(subject)
        return Erasable(
            handle=found.handle,
            openings=rows(await AuditOpening.raw(_COUNT, subject))[0]["openings"],
            unsent=len(rows(await Message.raw(_UNSENT, contact, sorted(WITHDRAWABLE)))),
            hold=hold,
            erased=shredded_at is not None,
        )


async def erase_subject(
    kind: SubjectKind, which: str | UUID, *, ground: Ground, reason: str, actor: Actor, access: Access, now: datetime
) -> Erased:
    """Make the personal content of a subject unreadable for good, in the log and in its own row.

    Inclusion proofs stay as they are; views say by which entry the content was erased.

    Raises:
        BadReason
        UnknownContact, UnknownMember, UnknownMessage
        StillHere, UnderHold, AlreadyErased: nothing was erased.
    """
    check_terms(reason, None, None, now)
    async with use_case(actor=actor, now=now):
        if kind is SubjectKind.CONTACT:
            await close_gate()  # nothing to them is half claimed, so our locks wait for no claim's
        found = await find_subject(kind, which, actor=actor, access=access)
        if not found.gone:
            raise StillHere(name=found.name)
        await keys_for([found.subject])  # a key to destroy: without it the next entry would make one
        await check_erasable(found)
        openings = rows(await AuditOpening.raw(_COUNT, found.subject))[0]["openings"]
        withdrawn = await _withdraw_unsent(found, actor=actor, now=now)
        await _forget(found, actor=actor, now=now)
        erased = _erased(kind, ground=ground, openings=openings, reason=reason.strip())
        receipt = await record_on(erased, found, beside="erasure", actor=actor, now=now)
        await AuditOpening.raw(_SHRED, found.subject)
        return Erased(subject=found.subject, openings=openings, withdrawn=withdrawn, receipt=receipt)


async def _withdraw_unsent(found: Subject, *, actor: Actor, now: datetime) -> int:
    """Withdraw what is not out yet of what was to go to an erased person alone; return how many messages."""
    if found.kind is not SubjectKind.CONTACT:
        return 0
    unsent = rows(await Message.raw(_LOCK_UNSENT, UUID(str(found.object.id)), sorted(WITHDRAWABLE)))
    for row in unsent:
        message = await lock_message(row["id"])
        state = next_state(message.state, Event.WITHDRAW)
        await close_unsent(message, now=now, failure=_GONE)
        await change_message(message, now, state=state.value)
        await audit.record(
            MessageWithdrawn(revision=message.revision.number, comment=_GONE),
            actor=actor,
            now=now,
            object=message_ref(message),
            scope=message.scope,
            change=state_change(message, state),
            decision=found.decision,
        )
    return len(unsent)


async def _forget(found: Subject, *, actor: Actor, now: datetime) -> None:
    """Take the name out of the subject's own row; a message's text has no name in it that we know of."""
    if found.kind is SubjectKind.CONTACT:
        await _forget_contact(UUID(str(found.object.id)), actor=actor, now=now)
    elif found.kind is SubjectKind.MEMBER:
        await forget_member(UUID(str(found.object.id)))


async def _forget_contact(contact: UUID, *, actor: Actor, now: datetime) -> None:
    """Forget a person outside, but for a hash of who said stop: they are left alone when they come back."""
    known = await get_contact(contact)
    if known.x_user_id is not None:
        await keep_suppressions(contact, known.x_user_id, now=now)
        await forget_bodies(known.x_user_id)
    await forget_inbound(contact, now=now)
    event_id = uuid7(now)
    event = ConsentEvent(
        id=event_id,
        contact=contact,
        kind=ConsentKind.ERASED,
        purpose=Purpose.ALL,
        occurred_at=now,
        recorded_at=now,
        source="erasure",
        source_event_id=str(event_id),
        evidence={},
        recorded_by=actor.id,
    )
    await insert_event(event, scope=COMPANY, actor=actor, now=now)
    await forget_contact(contact)
    await forget_seen_of(contact)


def _erased(kind: SubjectKind, *, ground: Ground, openings: int, reason: str) -> Recorded:
    actions = {
        SubjectKind.CONTACT: ContactErased,
        SubjectKind.MEMBER: MemberErased,
        SubjectKind.MESSAGE: MessageErased,
    }
    return actions[kind](ground=ground.value, openings=openings, reason=reason)
