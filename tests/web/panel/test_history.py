"""The history of a message, as its readers see it: from the log."""

import re

import httpx

from tests.web.panel.conftest import SignIn, Write


def history(page: httpx.Response) -> list[str]:
    """Return the lines of the history without their times, newest first."""
    block = page.text.split('<ol class="tl">')[1].split("</ol>")[0]
    lines = [re.sub(r"<small>.*?</small>|<[^>]+>", " ", line, flags=re.DOTALL) for line in block.split("<li>")[1:]]
    return [" ".join(line.split()) for line in lines]


async def test_each_step_is_told_by_whom_and_the_newest_first(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    path = f"/admin/messages/M-{message.number}"
    mia = await browser("mia")
    await mia.post(f"{path}/request-changes", revision=1, what="request_changes", reason="Say who you are.")
    told = history(await mia.get(path))
    assert told[-1] == "Revision 1 written by Leo"
    assert "Revision 1 screened" in told
    assert "Revision 1 handed in by Leo" in told


async def test_a_verdict_says_its_reason_and_why_it_was_allowed(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    path = f"/admin/messages/M-{message.number}"
    mia = await browser("mia")
    await mia.post(f"{path}/reject", revision=1, what="reject", reason="Not like this.")
    page = await mia.get(path)
    assert history(page)[0] == "Revision 1 rejected by you"
    newest = page.text.split('<ol class="tl">')[1].split("</li>")[0]
    assert "“Not like this.”" in newest
    assert 'href="/admin/why/' in newest
    assert history(await (await browser("leo")).get(path))[0] == "Revision 1 rejected by Mia"


async def test_refusals_and_looks_are_not_told_to_readers_of_the_message(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    path = f"/admin/messages/M-{message.number}"
    leo = await browser("leo")
    await leo.post(f"{path}/approve", revision=1, what="approve")
    assert not any("denied" in line.lower() for line in history(await leo.get(path)))
