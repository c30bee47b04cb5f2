"""The queue and the decisions."""

import pytest

from govern.access import Access
from govern.domain.messages import Kind
from govern.services.message_views import get_message, list_approvals, list_revisions
from tests.asserts import actions
from tests.web.panel.conftest import SignIn, Write, actor_of, words

QUEUE = "/admin/approvals?view=mine"


async def test_queue_shows_what_waits_with_the_reason_why(browser: SignIn, write: Write) -> None:
    message = await write("leo", text="The workshop opens at ten.")
    page = await (await browser("mia")).get(QUEUE)
    assert f"M-{message.number}" in page.text
    assert "The workshop opens at ten." in page.text
    assert "Why you?" in page.text
    assert 'data-key="a"' in page.text


async def test_part_is_the_same_block_as_the_page(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    mia = await browser("mia")
    address = f"{QUEUE}&item=M-{message.number}"
    page = await mia.get(address)
    part = await mia.get(address, HX_Request_Type="partial", HX_Target="div#split")
    assert part.text.strip().startswith('<div class="split" id="split"')
    assert "<html" not in part.text
    assert words(part).replace("Undo", "") in words(page)


async def test_restored_history_is_a_whole_page(browser: SignIn, write: Write) -> None:
    headers = {"HX_Request_Type": "partial", "HX_Target": "div#split", "HX_History_Restore_Request": "true"}
    assert "<html" in (await (await browser("mia")).get(QUEUE, **headers)).text


async def test_manager_approves_and_can_undo(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    mia, number = await browser("mia"), f"M-{message.number}"
    answer = await mia.post(f"/admin/messages/{number}/approve", revision=1, what="approve")
    page = await mia.follow(answer)
    assert f"Approved {number}." in words(page)
    assert f"/admin/messages/{number}/undo" in page.text
    await mia.follow(await mia.post(f"/admin/messages/{number}/undo", view="mine"))
    approvals = await list_approvals(message.id)
    assert approvals[0].withdrawn_at is not None
    assert "message.approval_withdrawn" in await actions()


async def test_edit_and_approve_is_one_step(browser: SignIn, write: Write, access: Access) -> None:
    message = await write("leo", text="The workshop opens at ten.")
    mia, number = await browser("mia"), f"M-{message.number}"
    text = "The workshop opens at eleven.\r\nSee you there."
    await mia.follow(await mia.post(f"/admin/messages/{number}/approve", revision=1, what="edit", text=text))
    revisions = await list_revisions(message.id)
    assert revisions[-1].text == "The workshop opens at eleven.\nSee you there."
    page = await mia.get(f"/admin/messages/{number}")
    assert "<ins>eleven." in page.text
    assert "<del>ten." in page.text


@pytest.mark.parametrize(("path", "what"), [("reject", "reject"), ("request-changes", "changes")])
async def test_refusal_without_a_reason_is_422_beside_the_field(
    browser: SignIn, write: Write, path: str, what: str
) -> None:
    message = await write("leo")
    mia = await browser("mia")
    answer = await mia.post(f"/admin/messages/M-{message.number}/{path}", revision=1, what=what)
    assert answer.status_code == 422
    assert 'href="#again-reason"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert not await list_approvals(message.id)


@pytest.mark.parametrize(
    ("path", "what", "state"), [("reject", "reject", "rejected"), ("request-changes", "changes", "changes_requested")]
)
async def test_refusal_reaches_the_author_with_its_reason(
    browser: SignIn, write: Write, access: Access, path: str, what: str, state: str
) -> None:
    message = await write("leo")
    mia, leo = await browser("mia"), await browser("leo")
    address = f"/admin/messages/M-{message.number}"
    await mia.follow(await mia.post(f"{address}/{path}", revision=1, what=what, reason="Say who you are."))
    assert "Say who you are." in (await leo.get(address)).text
    found = await get_message(message.id, actor=await actor_of("leo"), access=access, now=message.created_at)
    assert found.state == state


async def test_stale_decision_is_409_and_keeps_the_reason(browser: SignIn, write: Write) -> None:
    message = await write("leo", text="The workshop opens at ten.")
    mia, other, address = await browser("mia"), await browser("max"), f"/admin/messages/M-{message.number}"
    leo = await browser("leo")
    await leo.follow(await leo.post(f"{address}/edit", revision=1, text="It opens at noon.", do="submit"))
    answer = await mia.post(f"{address}/reject", revision=1, what="reject", reason="Ten is too early.")
    assert answer.status_code == 409
    assert "Ten is too early." in answer.text
    assert "Changes since revision 1" in words(answer)
    assert 'name="revision" value="2"' in answer.text
    await other.follow(await other.post(f"{address}/approve", revision=2, what="approve"))
    second = await mia.post(f"{address}/approve", revision=2, what="approve")
    assert second.status_code == 409
    assert "by Max" in words(second)


async def test_author_sees_the_four_eyes_sentence_for_a_bar(browser: SignIn, write: Write) -> None:
    message = await write("mia")
    mia, number = await browser("mia"), f"M-{message.number}"
    page = await mia.get(f"/admin/approvals?view=team&item={number}")
    assert "You wrote this message" in words(page)
    assert f"/admin/messages/{number}/approve" not in page.text
    answer = await mia.post(f"/admin/messages/{number}/approve", revision=1, what="approve")
    assert answer.status_code == 403
    assert "access.denied" in await actions()


async def test_agent_has_no_bar_and_is_refused_by_hand(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    leo, number = await browser("leo"), f"M-{message.number}"
    page = await leo.get(f"/admin/approvals?view=team&item={number}")
    assert 'data-key="a"' not in page.text
    assert (await leo.post(f"/admin/messages/{number}/approve", revision=1, what="approve")).status_code == 403


async def test_compliance_decides_and_never_edits(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    page = await (await browser("cleo")).get(f"{QUEUE}&item=M-{message.number}")
    assert 'data-key="a"' in page.text
    assert 'data-key="e"' not in page.text


async def test_made_up_result_says_nothing(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    for made_up in (f"M-{message.number}", "M-99", "<script>"):
        page = await (await browser("mia")).get(f"/admin/approvals?view=mine&done={made_up}")
        assert "Approved" not in words(page).split("Keys")[0].replace("Approvals", "")


async def test_text_of_a_message_is_never_markup(browser: SignIn, write: Write) -> None:
    await write("leo", text="<script>alert(1)</script> & <b>bold</b>")
    page = await (await browser("mia")).get(QUEUE)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


async def test_search_finds_by_word_and_says_when_nothing_fits(browser: SignIn, write: Write) -> None:
    await write("leo", text="The workshop opens at ten.")
    mia = await browser("mia")
    assert "The workshop" in (await mia.get(f"{QUEUE}&q=workshop")).text
    assert "Nothing found" in (await mia.get(f"{QUEUE}&q=zebra")).text


async def test_reply_shows_what_it_answers(browser: SignIn, write: Write, mention: str) -> None:
    await write("leo", kind=Kind.REPLY, in_reply_to=mention, text="Hello, see https://example.com/help")
    page = await (await browser("mia")).get(QUEUE)
    assert "where is my parcel?" in page.text
    assert "Reply to @marion" in words(page)
