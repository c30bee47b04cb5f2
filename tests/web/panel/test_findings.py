"""Findings in the text: seen, acknowledged, mended, and what became of a message that may not go any more."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from govern.access import Access
from govern.domain.members import system_actor
from govern.domain.messages import Kind, State
from govern.services.accounts import find_account
from govern.services.approvals import approve_message
from govern.services.message_views import load_message
from govern.services.policies import Policies
from tests.asserts import actions
from tests.factories import receive_dm, receive_mention
from tests.web.panel.conftest import Browser, SignIn, Write, actor_of, links, words

LINK = "The hinge is described at https://autre.example/hinge, have a look."
WARNED = {"account": "Help", "kind": "post", "text": LINK, "do": "submit"}
MAIL = "Please write to lea.martin@mail.example about it."
SYSTEM = system_actor("test")


def boxes(page_text: str) -> list[str]:
    return re.findall(r'name="acknowledged"\s+value="([^"]+)"', page_text)


def typed(page_text: str) -> str:
    found = re.search(r"<textarea[^>]*name=\"text\"[^>]*>\n?(.*?)</textarea>", page_text, re.DOTALL)
    assert found is not None
    return found[1].replace("&#39;", "'")


async def test_a_warning_is_acknowledged_before_the_message_is_handed_in(browser: SignIn) -> None:
    leo = await browser("leo")
    asked = await leo.post("/admin/compose", **WARNED)
    assert asked.status_code == 409
    assert typed(asked.text) == LINK
    assert 'href="#f-acknowledged"' in asked.text
    assert re.search(r"autofocus data-focus", asked.text), "the missing one is focused"
    assert "message.drafted" not in await actions()
    (name,) = boxes(asked.text)
    assert name.startswith("LNK-OTHER:")
    done = await leo.follow(await leo.post("/admin/compose", **WARNED, acknowledged=name))
    assert "Handed in" in words(done)
    assert "Seen by Leo" in words(done)
    assert "Warnings of revision 1 seen" in words(done)


async def test_a_made_up_acknowledgement_is_refused_in_words(browser: SignIn) -> None:
    answer = await (await browser("leo")).post("/admin/compose", **WARNED, acknowledged="LNK OTHER")
    assert answer.status_code == 422
    assert "This is not valid here." in words(answer)


async def test_a_check_keeps_the_boxes_that_were_ticked(browser: SignIn) -> None:
    leo = await browser("leo")
    (name,) = boxes((await leo.post("/admin/compose", **WARNED)).text)
    page = await leo.post("/admin/compose", **{**WARNED, "do": "check"}, acknowledged=name)
    assert re.search(rf'value="{re.escape(name)}"\s+checked', page.text)


async def test_a_draft_with_warnings_is_handed_in_from_its_page(browser: SignIn, write: Write) -> None:
    message = await write("leo", text=LINK, submit=False)
    leo, address = await browser("leo"), f"/admin/messages/M-{message.number}"
    asked = await leo.post(f"{address}/submit", revision=1)
    assert asked.status_code == 409
    page = await leo.follow(await leo.post(f"{address}/submit", revision=1, acknowledged=boxes(asked.text)))
    assert "Handed in" in words(page)


@pytest.mark.parametrize(
    ("text", "more", "button", "new"),
    [
        (MAIL, {}, "PII-EMAIL:16-39", "Please write to about it."),
        ("word " * 80, {}, "X-LENGTH", "word word"),
        ("We love these shoes.", {"paid_partnership": "1"}, "DIS-", "#ad We love these shoes."),
    ],
)
async def test_use_changes_the_text_and_undo_brings_it_back(
    browser: SignIn, text: str, more: dict[str, str], button: str, new: str
) -> None:
    leo = await browser("leo")
    fields = {"account": "Help", "kind": "post", **more}
    page = await leo.post("/admin/compose", **fields, text=text, do="check")
    use = next(each for each in re.findall(r'name="use"\s+value="([^"]+)"', page.text) if each.startswith(button))
    mended = await leo.post("/admin/compose", **fields, text=text, use=use)
    assert mended.status_code == 200
    assert typed(mended.text).startswith(new)
    assert f'name="was" value="{text}"' in mended.text
    back = await leo.post("/admin/compose", **fields, text=typed(mended.text), was=text, use="undo")
    assert typed(back.text) == text
    assert "message.drafted" not in await actions()


async def test_a_place_that_is_not_there_any_more_changes_nothing(browser: SignIn) -> None:
    leo = await browser("leo")
    page = await leo.post("/admin/compose", account="Help", kind="post", text="All is well.", use="PII-EMAIL:16-39")
    assert typed(page.text) == "All is well."
    assert "The text was changed." not in words(page)


async def test_of_an_answer_with_an_offer_the_answer_is_kept(browser: SignIn, dm: str) -> None:
    leo = await browser("leo")
    text = "Your parcel leaves tomorrow. Flash sale: 30% off everything with the code BRUME30!"
    fields = {"account": "Help", "kind": "dm", "recipient": dm, "text": text}
    page = await leo.post("/admin/compose", **fields, use="PRO-CLASS")
    assert typed(page.text) == "Your parcel leaves tomorrow."


async def test_what_is_said_of_a_text_is_kept_with_it(browser: SignIn) -> None:
    leo = await browser("leo")
    fields = {**WARNED, "text": "#ad We love these shoes.", "paid_partnership": "1"}
    page = await leo.follow(await leo.post("/admin/compose", **{**fields, "do": "draft"}))
    assert "paid partnership" in words(page)
    edit = await leo.get(f"{page.url.path}/edit")
    assert re.search(r'name="paid_partnership"\s+value="1"\s+checked', edit.text)
    assert not re.search(r'name="ai_written"\s+value="1"\s+checked', edit.text)


async def test_where_no_dm_may_be_written_the_text_is_closed_and_the_way_out_offered(
    browser: SignIn, mention: str
) -> None:
    leo = await browser("leo")
    page = await leo.get("/admin/compose?account=Help&kind=dm&recipient=marion")
    assert re.search(r'<textarea[^>]*name="text"[^>]*disabled', page.text)
    assert f"/admin/compose?account=Help&kind=reply&in_reply_to={mention}&ready=invite" in links(page)
    part = await leo.client.post(
        "/admin/compose/preview",
        data={
            "_csrf": page.text.split('name="_csrf" value="')[1].split('"')[0],
            "account": "Help",
            "kind": "dm",
            "recipient": "marion",
        },
        headers={"HX-Request-Type": "partial", "HX-Target": "div#permission"},
    )
    assert part.text.strip().startswith('<div id="permission"')
    assert "data-refused" in part.text


async def test_who_said_stop_is_not_invited(browser: SignIn, mention: str) -> None:
    await receive_dm(await find_account("Help"), "marion", text="STOP", at=datetime.now(UTC))
    page = await (await browser("leo")).get("/admin/compose?account=Help&kind=dm&recipient=marion")
    assert "asked not to be written to" in words(page)
    assert "ready=invite" not in page.text


async def waiting_reply(write: Write, text: str) -> str:
    x_id = await receive_mention(await find_account("Help"), at=datetime.now(UTC) - timedelta(minutes=5))
    message = await write("ana", kind=Kind.REPLY, in_reply_to=x_id, text=text)
    assert message.state is State.PENDING_APPROVAL
    return f"M-{message.number}"


async def test_an_edit_that_warns_comes_back_with_its_boxes(browser: SignIn, write: Write) -> None:
    number, mia = await waiting_reply(write, "The hinge is on its way."), await browser("mia")
    fields = {"revision": 1, "what": "edit", "text": LINK, "reason": "Clearer."}
    asked = await mia.post(f"/admin/messages/{number}/approve", **fields)
    assert asked.status_code == 409
    assert typed(asked.text) == LINK
    assert "Clearer." in asked.text
    done = await mia.follow(
        await mia.post(f"/admin/messages/{number}/approve", **fields, acknowledged=boxes(asked.text))
    )
    assert f"Approved {number}." in words(done) or "Nothing waits" in words(done)
    assert (await load_message(number)).revision.text == LINK


async def test_a_finding_is_mended_from_the_approval_view_by_an_edit(browser: SignIn, write: Write) -> None:
    number, mia = await waiting_reply(write, LINK), await browser("mia")
    page = await mia.get(f"/admin/approvals?item={number}")
    assert ">https://autre.example/hinge</mark>" in page.text
    assert "Seen by Ana" in words(page)
    fields = {"revision": 1, "what": "edit", "text": MAIL, "view": "mine"}
    mended = await mia.post(f"/admin/messages/{number}/approve", **fields, use="PII-EMAIL:16-39")
    assert typed(mended.text) == "Please write to about it."
    assert (await load_message(number)).revision.number == 1


async def test_personal_data_in_what_is_answered_has_its_prepared_reply(browser: SignIn, write: Write) -> None:
    said = "my mail is lucie.bernard@mail.example, what now?"
    x_id = await receive_mention(await find_account("Help"), text=said, at=datetime.now(UTC) - timedelta(minutes=5))
    message = await write("ana", kind=Kind.REPLY, in_reply_to=x_id, text="We look into it.")
    page = await (await browser("mia")).get(f"/admin/approvals?item=M-{message.number}")
    assert ">lucie.bernard@mail.example</mark>" in page.text
    assert f"/admin/compose?account=Help&kind=reply&in_reply_to={x_id}&ready=delete" in links(page)


async def taken_back(leo: Browser, write: Write, access: Access, policies: Policies, dm: str) -> str:
    """A DM that was approved for tomorrow, to somebody who then said stop."""
    soon = datetime.now(UTC) + timedelta(hours=3)
    message = await write("ana", kind=Kind.DM, recipient=dm, text="Your parcel leaves today.", scheduled_at=soon)
    mia = await actor_of("mia")
    await approve_message(
        message.id, revision=1, reason="Fine.", actor=mia, access=access, policies=policies, now=datetime.now(UTC)
    )
    await receive_dm(await find_account("Help"), dm, text="STOP", at=datetime.now(UTC))
    return f"M-{message.number}"


async def test_a_message_taken_back_says_why_and_is_copied_as_a_draft(
    browser: SignIn, write: Write, access: Access, policies: Policies, dm: str
) -> None:
    leo = await browser("leo")
    number = await taken_back(leo, write, access, policies, dm)
    page = await leo.get(f"/admin/messages/{number}")
    assert "It was not sent: this person said stop first." in words(page)
    assert "Take a copy as a draft" in words(page)
    draft = await leo.follow(await leo.post(f"/admin/messages/{number}/copy"))
    assert typed(draft.text) == "Your parcel leaves today."
    assert "asked not to be written to" in words(draft)
    assert "/copy" not in (await (await browser("cleo")).get(f"/admin/messages/{number}")).text


async def test_only_what_led_to_a_finding_is_marked(browser: SignIn) -> None:
    text = "See https://autre.example/chair for more."
    page = await (await browser("leo")).post("/admin/compose", account="Help", kind="post", text=text, do="check")
    assert re.findall(r"<mark[^>]*>([^<]+)</mark>", page.text) == ["https://autre.example/chair"]
