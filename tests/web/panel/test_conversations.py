"""Conversations in the panel: what is due first, who is on it, and what stays closed until it is asked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from govern.domain.members import system_actor
from govern.domain.messages import Kind
from govern.services.accounts import find_account
from govern.services.contacts import find_contact
from govern.services.polling import record_gap
from govern.tables import Conversation
from tests.asserts import actions, assert_audited
from tests.factories import receive_dm, receive_mention
from tests.web.panel.conftest import SignIn, Write, links, words

HERE = "/admin/conversations"


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


async def conversation(handle: str, account: str = "Help") -> UUID:
    person, ours = await find_contact(handle), await find_account(account)
    assert person is not None
    of = (Conversation.account == ours.id) & (Conversation.contact == person.id)
    row = await Conversation.select(Conversation.id).where(of).first()
    assert row is not None
    return UUID(str(row["id"]))


async def page_of(handle: str) -> str:
    return f"{HERE}/{await conversation(handle)}"


async def test_list_has_what_is_due_first_and_says_what_is_late(browser: SignIn, mention: str) -> None:
    await receive_dm(await find_account("Help"), "karim", at=ago(30))
    await receive_mention(await find_account("News"), "nora", at=ago(3))
    page = words(await (await browser("leo")).get(HERE))
    assert page.index("@karim") < page.index("@marion")
    assert "Late 15 min" in page
    assert "@Help where is my parcel?" in page
    assert "2 people wait" in page
    assert "1 is late" in page
    assert "@nora" not in page, "another account met her"


async def test_text_of_a_private_message_is_in_no_list_and_no_thread_until_asked_for(browser: SignIn, dm: str) -> None:
    leo = await browser("leo")
    for address in (HERE, await page_of(dm)):
        assert "Where is my parcel?" not in (await leo.get(address)).text
    page = words(await leo.get(await page_of(dm)))
    assert "1 private message is not shown" in page
    assert "conversation.dm_read" not in await actions()
    opened = await leo.post(f"{await page_of(dm)}/private", view="open")
    assert "Where is my parcel?" in words(opened)
    await assert_audited("conversation.dm_read", messages=1)


@pytest.mark.parametrize(("name", "status"), [("mia", 200), ("ana", 404), ("ada", 404), ("noa", 404), ("eve", 404)])
async def test_who_reads_no_private_messages_knows_of_no_private_conversation(
    browser: SignIn, dm: str, name: str, status: int
) -> None:
    assert (await (await browser(name)).get(await page_of(dm))).status_code == status


async def test_agent_takes_it_and_another_is_warned(browser: SignIn, mention: str) -> None:
    leo, mia = await browser("leo"), await browser("mia")
    page = await leo.follow(await leo.post(f"{await page_of('marion')}/take", view="open", was=""))
    assert "You are on this conversation." in words(page)
    assert "Leo is on this conversation. Speak with them" in words(await mia.get(await page_of("marion")))
    refused = await mia.post(f"{await page_of('marion')}/take", view="open", was="")
    assert refused.status_code == 409
    assert "Leo took this conversation a moment ago" in words(refused)
    assert "@marion" in words(await leo.get(f"{HERE}?view=mine"))
    released = await leo.follow(await leo.post(f"{await page_of('marion')}/release", view="mine"))
    assert "Nobody is on this conversation any more" in words(released)


async def test_answer_that_somebody_wrote_already_is_said(browser: SignIn, write: Write, mention: str) -> None:
    await write("ana", kind=Kind.REPLY, in_reply_to=mention, text="On its way, sorry.")
    page = words(await (await browser("leo")).get(await page_of("marion")))
    assert "Ana wrote an answer, M-" in page
    assert "waiting for approval" in page
    assert "On its way, sorry." in page


async def test_closing_without_an_answer_is_undone_with_a_button(browser: SignIn, mention: str) -> None:
    leo = await browser("leo")
    closed = await leo.follow(await leo.post(f"{await page_of('marion')}/close", reason="spam"))
    assert "Closed without an answer." in words(closed)
    assert "Undo" in words(closed)
    assert "@marion" not in words(await leo.get(HERE))
    assert "Spam" in words(await leo.get(f"{await page_of('marion')}?view=closed"))
    back = await leo.follow(await leo.post(f"{await page_of('marion')}/reopen", view="closed"))
    assert "the person waits as before" in words(back)
    assert "@marion" in words(await leo.get(HERE))


async def test_refused_closing_says_why_and_keeps_the_choice(browser: SignIn, mention: str) -> None:
    leo = await browser("leo")
    refused = await leo.post(f"{await page_of('marion')}/close", reason="other", note="")
    assert refused.status_code == 422
    assert "nobody else can tell" in words(refused)
    assert (await leo.post(f"{await page_of('marion')}/close", reason="old")).status_code == 422


async def test_every_link_of_the_page_opens(browser: SignIn, mention: str, dm: str) -> None:
    leo = await browser("leo")
    for address in (HERE, await page_of("marion"), await page_of(dm)):
        for link in sorted(links(await leo.get(address))):
            assert (await leo.get(link)).status_code == 200, link


async def test_filters_keep_to_an_account_a_brand_or_a_kind(browser: SignIn, mention: str, dm: str) -> None:
    cleo = await browser("cleo")
    await receive_mention(await find_account("News"), "nora", at=ago(3))
    for query, seen in (
        ("place=account:News", {"nora"}),
        ("place=brand:care", {"marion", "karim"}),
        ("kind=dm", {"karim"}),
        ("view=late", set()),
        ("view=answered", set()),
        ("view=nothing&kind=nothing", {"marion", "karim", "nora"}),
    ):
        page = words(await cleo.get(f"{HERE}?{query}"))
        assert {name for name in ("marion", "karim", "nora") if f"@{name}" in page} == seen, query


async def test_empty_list_says_what_will_be_there(browser: SignIn) -> None:
    assert "Nobody waits" in words(await (await browser("leo")).get(HERE))


async def test_gap_is_said_above_the_list(browser: SignIn, mention: str) -> None:
    help_ = await find_account("Help")
    await record_gap(help_, "mentions", ago(120), actor=system_actor("test"), now=ago(1))
    page = words(await (await browser("leo")).get(HERE))
    assert "X could not show all mentions since" in page


async def test_navigation_counts_who_waits(browser: SignIn, mention: str) -> None:
    page = await (await browser("leo")).get("/admin")
    assert 'href="/admin/conversations"' in page.text
    assert 'href="/admin/conversations"' not in (await (await browser("eve")).get("/admin")).text


async def test_account_says_that_it_is_polled_and_why(browser: SignIn) -> None:
    page = words(await (await browser("ada")).get("/admin/accounts/Help"))
    assert "What people write" not in page, "no keys, so nothing is read"
