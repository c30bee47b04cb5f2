"""Erasing a person or the comments on a message: content goes for good, entries and commitments stay as they were."""

from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from govern.database import rows, transaction
from govern.domain.audit import MessageRejected, ObjectRef, read_entry
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message, State
from govern.services import audit
from govern.services.audit.erasures import PersonalFields, read_personal_fields
from govern.services.audit.subject_keys import keys_for
from govern.services.contacts import UnknownContact, find_contact
from govern.services.erasing import Erased, Ground, StillHere, erase_subject
from govern.services.grant_writing import BadReason
from govern.services.holding import NotHeld, lift_hold, set_hold
from govern.services.member_life import remove_member
from govern.services.members import UnknownMember, find_by_email
from govern.services.message_views import load_message
from govern.services.refusals import reject_message
from govern.services.subjects import AlreadyErased, SubjectKind, UnderHold
from govern.tables import AuditEntry, AuditOpening, AuditSubjectKey, Publication
from tests.asserts import actions, assert_audited, assert_denied, assert_nothing_changed, assert_refused, race
from tests.factories import NOW, receive_dm
from tests.services.conftest import Office

LATER = NOW + timedelta(minutes=5)
REASON = "Her letter of the 20th"


async def erase(
    office: Office, kind: SubjectKind, which: str, *, by: Actor | None = None, reason: str = REASON
) -> Erased:
    return await erase_subject(
        kind,
        which,
        ground=Ground.PERSON_ASKED,
        reason=reason,
        actor=by or office.people.cleo,
        access=office.access,
        now=LATER,
    )


async def hold(office: Office, deed: Any, which: str = "marion") -> None:
    who = {"actor": office.people.cleo, "access": office.access, "now": NOW}
    await deed(SubjectKind.CONTACT, which, reason="A claim is open", **who)


async def texts() -> list[str]:
    return [row["entry"] for row in rows(await AuditEntry.select(AuditEntry.entry).order_by(AuditEntry.arrival))]


async def fields_of(action: str, **where: str) -> PersonalFields:
    for text in await texts():
        entry = read_entry(text)
        if (
            entry
            and entry.action == action
            and all(getattr(entry.object, name) == want for name, want in where.items())
        ):
            return await read_personal_fields(entry)
    raise AssertionError(f"no entry {action}")


async def marions_subject() -> str:
    contact = await find_contact("marion")
    assert contact is not None
    return f"contact:{contact.id}"


async def test_erased_contact_is_readable_nowhere_and_the_log_stays_byte_for_byte(office: Office) -> None:
    await receive_dm(office.people.help)
    subject, before = await marions_subject(), await texts()
    assert (await fields_of("contact.created")).opened["handle"].value == "marion"
    done = await erase(office, SubjectKind.CONTACT, "@marion")
    assert (done.subject, done.openings) == (subject, 3)
    assert (await texts())[: len(before)] == before
    assert await AuditOpening.count().where(AuditOpening.subject == subject) == 0
    (key,) = rows(await AuditSubjectKey.select().where(AuditSubjectKey.subject == subject))
    assert (key["wrapped"], key["key_id"]) == (None, None)
    assert key["shredded_at"] is not None
    assert await find_contact("marion") is None


async def test_fields_say_which_entry_erased_them(office: Office) -> None:
    await receive_dm(office.people.help)
    done = await erase(office, SubjectKind.CONTACT, "marion")
    fields = await fields_of("contact.created")
    assert fields.opened == {}
    assert set(fields.erased) == {"handle", "name", "x_user_id"}
    assert {each.entry_id for each in fields.erased.values() if each} == {done.receipt.entry_id}
    assert {each.arrival for each in fields.erased.values() if each} == {done.receipt.arrival}


async def test_erasure_says_who_why_and_how_many_and_its_reason_stays_readable(office: Office) -> None:
    await receive_dm(office.people.help)
    await erase(office, SubjectKind.CONTACT, "marion")
    entry = await assert_audited("contact.erased", actor=office.people.cleo.id, ground="person_asked", openings=3)
    assert entry["ctx"]["rule"] == "compliance.contact.erase"
    assert entry["ctx"]["digest"].startswith("sha256:")
    fields = await fields_of("contact.erased")
    assert fields.opened["reason"].value == REASON
    assert REASON not in "".join(await texts())


async def test_opening_that_was_taken_away_from_outside_is_no_erasure(
    office: Office, owner: asyncpg.Connection
) -> None:
    await receive_dm(office.people.help)
    await owner.execute("DELETE FROM audit.opening WHERE field = 'handle'")
    fields = await fields_of("contact.created")
    assert fields.erased == {"handle": None}
    assert set(fields.opened) == {"name", "x_user_id"}


async def test_what_was_to_go_to_an_erased_person_in_private_goes_no_more(office: Office) -> None:
    await receive_dm(office.people.help)
    leo, at = office.people.leo, NOW + timedelta(hours=3)
    dm: dict[str, Any] = {"kind": Kind.DM, "recipient": "marion"}
    planned = await office.write(leo, **dm, scheduled_at=at)
    draft = await office.write(leo, **dm, submit=False)
    public = await office.write(office.people.ana, scheduled_at=at)
    assert (planned.state, draft.state) == (State.SCHEDULED, State.DRAFT)
    done = await erase(office, SubjectKind.CONTACT, "marion")
    assert done.withdrawn == 2
    for message in (planned, draft):
        assert (await load_message(message.id)).state is State.WITHDRAWN
    assert (await load_message(public.id)).state is public.state
    (row,) = rows(await Publication.select().where(Publication.message == planned.id))
    assert (row["closed_at"], row["failure"]) == (LATER, "The person it was for was erased.")
    entry = await assert_audited("message.withdrawn", actor=office.people.cleo.id)
    assert entry["change"]["state"]["after"] == "withdrawn"
    told = ["message.withdrawn", "message.withdrawn", "consent.recorded", "contact.erased"]
    assert (await actions())[-4:] == told


