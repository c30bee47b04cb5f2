"""Erasing a person outside from the entry that names them: a reason, a ground, and a word that it is meant."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from govern.domain.messages import Kind
from govern.services.contacts import find_contact
from tests.asserts import actions, assert_audited
from tests.web.panel.conftest import Browser, SignIn, Write, links, words
from tests.web.panel.test_audit import open_first

ASKED = {"ground": "person_asked", "reason": "Her letter of the 20th", "sure": "yes"}


@pytest.fixture
async def karim(dm: str) -> UUID:
    contact = await find_contact(dm)
    assert contact is not None
    return contact.id


async def erase(person: Browser, contact: UUID, **fields: str) -> tuple[int, str]:
    answer = await person.post(f"/admin/contacts/{contact}/erase", **{**ASKED, **fields})
    return answer.status_code, words(answer)


async def test_the_entry_leads_to_the_erasure_and_the_erasure_to_its_entry(
    browser: SignIn, write: Write, karim: UUID
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=2)
    await write("leo", kind=Kind.DM, recipient="karim", text="Your parcel arrives today.", scheduled_at=soon)
    cleo = await browser("cleo")
    entry = await open_first(cleo, "action:contact.created")
    assert f"/admin/contacts/{karim}/erase" in links(entry)
    page = await cleo.get(f"/admin/contacts/{karim}/erase")
    assert "3 sealed fields of the log become unreadable for good" in words(page)
    assert "1 private message to this person is not out yet" in words(page)
    done = await cleo.follow(await cleo.post(f"/admin/contacts/{karim}/erase", **ASKED))
    assert "Contact erased" in words(done)
    assert (await assert_audited("contact.erased"))["data"]["openings"] == 3
    assert "message.withdrawn" in await actions()
    assert f"/admin/contacts/{karim}/erase" not in links(await open_first(cleo, "action:contact.created"))
    assert "was erased already" in words(await cleo.get(f"/admin/contacts/{karim}/erase"))
    assert (await erase(cleo, karim))[0] == 409


async def test_what_is_not_meant_or_has_no_reason_erases_nobody(browser: SignIn, karim: UUID) -> None:
    cleo = await browser("cleo")
    for fields in ({"sure": ""}, {"sure": "no"}, {"reason": "a"}, {"ground": "mood"}):
        status, said = await erase(cleo, karim, **fields)
        assert status == 422, fields
        assert "Nothing was changed" in said
    assert "contact.erased" not in await actions()


async def test_a_proof_is_asked_for_and_what_was_typed_is_kept(browser: SignIn, karim: UUID) -> None:
    cleo = await browser("cleo", fresh=False)
    assert (await cleo.get(f"/admin/contacts/{karim}/erase")).status_code == 200
    answer = await cleo.post(f"/admin/contacts/{karim}/erase", **ASKED)
    assert answer.status_code == 403
    assert 'value="Her letter of the 20th"' in answer.text
    assert "contact.erased" not in await actions()


async def test_who_may_not_erase_sees_no_way_to_it(browser: SignIn, karim: UUID) -> None:
    ada = await browser("ada")
    assert f"/admin/contacts/{karim}/erase" not in links(await open_first(ada, "action:contact.created"))
    assert (await ada.get(f"/admin/contacts/{karim}/erase")).status_code == 403
    assert (await ada.get(f"/admin/contacts/{uuid4()}/erase")).status_code == 403
    assert (await (await browser("cleo")).get(f"/admin/contacts/{uuid4()}/erase")).status_code == 404
