"""Who will see an answer, said where it is written and where it is approved."""

from govern.domain.messages import Kind
from govern.services.message_views import load_message
from tests.web.panel.conftest import SignIn, Write, words


async def test_the_composer_says_of_each_level_who_will_see_it(browser: SignIn, mention: str) -> None:
    leo = await browser("leo")
    page = await leo.get(f"/admin/compose?account=Help&kind=reply&in_reply_to={mention}")
    said = words(page)
    assert "Invite to write privately Invitation to write privately: the reply itself is public" in said
    assert "Open reply: X shows it to those who follow both of you" in said
    assert "To everyone Reply to everyone: X shows it to all followers" in said
    assert 'handle="marion"' in page.text
    assert 'value="open" checked' in " ".join(page.text.split())


async def test_the_prepared_invitation_is_a_private_reply(browser: SignIn, mention: str) -> None:
    leo = await browser("leo")
    page = await leo.get(f"/admin/compose?account=Help&kind=reply&in_reply_to={mention}")
    assert "ready=invite" in page.text
    page = await leo.get(f"/admin/compose?account=Help&kind=reply&in_reply_to={mention}&ready=invite")
    assert "Please write to us in private" in page.text
    assert 'value="private" checked' in " ".join(page.text.split())


async def test_a_reply_to_everyone_is_refused_until_it_names_the_person(browser: SignIn, mention: str) -> None:
    leo = await browser("leo")
    fields = {"account": "Help", "kind": "reply", "in_reply_to": mention, "reply_level": "everyone", "do": "draft"}
    page = await leo.post("/admin/compose", text="On its way.", **fields)
    assert page.status_code == 422
    assert "begins with .@marion" in words(page)
    page = await leo.follow(await leo.post("/admin/compose", text=".@marion On its way.", **fields))
    said = words(page)
    assert "Reply to everyone: X shows it to all followers of the account." in said
    assert '<span class="on" aria-current="true">To everyone</span>' in page.text


async def test_who_decides_reads_who_will_see_it(browser: SignIn, write: Write, mention: str) -> None:
    message = await write("leo", kind=Kind.REPLY, in_reply_to=mention, text="Buy now at https://example.com, 50% off!")
    page = await (await browser("mia")).get(f"/admin/messages/M-{message.number}")
    assert "Who will see it Open reply: X shows it to those who follow both of you" in words(page)
    assert (await load_message(message.id)).reply_level == "open"


async def test_the_level_of_a_form_counts_for_replies_only(browser: SignIn) -> None:
    leo = await browser("leo")
    fields = {"account": "Help", "kind": "post", "text": "We open at ten.", "reply_level": "open", "do": "draft"}
    page = await leo.follow(await leo.post("/admin/compose", **fields))
    assert "Who will see it Post: X shows it to all followers of the account." in words(page)
