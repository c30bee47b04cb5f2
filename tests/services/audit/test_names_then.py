"""Names of that time: what the log told last before an entry, whatever a table says today."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from govern.domain.audit import BrandCreated, MemberRenamed, ObjectRef, RoleAssigned, SystemStarted
from govern.domain.exports import Question
from govern.domain.members import token_actor
from govern.services import audit
from govern.services.audit import EntryView
from govern.services.audit.evidence import find_places, read_pieces
from govern.services.erasing import Erased, Ground, erase_subject
from govern.services.member_life import remove_member
from govern.services.subjects import SubjectKind
from tests.factories import NOW, receive_dm
from tests.services.audit.conftest import EVERYTHING, Company, record
from tests.services.audit.watched import Watched
from tests.services.conftest import Office

Call = Callable[[str], Awaitable[int]]


@pytest.fixture
def call_leo(office: Office) -> Call:
    """Call Leo otherwise from now on: in the log, and in the table something else again."""

    async def rename(name: str) -> int:
        leo = office.people.leo.member
        assert leo is not None
        told = await record(MemberRenamed(name=name), actor=office.people.ada, object=ObjectRef("member", leo))
        await office.owner.execute("UPDATE member SET name = 'Leo of today' WHERE id = $1", leo)
        return told.arrival

    return rename


async def deed(office: Office, **given: Any) -> int:
    """Let Leo do something, and return where it stands."""
    about = {"actor": office.people.leo, **given}
    return (await record(SystemStarted(process="worker", version="1"), **about)).arrival


async def look(arrival: int) -> EntryView:
    return await audit.get_entry(arrival, scopes=EVERYTHING)


async def erase(office: Office, kind: SubjectKind, which: str) -> Erased:
    who: dict[str, Any] = {"actor": office.people.cleo, "access": office.access, "now": NOW + timedelta(hours=1)}
    return await erase_subject(kind, which, ground=Ground.PERSON_ASKED, reason="A letter", **who)


async def remove_leo(office: Office) -> None:
    who: dict[str, Any] = {"actor": office.people.ada, "access": office.access, "now": NOW}
    await remove_member(email="leo@example.com", reason="Moves to Lyon", **who)


async def test_an_entry_is_read_with_the_name_of_its_time(office: Office, watched: Watched, call_leo: Call) -> None:
    before = await deed(office)
    renamed = await call_leo("Leo Martin")
    after = await deed(office)
    for sign in (True, False):  # not placed yet, then placed and indexed
        assert (await look(before)).actor.name == "Leo"
        assert (await look(after)).actor.name == "Leo Martin"
        assert (await look(renamed)).sentence["en"] == "Ada changed the name of Leo"
        if sign:
            await watched.sign()


async def test_who_was_added_is_called_so_from_their_first_entry_on(office: Office, call_leo: Call) -> None:
    born = await office.owner.fetchval(
        "SELECT arrival FROM audit.entry WHERE entry LIKE '%member.created%' AND entry LIKE $1",
        f"%{office.people.leo.member}%",
    )
    await call_leo("Leo Martin")
    assert (await look(born)).object.name == "Leo"


async def test_fields_that_name_somebody_and_tokens_follow(office: Office, company: Company, call_leo: Call) -> None:
    await office.owner.execute(
        "UPDATE api_token SET member = $1 WHERE id = $2", office.people.leo.member, company.token
    )
    by_token = await deed(office, actor=token_actor(company.token, "drafts", office.people.leo.member or UUID(int=0)))
    grant = {"actor": office.people.ada, "object": ObjectRef("grant", company.brand)}
    given = await record(RoleAssigned(member=office.people.leo.member or UUID(int=0), role="viewer"), **grant)
    await call_leo("Leo Martin")
    assert (await look(by_token)).actor.name == "Leo (API token “drafts”)"
    assert (await look(given.arrival)).sentence["en"] == "Ada gave Leo the role viewer for the company"


async def test_a_brand_and_its_scope_are_called_as_the_log_called_them(office: Office, company: Company) -> None:
    brand = ObjectRef("brand", company.brand)
    about: dict[str, Any] = {"object": brand, "scope": f"brand:{company.tag}"}
    made = await record(BrandCreated(slug=company.tag, name="Zinnia"), **about)
    after = await look((await record(SystemStarted(process="worker", version="1"), **about)).arrival)
    assert ((await look(made.arrival)).object.name, after.object.name) == ("Zinnia", "Zinnia")


async def test_who_was_erased_has_no_name_but_the_entry_that_erased_them(
    office: Office, watched: Watched, call_leo: Call
) -> None:
    before = await deed(office)
    await call_leo("Leo Martin")
    await remove_leo(office)
    done = await erase(office, SubjectKind.MEMBER, "leo@example.com")
    assert (await look(before)).actor.name == f"(member erased by entry {done.receipt.entry_id})"
    await watched.sign()
    place = await watched.place_of("member.erased")
    assert (await look(before)).actor.name == f"(member erased by entry {place})"
    told = (await look(done.receipt.arrival)).sentence
    assert f"(member erased by entry {place})" in told["en"]
    assert f"(membre effacé par l’entrée {place})" in told["fr"]


async def test_an_erased_contact_is_named_by_its_erasure_too(office: Office, watched: Watched) -> None:
    await receive_dm(office.people.help)
    done = await erase(office, SubjectKind.CONTACT, "marion")
    await watched.sign()
    place = await watched.place_of("contact.erased")
    assert (await look(done.receipt.arrival)).object.name == f"(contact erased by entry {place})"


async def test_a_name_whose_seal_does_not_open_is_that_of_today(
    office: Office, owner: asyncpg.Connection, call_leo: Call
) -> None:
    at = await deed(office)
    await call_leo("Leo Martin")
    await owner.execute("UPDATE audit.subject_key SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)")
    assert (await look(at)).actor.name == "Leo of today"
    await owner.execute("DELETE FROM audit.opening")
    assert (await look(at)).actor.name == "Leo of today", "no entry tells of an erasure"


async def test_exports_say_it_with_the_names_of_that_time(office: Office, watched: Watched, call_leo: Call) -> None:
    await call_leo("Leo Martin")
    await watched.sign()
    found = await find_places(Question(query="action:member.renamed"), scopes=EVERYTHING)
    said = [each.sentences["en"] async for part in read_pieces(found, personal=False) for each in part]
    assert said == ["Ada changed the name of Leo"]
