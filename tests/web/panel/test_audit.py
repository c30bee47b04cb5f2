"""The audit log as compliance reads it."""

import pytest

from govern.web.panel.audit_query import chips, read_box
from govern.web.panel.forms import FieldFault
from tests.web.panel.conftest import SignIn, Write, words


async def test_entries_are_listed_by_day_and_open_at_the_side(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    cleo = await browser("cleo")
    page = await cleo.get("/admin/audit")
    assert "Today, " in page.text
    assert f"M-{message.number}" in page.text
    entry = page.text.split('href="/admin/audit/')[1].split('"')[0]
    part = await cleo.get(f"/admin/audit/{entry}", HX_Request_Type="partial", HX_Target="div#asplit")
    assert part.text.strip().startswith('<div class="asplit" id="asplit" data-open')
    assert "Leaf hash" in part.text


async def test_refusal_is_found_by_actor_and_outcome(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    await (await browser("leo")).post(f"/admin/messages/M-{message.number}/approve", revision=1, what="approve")
    page = await (await browser("cleo")).get("/admin/audit?q=actor:leo+outcome:denied")
    assert "Access denied" in page.text
    assert "Message drafted" not in page.text
    assert 'aria-label="Remove filter: outcome denied"' in page.text


async def test_unknown_filter_is_422_and_names_the_nearest(browser: SignIn) -> None:
    answer = await (await browser("cleo")).get("/admin/audit?q=acton:message")
    assert answer.status_code == 422
    assert "Did you mean action:?" in words(answer)
    assert 'value="acton:message"' in answer.text


async def test_older_entries_follow_by_key(browser: SignIn, write: Write) -> None:
    for number in range(27):
        await write("leo", text=f"Note {number}.")
    cleo = await browser("cleo")
    page = await cleo.get("/admin/audit?q=action:message")
    older = page.text.split('href="/admin/audit?q=action%3Amessage&amp;older=')[1].split('"')[0]
    following = await cleo.get(f"/admin/audit?q=action%3Amessage&older={older}")
    assert 'id="entry-' in following.text
    first = {part.split('"')[0] for part in page.text.split('id="entry-')[1:]}
    second = {part.split('"')[0] for part in following.text.split('id="entry-')[1:]}
    assert not (first & second) - {"head"}


async def test_entry_that_does_not_exist_is_404(browser: SignIn) -> None:
    assert (await (await browser("cleo")).get("/admin/audit/999999999")).status_code == 404


def test_box_takes_quoted_words_and_local_days() -> None:
    wanted = read_box('actor:"Mia B" after:2026-07-01 refund', "Europe/Paris")
    assert wanted.actor == "Mia B"
    assert wanted.since is not None
    assert wanted.since.isoformat() == "2026-06-30T22:00:00+00:00"
    assert wanted.q == "refund"


@pytest.mark.parametrize("box", ["after:yesterday", "outcome:maybe", "colour:red"])
def test_box_refuses_what_it_cannot_read(box: str) -> None:
    with pytest.raises(FieldFault):
        read_box(box, "Europe/Paris")


def test_chip_leads_to_the_box_without_it() -> None:
    assert [chip.without for chip in chips("actor:leo refund")] == [
        "/admin/audit?q=refund",
        "/admin/audit?q=actor%3Aleo",
    ]
