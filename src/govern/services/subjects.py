"""What an erasure or a legal hold is about: a person outside, a member who left, or a message, under lock."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Decision, Target
from govern.domain.audit import ObjectRef, Recorded
from govern.domain.ids import uuid7
from govern.domain.members import Actor, MemberState
from govern.errors import N_, Conflict
from govern.services import audit
from govern.services.audit import Receipt
from govern.services.contacts import find_and_lock_contact
from govern.services.members import UnknownMember, find_and_lock
from govern.services.message_rights import require
from govern.services.message_views import lock_message
from govern.services.use_case import about
from govern.tables import AuditSubjectKey

_STATE = "SELECT hold_entry, shredded_at FROM audit.subject_key WHERE subject = {}"


class SubjectKind(StrEnum):
    """What an erasure or a hold is about."""

    CONTACT = "contact"
    """A person outside, named by handle or id."""
    MEMBER = "member"
    """A person of the company who left, named by e-mail address."""
    MESSAGE = "message"
    """A message, named by number or id."""


class UnderHold(Conflict):
    code = "erasure.under_hold"
    template = N_("{name} is under legal hold (entry {entry}); lift the hold first. Nothing was erased.")


class AlreadyErased(Conflict):
    code = "erasure.already_erased"
    template = N_("The personal content of {name} was erased already.")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A subject under lock, and who let the actor touch it."""

    kind: SubjectKind
    object: ObjectRef
    name: str
    scope: str
    decision: Decision
    gone: bool = True
    """False: a member who still works here."""

    @property
    def subject(self) -> str:
        return f"{self.kind.value}:{self.object.id}"


async def find_subject(kind: SubjectKind, which: str | UUID, *, actor: Actor, access: Access) -> Subject:
    """Lock the subject's row and decide; who may not do it hears of the denial, whether there is such a one or not."""
    if kind is SubjectKind.MESSAGE:
        message = await lock_message(which)
        decision = await require(message, Action.CONTACT_ERASE, called=which, actor=actor, access=access)
        about_it, name, scope = ObjectRef(kind="message", id=message.id), f"M-{message.number}", message.scope
        return Subject(kind=kind, object=about_it, name=name, scope=scope, decision=decision)
    decision = await access.require(actor, Action.CONTACT_ERASE, Target(scope=COMPANY))
    if kind is SubjectKind.CONTACT:
        contact = await find_and_lock_contact(which)
        about_it, name, gone = ObjectRef(kind="contact", id=contact.id), f"@{contact.handle}", True
    else:
        member = await find_and_lock(str(which))
        if member is None:
            raise UnknownMember(name=str(which)[:80])
        about_it, name, gone = ObjectRef(kind="member", id=member.id), member.name, member.state is MemberState.LEFT
    about(about_it)
    return Subject(kind=kind, object=about_it, name=name, scope=COMPANY, decision=decision, gone=gone)


async def state_of(subject: str) -> tuple[UUID | None, datetime | None]:
    """Return the entry of the legal hold on a subject, and when it was erased."""
    found = rows(await AuditSubjectKey.raw(_STATE, subject))
    return (found[0]["hold_entry"], found[0]["shredded_at"]) if found else (None, None)


async def check_erasable(found: Subject) -> None:
    """Refuse what is erased or held.

    Raises:
        AlreadyErased, UnderHold
    """
    hold, shredded_at = await state_of(found.subject)
    if shredded_at is not None:
        raise AlreadyErased(name=found.name)
    if hold is not None:
        raise UnderHold(name=found.name, entry=hold)


async def record_on(what: Recorded, found: Subject, *, beside: str, actor: Actor, now: datetime) -> Receipt:
    """Record beside a thing of its own (`erasure`, `hold`), whose key seals the reason: the subject's is going."""
    return await audit.record(
        what,
        actor=actor,
        now=now,
        object=found.object,
        refs=(ObjectRef(kind=beside, id=uuid7(now)),),
        scope=found.scope,
        decision=found.decision,
    )
