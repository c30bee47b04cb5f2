"""The ledger: whom may we write to, why, and what members record about it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from govern.domain.messages import Kind
from govern.services.accounts import find_account
from govern.services.contacts import find_contact
from tests.asserts import actions
from tests.factories import receive_dm, receive_mention
from tests.web.panel.conftest import SignIn, Write, links, words

PROOF = {
    "channel": "web form",
    "wording_id": "offers",
    "wording_version": "3",
    "captured_at": "2026-01-05",
    "proof_ref": "form/1",
}
DOUBT = "je préfère qu'on arrête là"


def ago(minutes: int) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


async def person(handle: str) -> UUID:
    found = await find_contact(handle)
    assert found is not None
    return found.id


async def page_of(handle: str) -> str:
    return f"/admin/permissions/{await person(handle)}"


async def test_the_list_says_where_everybody_stands(browser: SignIn, dm: str, mention: str) -> None:
    await receive_dm(await find_account("News"), "nora", at=ago(3))
    leo = await browser("leo")
    page = words(await leo.get("/admin/permissions"))
    assert "@karim" in page
    assert "May answer" in page
    assert "@marion" in page
    assert "May not write" in page
    assert "@nora" not in page, "another account met her"


async def test_people_are_found_by_a_part_of_their_handle(browser: SignIn, dm: str, mention: str) -> None:
    leo = await browser("leo")
    page = words(await leo.get("/admin/permissions?q=@kar"))
    assert "@karim" in page
    assert "@marion" not in page
    assert "Nobody found" in words(await leo.get("/admin/permissions?q=zzz"))


async def test_an_empty_list_says_what_will_be_there(browser: SignIn) -> None:
    assert "Nobody wrote yet" in words(await (await browser("leo")).get("/admin/permissions"))


@pytest.mark.parametrize(("name", "status"), [("mia", 200), ("cleo", 200), ("ada", 403), ("vera", 403), ("noa", 404)])
async def test_who_may_not_read_contacts_reads_no_ledger(browser: SignIn, dm: str, name: str, status: int) -> None:
    assert (await (await browser(name)).get(await page_of(dm))).status_code == status


async def test_the_state_is_one_sentence_with_its_reason(browser: SignIn, dm: str) -> None:
    leo = await browser("leo")
    page = await leo.get(await page_of(dm))
    assert "May be written to until" in words(page)
    assert ": wrote 5 min ago" in words(page)
    assert "counts now" in words(page)
    for link in sorted(links(page)):
        assert (await leo.get(link)).status_code == 200, link


async def test_who_only_wrote_in_public_is_invited_in_public(browser: SignIn, mention: str) -> None:
    leo = await browser("leo")
    page = await leo.get(await page_of("marion"))
    assert "May not be written to: never wrote in private" in words(page)
    way_out = f"/admin/compose?account=Help&kind=reply&in_reply_to={mention}&ready=invite"
    assert way_out in links(page)
    assert "Please write to us in private" in words(await leo.get(way_out))


async def test_an_opt_in_needs_its_proof(browser: SignIn, dm: str) -> None:
    leo, address = await browser("leo"), await page_of(dm)
    refused = await leo.post(f"{address}/opt-in", account="Help", **{**PROOF, "proof_ref": ""})
    assert refused.status_code == 422
    assert 'href="#opt-in-proof_ref"' in refused.text
    assert 'value="web form"' in refused.text
    page = words(await leo.follow(await leo.post(f"{address}/opt-in", account="Help", **PROOF)))
    assert "Recorded: this person agreed to promotion." in page
    assert "May be written to, offers too" in page
    assert "form/1" in page
    ended = words(await leo.follow(await leo.post(f"{address}/withdraw", account="Help")))
    assert "Withdrew the consent to promotion" in ended
    assert "May answer" in ended


async def test_an_opt_out_holds_at_once_and_nobody_is_told_to_write(browser: SignIn, dm: str) -> None:
    leo, address = await browser("leo"), await page_of(dm)
    page = await leo.follow(await leo.post(f"{address}/opt-out", account="Help"))
    assert "May not be written to: said stop just now" in words(page)
    assert f"/admin/compose?account=Help&kind=dm&recipient={dm}" not in links(page)


async def test_compliance_reads_and_records_no_consent(browser: SignIn, dm: str) -> None:
    cleo, address = await browser("cleo"), await page_of(dm)
    assert "/opt-in" not in (await cleo.get(address)).text
    assert (await cleo.post(f"{address}/opt-in", account="Help", **PROOF)).status_code == 403


async def test_a_doubt_comes_first_and_is_counted_until_somebody_decides(browser: SignIn, dm: str) -> None:
    await receive_dm(await find_account("Help"), "paul", text=DOUBT, at=ago(2))
    leo, address = await browser("leo"), await page_of("paul")
    page = await leo.get("/admin/permissions")
    assert "1 person may have said stop" in words(page)
    assert 'class="cnt hot">1<' in page.text
    empty = await leo.post(f"{address}/clear-doubt", account="Help", reason=" ")
    assert empty.status_code == 422
    done = words(
        await leo.follow(await leo.post(f"{address}/clear-doubt", account="Help", reason="He meant the chair."))
    )
    assert "Recorded: it was no stop." in done
    assert "may have said stop: please decide" not in words(await leo.get("/admin/permissions"))
    again = await leo.post(f"{address}/clear-doubt", account="Help", reason="Once more.")
    assert again.status_code == 409
    assert "There is no doubt to clear" in words(again)


async def test_a_request_to_write_is_recorded_by_its_post(browser: SignIn, mention: str) -> None:
    leo, address = await browser("leo"), await page_of("marion")
    assert (await leo.post(f"{address}/invite", post="Help:1")).status_code == 409
    page = words(await leo.follow(await leo.post(f"{address}/invite", post=f"Help:{mention}")))
    assert "asked for a private message" in page
    assert mention in page


async def test_personal_data_in_public_has_its_prepared_reply(browser: SignIn) -> None:
    text = "mon mail est lucie.bernard@mail.example, que faire ?"
    x_id = await receive_mention(await find_account("Help"), "lucie", text=text, at=ago(4))
    leo = await browser("leo")
    page = await leo.get(await page_of("lucie"))
    assert ">lucie.bernard@mail.example</mark>" in page.text
    address = f"/admin/compose?account=Help&kind=reply&in_reply_to={x_id}&ready=delete"
    assert address in links(page)
    assert "écrivez-nous en message privé et supprimez ce message" in (await leo.get(address)).text
    cleo = await (await browser("cleo")).get(await page_of("lucie"))
    assert address not in links(cleo), "who may not write is offered no reply"


async def test_private_messages_are_read_on_request_and_it_is_recorded(browser: SignIn) -> None:
    await receive_dm(await find_account("Help"), "paul", text=DOUBT, at=ago(2))
    leo, address = await browser("leo"), await page_of("paul")
    assert "on arrête" not in (await leo.get(address)).text
    assert "conversation.dm_read" not in await actions()
    page = await leo.post(f"{address}/thread", account="Help")
    assert "on arrête" in page.text
    assert "May say stop" in words(page)
    assert "conversation.dm_read" in await actions()


async def test_an_account_one_may_not_read_does_not_exist_here(browser: SignIn, dm: str) -> None:
    leo, address, before = await browser("leo"), await page_of(dm), await actions()
    assert (await leo.post(f"{address}/opt-out", account="News")).status_code == 404
    assert (await leo.post(f"{address}/thread", account="News")).status_code == 404
    assert await actions() == before


async def test_private_messages_that_did_not_go_are_listed_with_their_rule(browser: SignIn, write: Write) -> None:
    message = await write("leo", kind=Kind.DM, recipient="stranger", text="Hello, may I help?")
    page = await (await browser("leo")).get(await page_of("stranger"))
    assert f"/admin/messages/M-{message.number}" in links(page)
    assert "DM-UNSOLICITED" in words(page)
