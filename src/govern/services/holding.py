"""Legal holds: while one stands on a subject, nothing of it is erased, by the database's own function."""

from datetime import datetime

import msgspec

from govern.access import Access
from govern.domain.audit import HoldLifted, HoldSet
from govern.domain.members import Actor
from govern.errors import N_, Conflict
from govern.services.audit import Receipt
from govern.services.audit.subject_keys import keys_for
from govern.services.grant_writing import check_terms
from govern.services.subjects import Subject, SubjectKind, check_erasable, find_subject, record_on, state_of
from govern.services.use_case import use_case
from govern.tables import AuditSubjectKey

_HOLD = "SELECT audit.hold({}::text, {}::boolean) AS done"


class NotHeld(Conflict):
    code = "hold.not_set"
    template = N_("{name} is not under legal hold.")


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A legal hold that was set or lifted."""

    subject: str
    receipt: Receipt


async def set_hold(kind: SubjectKind, which: str, *, reason: str, actor: Actor, access: Access, now: datetime) -> Held:
    """Keep the personal content of a subject from being erased until the hold is lifted.

    Raises:
        BadReason
        UnknownContact, UnknownMember, UnknownMessage
        UnderHold, AlreadyErased: there is nothing more to hold.
    """
    check_terms(reason, None, None, now)
    async with use_case(actor=actor, now=now):
        found = await find_subject(kind, which, actor=actor, access=access)
        await keys_for([found.subject])
        await check_erasable(found)
        receipt = await record_on(HoldSet(reason=reason.strip()), found, beside="hold", actor=actor, now=now)
        await _hold(found, held=True)
        return Held(subject=found.subject, receipt=receipt)


async def lift_hold(kind: SubjectKind, which: str, *, reason: str, actor: Actor, access: Access, now: datetime) -> Held:
    """Let the personal content of a subject be erased again.

    Raises:
        BadReason
        UnknownContact, UnknownMember, UnknownMessage
        NotHeld: there is no hold on it.
    """
    check_terms(reason, None, None, now)
    async with use_case(actor=actor, now=now):
        found = await find_subject(kind, which, actor=actor, access=access)
        if (await state_of(found.subject))[0] is None:
            raise NotHeld(name=found.name)
        receipt = await record_on(HoldLifted(reason=reason.strip()), found, beside="hold", actor=actor, now=now)
        await _hold(found, held=False)
        return Held(subject=found.subject, receipt=receipt)


async def _hold(found: Subject, *, held: bool) -> None:
    await AuditSubjectKey.raw(_HOLD, found.subject, held)
