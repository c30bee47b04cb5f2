"""What each role is shown, and that every link shown opens."""

import pytest

from tests.web.panel.conftest import SignIn, Write, links

EVERYBODY = {"/admin", "/admin/settings", "/admin/pause"}
SECTIONS = {
    "leo": {"/admin/approvals", "/admin/compose", "/admin/messages", "/admin/accounts"},
    "mia": {"/admin/approvals", "/admin/compose", "/admin/messages", "/admin/accounts", "/admin/people"},
    "cleo": {"/admin/approvals", "/admin/messages", "/admin/accounts", "/admin/people", "/admin/audit"},
    "ada": {"/admin/approvals", "/admin/messages", "/admin/accounts", "/admin/people", "/admin/audit"},
    "vera": {"/admin/approvals", "/admin/messages", "/admin/accounts"},
    "eve": set[str](),
}
ALL = {"/admin/approvals", "/admin/compose", "/admin/messages", "/admin/accounts", "/admin/people", "/admin/audit"}


@pytest.mark.parametrize("name", SECTIONS)
async def test_navigation_draws_only_what_opens(browser: SignIn, name: str) -> None:
    person = await browser(name)
    drawn = links(await person.get("/admin"))
    assert drawn & (ALL | EVERYBODY) == SECTIONS[name] | EVERYBODY
    for link in sorted(drawn):
        assert (await person.get(link)).status_code == 200, link


@pytest.mark.parametrize("name", ["leo", "mia", "cleo", "ada", "vera"])
@pytest.mark.parametrize("start", ["/admin/approvals?view=team", "/admin/messages", "/admin/accounts"])
async def test_each_link_of_a_page_opens(browser: SignIn, write: Write, name: str, start: str) -> None:
    await write("leo")
    person = await browser(name)
    for link in sorted(links(await person.get(start))):
        assert (await person.get(link)).status_code == 200, link


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("mia", "/admin/audit"),
        ("leo", "/admin/people"),
        ("eve", "/admin/people"),
        ("vera", "/admin/audit"),
    ],
)
async def test_page_without_the_right_is_refused_with_a_sentence(browser: SignIn, name: str, path: str) -> None:
    answer = await (await browser(name)).get(path)
    assert answer.status_code == 403
    assert "needs the role" in answer.text


@pytest.mark.parametrize(
    "path", ["/admin/messages/M-9", "/admin/messages/x", "/admin/nothing", "/admin/accounts/Nobody"]
)
async def test_what_does_not_exist_is_a_plain_404(browser: SignIn, path: str) -> None:
    answer = await (await browser("mia")).get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


async def test_message_of_another_account_does_not_exist(browser: SignIn, write: Write) -> None:
    message = await write("noa", account="News")
    assert (await (await browser("leo")).get(f"/admin/messages/M-{message.number}")).status_code == 404
