"""Composing, editing, and what can be done with one's own messages."""

import pytest

from tests.asserts import actions
from tests.factories import make_grant
from tests.web.panel.conftest import SignIn, Write, actor_of, words

COMPOSE = {"account": "Help", "kind": "post", "text": "The workshop opens at ten.", "do": "submit"}


async def test_account_comes_first(browser: SignIn) -> None:
    leo = await browser("leo")
    member = (await actor_of("leo")).member
    assert member is not None
    await make_grant(member, "author", "account:News")
    page = await leo.get("/admin/compose")
    assert "/admin/compose?account=Help" in page.text
    assert "/admin/compose?account=News" in page.text
    assert 'name="text"' not in page.text
    assert 'name="text"' in (await leo.get("/admin/compose?account=Help")).text


async def test_who_writes_for_one_account_writes_at_once(browser: SignIn) -> None:
    page = await (await browser("leo")).get("/admin/compose")
    assert "Write as @Help" in page.text
    assert 'name="text"' in page.text
    assert "News" not in page.text


async def test_viewer_has_no_account_to_write_for(browser: SignIn) -> None:
    assert "No account to write for" in (await (await browser("vera")).get("/admin/compose")).text


async def test_submitted_message_waits_for_approval(browser: SignIn) -> None:
    leo = await browser("leo")
    page = await leo.follow(await leo.post("/admin/compose", **COMPOSE))
    assert "Handed in: it waits for approval." in words(page)


async def test_second_post_of_a_form_makes_no_second_message(browser: SignIn) -> None:
    leo = await browser("leo")
    page = await leo.get("/admin/compose?account=Help")
    key = page.text.split('name="form_key" value="')[1].split('"')[0]
    first = await leo.post("/admin/compose", form_key=key, **COMPOSE)
    second = await leo.post("/admin/compose", form_key=key, **COMPOSE)
    assert first.headers["location"] == second.headers["location"]
    assert (await actions()).count("message.drafted") == 1


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"text": ""}, "text", "A message needs a text."),
        ({"text": "   "}, "text", "A message needs a text."),
        ({"kind": "reply"}, "in_reply_to", "This reply needs the post"),
        ({"kind": "dm"}, "recipient", "This dm needs the handle"),
        ({"scheduled_at": "2001-01-01T10:00"}, "scheduled_at", "in the past"),
        ({"scheduled_at": "tomorrow"}, "scheduled_at", "Write a day and a time"),
        ({"kind": "poem"}, "kind", "Choose one of the list"),
    ],
)
async def test_refused_form_keeps_its_input(browser: SignIn, change: dict[str, str], field: str, sentence: str) -> None:
    leo = await browser("leo")
    fields = {**COMPOSE, "in_reply_to": "", **change}
    answer = await leo.post("/admin/compose", **fields)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert sentence in words(answer)
    if change.get("text") is None:
        assert "The workshop opens at ten." in answer.text
    assert "message.drafted" not in await actions()


async def test_check_screens_and_stores_nothing(browser: SignIn) -> None:
    leo = await browser("leo")
    fields = {**COMPOSE, "text": "x" * 300, "do": "check"}
    page = await leo.post("/admin/compose", **fields)
    assert page.status_code == 200
    assert "over the limit" in words(page)
    part = await leo.client.post(
        "/admin/compose/preview",
        data={"_csrf": page.text.split('name="_csrf" value="')[1].split('"')[0], **fields},
        headers={"HX-Request-Type": "partial", "HX-Target": "section#preview"},
    )
    assert part.text.strip().startswith('<section id="preview"')
    assert "message.drafted" not in await actions()


async def test_unsolicited_dm_is_told_before_and_blocked_after(browser: SignIn) -> None:
    leo = await browser("leo")
    fields = {**COMPOSE, "kind": "dm", "recipient": "stranger", "text": "Hello, may I help?"}
    page = await leo.post("/admin/compose", **{**fields, "do": "check"})
    assert "This person has not written to you" in words(page)
    blocked = await leo.follow(await leo.post("/admin/compose", **fields))
    assert "Screening blocked it" in words(blocked)
    assert "message.blocked" in await actions()


async def test_answer_to_a_dm_says_why_it_may_be_written(browser: SignIn, dm: str) -> None:
    page = await (await browser("leo")).get(f"/admin/compose?account=Help&kind=dm&recipient={dm}")
    assert "This person wrote to you" in words(page)
    assert "Where is my parcel?" not in page.text


async def test_draft_is_edited_submitted_and_withdrawn(browser: SignIn) -> None:
    leo = await browser("leo")
    page = await leo.follow(await leo.post("/admin/compose", **{**COMPOSE, "do": "draft"}))
    address = str(page.url.path)
    await leo.follow(await leo.post(f"{address}/edit", revision=1, text="It opens at noon.", do="draft"))
    stale = await leo.post(f"{address}/edit", revision=1, text="It opens at one.", do="draft")
    assert stale.status_code == 409
    assert "It opens at one." in stale.text
    await leo.follow(await leo.post(f"{address}/submit", revision=2))
    page = await leo.follow(await leo.post(f"{address}/withdraw", revision=2, reason="Not needed."))
    assert "Withdrawn" in words(page)
    again = await leo.post(f"{address}/withdraw", revision=2)
    assert again.status_code == 409


async def test_schedule_is_read_in_the_accounts_own_zone(browser: SignIn, write: Write) -> None:
    message = await write("leo", submit=False)
    leo, address = await browser("leo"), f"/admin/messages/M-{message.number}"
    page = await leo.follow(await leo.post(f"{address}/schedule", revision=1, scheduled_at="2027-07-01T16:00"))
    assert 'value="2027-07-01T16:00"' in page.text
    past = await leo.post(f"{address}/schedule", revision=1, scheduled_at="2001-07-01T16:00")
    assert past.status_code == 422
    assert "2001-07-01T16:00" in past.text


async def test_list_is_filtered_and_paged(browser: SignIn, write: Write) -> None:
    for number in range(52):
        await write("leo", text=f"Note number {number}.", submit=False)
    leo = await browser("leo")
    page = await leo.get("/admin/messages?state=draft&q=Note")
    assert "Note number 51." in page.text
    assert "Note number 1." not in page.text
    older = page.text.split('href="/admin/messages?state=draft')[1].split('"')[0].replace("&amp;", "&")
    assert "Note number 1." in (await leo.get(f"/admin/messages?state=draft{older}")).text
    assert "Nothing found" in (await leo.get("/admin/messages?state=sent")).text
