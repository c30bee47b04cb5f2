"""Erasing what the log holds of a person or about a message: the key goes, the log and its proofs stay.

A legal hold keeps it. Texts of messages in their own tables are not the log's: they end with their own retention.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY
from govern.domain.audit import ContactErased, MemberErased, MessageErased, Recorded
from govern.domain.consent import ConsentEvent, ConsentKind, Purpose
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.errors import N_, Conflict
from govern.services.audit import Receipt
from govern.services.audit.subject_keys import keys_for
from govern.services.consent_events import insert_event
from govern.services.contacts import forget_contact, get_contact
from govern.services.grant_writing import check_terms
from govern.services.members import forget_member
from govern.services.subjects import Subject, SubjectKind, check_erasable, find_subject, record_on
from govern.services.suppressions import keep_suppressions
from govern.services.use_case import use_case
from govern.tables import AuditOpening

_COUNT = "SELECT count(*) AS openings FROM audit.opening WHERE subject = {}"
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
    receipt: Receipt


async def erase_subject(
    kind: SubjectKind, which: str, *, ground: Ground, reason: str, actor: Actor, access: Access, now: datetime
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
        found = await find_subject(kind, which, actor=actor, access=access)
        if not found.gone:
            raise StillHere(name=found.name)
        await keys_for([found.subject])  # a key to destroy: without it the next entry would make one
        await check_erasable(found)
        openings = rows(await AuditOpening.raw(_COUNT, found.subject))[0]["openings"]
        await _forget(found, actor=actor, now=now)
        erased = _erased(kind, ground=ground, openings=openings, reason=reason.strip())
        receipt = await record_on(erased, found, beside="erasure", actor=actor, now=now)
        await AuditOpening.raw(_SHRED, found.subject)
        return Erased(subject=found.subject, openings=openings, receipt=receipt)


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


def _erased(kind: SubjectKind, *, ground: Ground, openings: int, reason: str) -> Recorded:
    actions = {
        SubjectKind.CONTACT: ContactErased,
        SubjectKind.MEMBER: MemberErased,
        SubjectKind.MESSAGE: MessageErased,
    }
    return actions[kind](ground=ground.value, openings=openings, reason=reason)