async def test_refused_erasure_withdraws_nothing(office: Office) -> None:
    await receive_dm(office.people.help)
    await office.write(office.people.leo, kind=Kind.DM, recipient="marion")
    await hold(office, set_hold)
    async with assert_refused(UnderHold, office.owner):
        await erase(office, SubjectKind.CONTACT, "marion")


async def test_who_writes_again_after_an_erasure_is_somebody_new(office: Office) -> None:
    await receive_dm(office.people.help)
    subject = await marions_subject()
    await erase(office, SubjectKind.CONTACT, "marion")
    await receive_dm(office.people.help, at=LATER)
    assert await marions_subject() != subject


async def test_member_who_left_is_erased_and_one_who_is_here_is_not(office: Office) -> None:
    people = office.people
    async with assert_refused(StillHere, office.owner):
        await erase(office, SubjectKind.MEMBER, "leo@example.com")
    who: dict[str, Any] = {"actor": people.ada, "access": office.access, "now": NOW}
    await remove_member(email="leo@example.com", reason="Moves to Lyon", **who)
    done = await erase(office, SubjectKind.MEMBER, "leo@example.com")
    assert done.openings >= 3
    assert await find_by_email("leo@example.com") is None
    fields = await fields_of("member.created", id=str(people.leo.member))
    assert set(fields.erased) == {"name", "email"}
    fields = await fields_of("member.removed")
    assert set(fields.erased) == {"reason"}


async def test_comments_on_a_message_are_erased_and_later_ones_are_kept_nowhere(office: Office) -> None:
    message = await rejected(office, "Not like this, Zoé")
    done = await erase(office, SubjectKind.MESSAGE, f"M-{message.number}")
    assert done.openings == 1
    assert set((await fields_of("message.rejected")).erased) == {"comment"}
    async with transaction():
        assert await keys_for([done.subject]) == {done.subject: None}
        receipt = await audit.record(
            MessageRejected(revision=1, digest="0" * 64, comment="And Zoé again"),
            actor=office.people.mia,
            now=LATER,
            object=ObjectRef("message", message.id, 1),
            scope=message.scope,
        )
    assert await audit.openings(receipt.entry_id) == {}
    assert await AuditOpening.count().where(AuditOpening.subject == done.subject) == 0


async def test_held_content_is_erased_only_after_the_hold_is_lifted(office: Office) -> None:
    await receive_dm(office.people.help)
    subject = await marions_subject()
    async with assert_refused(NotHeld, office.owner):
        await hold(office, lift_hold)
    await hold(office, set_hold)
    await assert_audited("hold.set", actor=office.people.cleo.id)
    async with assert_refused(UnderHold, office.owner):
        await hold(office, set_hold)
    async with assert_refused(UnderHold, office.owner):
        await erase(office, SubjectKind.CONTACT, "marion")
    assert (await fields_of("contact.created")).opened["handle"].value == "marion"
    await hold(office, lift_hold)
    await assert_audited("hold.lifted", actor=office.people.cleo.id)
    assert (await erase(office, SubjectKind.CONTACT, "marion")).subject == subject


async def test_database_refuses_to_shred_without_its_entry_or_under_a_hold(office: Office) -> None:
    await receive_dm(office.people.help)
    subject = await marions_subject()
    async with assert_nothing_changed(office.owner):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no entry of this transaction"):
            await AuditOpening.raw("SELECT audit.shred({}::text)", subject)
        for statement in ("DELETE FROM audit.opening", "UPDATE audit.subject_key SET wrapped = NULL"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await AuditOpening.raw(statement)


async def test_only_who_may_erase_does_and_only_after_a_fresh_sign_in(office: Office) -> None:
    await receive_dm(office.people.help)
    for actor in (office.people.ada, office.people.mia):
        async with assert_denied(office.owner, actor, "contact.erase"):
            await erase(office, SubjectKind.CONTACT, "marion", by=actor)
    stale = msgspec.structs.replace(office.people.cleo, fresh=False)
    async with assert_denied(office.owner, stale, "contact.erase", rule="fresh.contact.erase"):
        await erase(office, SubjectKind.CONTACT, "marion", by=stale)


@pytest.mark.parametrize(
    ("kind", "which", "reason", "refused"),
    [
        (SubjectKind.CONTACT, "marion", " a ", BadReason),
        (SubjectKind.CONTACT, "nobody_here", REASON, UnknownContact),
        (SubjectKind.MEMBER, "nobody@example.com", REASON, UnknownMember),
    ],
)
async def test_bad_request_erases_nothing(
    office: Office, kind: SubjectKind, which: str, reason: str, refused: Any
) -> None:
    await receive_dm(office.people.help)
    async with assert_refused(refused, office.owner):
        await erase(office, kind, which, reason=reason)


async def test_of_two_who_erase_at_once_one_does(office: Office) -> None:
    await receive_dm(office.people.help)
    results = await race(*(erase(office, SubjectKind.CONTACT, "marion") for _ in range(3)))
    assert sum(isinstance(result, Erased) for result in results) == 1
    assert all(isinstance(result, Erased | AlreadyErased | UnknownContact) for result in results), results


async def rejected(office: Office, comment: str) -> Message:
    message = await office.write(office.people.ana)
    return await reject_message(
        message.id,
        revision=message.revision.number,
        reason=comment,
        actor=office.people.mia,
        access=office.access,
        now=NOW,
    )
