"""The audit log as compliance reads it."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from govern.database import transaction
from govern.domain.audit import LogMismatch, LogVerified, ObjectRef
from govern.domain.members import system_actor
from govern.services import audit
from govern.services.audit.indexing import index_published
from govern.web.panel.audit_query import chips, with_terms
from tests.factories import make_member
from tests.the_log import Log
from tests.web.panel.conftest import Browser, SignIn, Write, links, words

VERIFIER = system_actor("audit-verify")


def entries(page: httpx.Response) -> list[str]:
    """Return the arrivals of the entries listed, newest first."""
    return re.findall(r'<tr id="entry-(\d+)"', page.text)


async def open_first(person: Browser, q: str) -> httpx.Response:
    """Open the newest entry that a query finds."""
    found = entries(await person.get(f"/admin/audit?q={q}"))
    return await person.get(f"/admin/audit/{found[0]}")


async def test_entries_are_listed_by_day_and_open_at_the_side(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    cleo = await browser("cleo")
    page = await cleo.get("/admin/audit")
    assert "Today, " in page.text
    assert f"M-{message.number}" in page.text
    part = await cleo.get(f"/admin/audit/{entries(page)[0]}", HX_Request_Type="partial", HX_Target="div#asplit")
    assert part.text.strip().startswith('<div class="asplit" id="asplit" data-open')
    assert "Leaf hash" in part.text


async def test_refusal_is_found_by_actor_and_outcome(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    await (await browser("leo")).post(f"/admin/messages/M-{message.number}/approve", revision=1, what="approve")
    cleo = await browser("cleo")
    page = await cleo.get("/admin/audit?q=actor:leo+outcome:denied")
    assert "Access denied" in page.text
    assert "Message drafted" not in page.text
    assert 'aria-label="Remove filter: outcome denied"' in page.text
    opened = words(await open_first(cleo, "actor:leo+outcome:denied"))
    assert "Refused by" in opened
    assert "Why?" in opened


async def test_what_was_excluded_is_not_listed_and_says_so(browser: SignIn, write: Write) -> None:
    await write("leo")
    page = await (await browser("cleo")).get("/admin/audit?q=actor:leo+-action:message.drafted")
    assert "Message submitted" in page.text
    assert "Message drafted" not in page.text
    assert "not action: message.drafted" in words(page).replace(" :", ":")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("q=acton:message", "Did you mean action:?"),
        ("q=outcome:maybe", "An outcome is done, denied or failed"),
        ("q=after:yesterday", "yesterday is no day and no time"),
        ("q=actor:", "Write what actor: shall be"),
        ("at=soon", "soon is no day and no time"),
        ("older=x", "This cursor is not one of ours"),
    ],
)
async def test_what_cannot_be_read_is_422_and_says_why(browser: SignIn, query: str, said: str) -> None:
    answer = await (await browser("cleo")).get(f"/admin/audit?{query}")
    assert answer.status_code == 422
    assert said in words(answer)
    name, _, typed = query.partition("=")
    if name != "older":
        assert f'value="{typed}"' in answer.text


async def test_older_entries_follow_by_key(browser: SignIn, write: Write) -> None:
    for number in range(27):
        await write("leo", text=f"Note {number}.")
    cleo = await browser("cleo")
    page = await cleo.get("/admin/audit?q=action:message")
    older = next(link for link in links(page) if "older=" in link and "/audit?" in link)
    following = await cleo.get(older)
    assert entries(following)
    assert not set(entries(page)) & set(entries(following))
    assert "Newest entries" in following.text


async def test_a_choice_becomes_a_part_of_the_box_and_of_the_address(browser: SignIn, write: Write) -> None:
    await write("leo")
    cleo = await browser("cleo")
    answer = await cleo.get("/admin/audit?q=leo+outcome:failed&add=&add=action:message&add=outcome:done&at=")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/audit?q=leo+action%3Amessage+outcome%3Adone"
    assert entries(await cleo.follow(answer))


async def test_a_jump_to_a_day_leaves_nothing_out(browser: SignIn, write: Write, the_log: Log) -> None:
    await write("leo")
    await the_log.grow()
    async with the_log.as_sequencer():
        await index_published()
    cleo = await browser("cleo")
    today = datetime.now(UTC).date()
    page = await cleo.get(f"/admin/audit?at={today + timedelta(days=1)}")
    assert entries(page) == entries(await cleo.get("/admin/audit"))
    assert "Read from" in words(page)
    past = await cleo.get("/admin/audit?at=2001-01-01")
    assert entries(past) == []
    assert "No entry is that old." in words(past)
    assert "Newest entries" in past.text


async def test_nothing_found_says_what_was_searched(browser: SignIn) -> None:
    page = await (await browser("cleo")).get("/admin/audit?q=actor:nobody-of-this-name")
    assert page.status_code == 200
    assert "No entry matches" in page.text


async def test_entry_that_does_not_exist_is_404(browser: SignIn) -> None:
    cleo = await browser("cleo")
    assert (await cleo.get("/admin/audit/999999999")).status_code == 404
    assert (await cleo.post("/admin/audit/999999999/personal")).status_code == 404


async def test_entry_says_what_changed_and_what_else_its_request_wrote(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    mia = await browser("mia")
    await mia.post(f"/admin/messages/M-{message.number}/reject", revision=1, what="reject", reason="Not like this.")
    cleo = await browser("cleo")
    page = await open_first(cleo, f"subject:M-{message.number}+action:message.rejected")
    said = words(page)
    assert "What changed" in said
    assert "<del>pending_approval</del>" in page.text
    assert "<ins>rejected</ins>" in page.text
    assert "Allowed by" in said


async def test_personal_fields_are_shown_when_asked_for_and_the_look_is_an_entry(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    mia = await browser("mia")
    await mia.post(f"/admin/messages/M-{message.number}/reject", revision=1, what="reject", reason="Say who you are.")
    cleo = await browser("cleo")
    arrival = entries(await cleo.get(f"/admin/audit?q=subject:M-{message.number}+action:message.rejected"))[0]
    before = await cleo.get(f"/admin/audit/{arrival}")
    assert "Say who you are." not in before.text
    assert "That you looked is an entry of its own." in before.text
    shown = await cleo.post(f"/admin/audit/{arrival}/personal")
    assert "Say who you are." in shown.text
    assert len(entries(await cleo.get("/admin/audit?q=action:audit.opened"))) == 1


async def test_entry_without_a_checkpoint_says_so_and_with_one_is_proven(
    browser: SignIn, write: Write, the_log: Log
) -> None:
    message = await write("leo")
    cleo = await browser("cleo")
    page = await open_first(cleo, f"subject:M-{message.number}")
    assert "Recorded, not yet in a checkpoint" in page.text
    assert "verify-proof" not in page.text
    await the_log.grow()
    page = await cleo.get(str(page.url))
    assert "Included and unchanged" in page.text
    assert str(the_log.key.verifier).replace("+", "&#43;") in page.text.replace("+", "&#43;")
    proof = re.search(r'href="(/api/v1/audit/entries/[0-9a-f-]+/proof)"', page.text)
    assert proof is not None
    assert (await cleo.get(proof[1])).text.startswith("c2sp.org/tlog-proof@v1\n")


async def test_proof_that_fails_is_told_and_not_drawn(browser: SignIn, write: Write, the_log: Log) -> None:
    message = await write("leo")
    await the_log.grow()
    cleo = await browser("cleo")
    the_log.settings.verifier_file.write_text("another+00000000+AAAA")
    page = await open_first(cleo, f"subject:M-{message.number}")
    assert page.status_code == 200
    assert "The proof cannot be made" in page.text


async def verified(outcome: LogVerified | LogMismatch, *, at: datetime) -> None:
    async with transaction():
        await audit.record(outcome, actor=VERIFIER, now=at, object=ObjectRef("log", "audit"), scope="company")


async def test_badge_has_three_states_in_words(browser: SignIn, the_log: Log) -> None:
    cleo = await browser("cleo")
    assert "Being checked" in words(await cleo.get("/admin/audit"))
    now = datetime.now(UTC)
    await verified(LogVerified(begin=0, size=1, root="0" * 64, against=("guard",)), at=now)
    page = words(await cleo.get("/admin/audit"))
    assert "Log intact checked just now, to #0" in page
    assert "the guard file, outside the database" in words(await cleo.get("/admin/audit/log"))
    await the_log.grow()
    await verified(LogMismatch(check="text", checks=("text", "tree"), begin=0, size=1, first=0), at=now)
    assert "Log broken first wrong entry: #0" in words(await cleo.get("/admin/audit"))
    state = await cleo.get("/admin/audit/log")
    assert "Keep the database as it is" in words(state)
    bad = next(link for link in links(state) if re.fullmatch(r"/admin/audit/\d+", link))
    assert (await cleo.get(bad)).status_code == 200


async def test_view_is_saved_for_oneself_and_removed(browser: SignIn) -> None:
    cleo, ada = await browser("cleo"), await browser("ada")
    page = await cleo.follow(
        await cleo.post("/admin/audit/views", name="Refusals of Leo", q="actor:leo outcome:denied")
    )
    assert '<a href="/admin/audit?q=actor%3Aleo+outcome%3Adenied"' in page.text
    assert "Refusals of Leo" in page.text
    assert "Refusals of Leo" not in (await ada.get("/admin/audit")).text
    remove = re.search(r'action="(/admin/audit/views/[^"]+/remove)"', page.text)
    assert remove is not None
    assert (await ada.post(remove[1])).status_code == 404
    assert "Refusals of Leo" not in (await cleo.follow(await cleo.post(remove[1], q=""))).text


@pytest.mark.parametrize(
    ("name", "q", "status", "said"),
    [
        ("", "", 422, "Please fill this in."),
        ("x" * 61, "", 422, "At most 60 characters"),
        ("Twice", "", 409, "You have a view of this name already."),
        ("Unreadable", "colour:red", 422, "There is no filter colour:"),
    ],
)
async def test_view_that_cannot_be_saved_says_why(browser: SignIn, name: str, q: str, status: int, said: str) -> None:
    cleo = await browser("cleo")
    await cleo.post("/admin/audit/views", name="Twice", q="leo")
    answer = await cleo.post("/admin/audit/views", name=name, q=q)
    assert answer.status_code == status
    assert said in words(answer)


async def test_export_is_asked_for_with_reason_and_fresh_proof(browser: SignIn, the_log: Log) -> None:
    cleo = await browser("cleo")
    page = await cleo.get("/admin/audit/export?q=actor:leo")
    assert 'value="actor:leo"' in page.text
    refused = await cleo.post("/admin/audit/export", q="actor:leo", format="csv", reason="")
    assert refused.status_code == 422
    assert "Please give a reason of 3 to 500 characters." in words(refused)
    both = await cleo.post("/admin/audit/export", q="actor:leo", range="0:1", format="csv", reason="Audit of May")
    assert both.status_code == 422
    asked = await cleo.follow(
        await cleo.post("/admin/audit/export", q="actor:leo", format="csv", reason="Audit of May")
    )
    assert "<progress" in asked.text
    assert "Waiting for the worker" in asked.text
    assert "Audit of May" in (await cleo.get("/admin/audit/export")).text
    stale = await browser("cleo", fresh=False)
    again = await stale.post("/admin/audit/export", q="", format="csv", reason="Audit of May")
    assert again.status_code == 403
    assert "_proof" in again.text


async def test_export_of_somebody_else_does_not_exist(browser: SignIn, the_log: Log) -> None:
    await make_member("cyril", ("compliance", "company"))
    cleo, colleague, ada = await browser("cleo"), await browser("cyril"), await browser("ada")
    answer = await cleo.post("/admin/audit/export", q="", format="jsonl", reason="Audit of May")
    path = answer.headers["location"]
    assert (await cleo.get(path)).status_code == 200
    assert (await colleague.get(path)).status_code == 404
    assert (await ada.get(path)).status_code == 403  # may not export at all
    assert (await cleo.post(f"{path}/file")).status_code == 409


async def test_every_link_of_the_log_opens(browser: SignIn, write: Write, the_log: Log) -> None:
    message = await write("leo")
    await the_log.grow()
    cleo = await browser("cleo")
    page = await open_first(cleo, f"subject:M-{message.number}")
    for link in sorted(links(page)):
        assert (await cleo.get(link)).status_code == 200, link


def test_chip_leads_to_the_box_without_it() -> None:
    assert [chip.without for chip in chips("actor:leo refund")] == [
        "/admin/audit?q=refund",
        "/admin/audit?q=actor%3Aleo",
    ]
    assert chips("colour:red") == ()


def test_a_choice_takes_the_place_of_an_earlier_one() -> None:
    assert with_terms('actor:"Mia B" outcome:done -outcome:denied', ["outcome:failed"]) == (
        'actor:"Mia B" -outcome:denied outcome:failed'
    )
