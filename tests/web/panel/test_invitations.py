"""Invitations, resets, and what ends a membership."""

import re

import httpx
import pytest
import structlog
from litestar import Litestar
from structlog.testing import capture_logs

from tests.asserts import actions
from tests.web.conftest import address
from tests.web.panel.conftest import BASE, Browser, SignIn, words

PASSWORD = "a long enough password"
ANA = {"email": "ana.souza@example.com", "name": "Ana Souza", "language": "en", "zone": "Europe/Paris"}
HERE = "/admin/people/ana.souza@example.com"
LEO = f"/admin/people/{address('leo')}"


@pytest.fixture
def stranger(app: Litestar) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)  # type: ignore[arg-type]


def link(page: httpx.Response) -> str:
    """The path of the link that a page shows."""
    assert page.status_code == 200, words(page)
    return "/admin/welcome/" + page.text.split("/admin/welcome/")[1].split("<")[0].strip()


async def invite(ada: Browser) -> str:
    return link(await ada.post("/admin/people", **ANA))


async def test_person_is_invited_by_a_link_that_is_shown_once(browser: SignIn) -> None:
    ada = await browser("ada")
    token = (await invite(ada)).rpartition("/")[2]
    page = await ada.get(HERE)
    assert "Has not used their link yet" in words(page)
    assert token not in page.text
    taken = await ada.post("/admin/people", **{**ANA, "email": address("leo")})
    assert taken.status_code == 409
    assert 'value="Ana Souza"' in taken.text


async def test_invited_person_chooses_a_password_and_is_in(browser: SignIn, stranger: httpx.AsyncClient) -> None:
    path = await invite(await browser("ada"))
    page = await stranger.get(path)
    assert "Welcome, Ana Souza" in words(page)
    assert page.headers["referrer-policy"] == "no-referrer"
    weak = await stranger.post(path, data={"password": "short"})
    assert weak.status_code == 422
    assert "short" not in weak.text.partition('name="password"')[2]
    answer = await stranger.post(path, data={"password": PASSWORD})
    assert answer.headers["location"].startswith("/admin/settings/security")
    assert "Add a second factor" in words(await stranger.get(answer.headers["location"]))
    assert (await stranger.get("/admin")).status_code == 200


async def test_form_of_the_browsers_own_page_is_taken_though_it_sends_no_referrer(
    browser: SignIn, stranger: httpx.AsyncClient
) -> None:
    path = await invite(await browser("ada"))
    own, other = ({"Origin": "null", "Sec-Fetch-Site": site} for site in ("same-origin", "cross-site"))
    assert (await stranger.post(path, data={"password": PASSWORD}, headers=other)).status_code == 403
    assert (await stranger.post(path, data={"password": PASSWORD}, headers={"Origin": "null"})).status_code == 403
    assert (await stranger.post(path, data={"password": PASSWORD}, headers=own)).status_code == 303


async def test_used_replaced_and_made_up_links_show_one_page(browser: SignIn, stranger: httpx.AsyncClient) -> None:
    ada = await browser("ada")
    replaced = await invite(ada)
    used = link(await ada.post(f"{HERE}/invite-again"))
    await stranger.post(used, data={"password": PASSWORD})
    pages = [await stranger.get(path) for path in (replaced, used, "/admin/welcome/made-up")]
    pages += [await stranger.post(path, data={"password": PASSWORD}) for path in (replaced, used)]
    assert {page.status_code for page in pages} == {404}
    assert {words(page) for page in pages} == {words(pages[0])}
    assert "This link no longer works" in words(pages[0])


async def test_link_is_in_no_log(browser: SignIn, stranger: httpx.AsyncClient) -> None:
    path = await invite(await browser("ada"))
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        await stranger.get(path)
        await stranger.post(path, data={"password": PASSWORD})
    assert "/admin/welcome/…" in str(logs)
    assert path.rpartition("/")[2] not in str(logs)


async def test_reset_ends_all_ways_in_and_makes_a_link(browser: SignIn, stranger: httpx.AsyncClient) -> None:
    ada, leo = await browser("ada"), await browser("leo")
    assert "Reset sign-in" in words(await ada.get(f"{LEO}/membership"))
    path = link(await ada.post(f"{LEO}/reset-sign-in", reason="His phone was stolen."))
    assert (await leo.get("/admin")).status_code == 303
    assert "Choose a new password" in words(await stranger.get(path))
    assert (await stranger.post(path, data={"password": PASSWORD})).status_code == 303


async def test_reset_is_critical(browser: SignIn) -> None:
    ada = await browser("ada", fresh=False)
    assert 'id="reset-_proof"' in (await ada.get(f"{LEO}/membership")).text
    answer = await ada.post(f"{LEO}/reset-sign-in", reason="His phone was stolen.")
    assert answer.status_code == 403
    assert 'value="His phone was stolen."' in answer.text


async def test_suspension_holds_at_once_and_is_lifted(browser: SignIn) -> None:
    ada, leo = await browser("ada"), await browser("leo")
    page = await ada.follow(await ada.post(f"{LEO}/suspend", reason="Under review."))
    assert "Suspended" in words(page)
    assert (await leo.get("/admin")).status_code == 303
    assert "Suspended" in words(await ada.get(LEO))
    page = await ada.follow(await ada.post(f"{LEO}/reinstate", reason="Nothing was found."))
    assert "Can sign in" in words(page)
    assert {"member.suspended", "member.reinstated"} <= set(await actions())


async def test_removal_is_for_good(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await ada.follow(await ada.post(f"{LEO}/remove", reason="Left the company."))
    assert "Has left" in words(page)
    assert not re.findall(rf'action="{LEO}/(?!grants)', page.text)
    assert (await ada.post(f"{LEO}/remove", reason="Once more.")).status_code == 409


@pytest.mark.parametrize("act", ["suspend", "remove", "reset-sign-in"])
async def test_each_needs_a_reason_and_keeps_nothing_half_done(browser: SignIn, act: str) -> None:
    ada = await browser("ada")
    answer = await ada.post(f"{LEO}/{act}")
    assert answer.status_code == 422
    assert "Please fill this in." in words(answer)
    assert "Can sign in" in words(answer) or "Has not used" in words(answer)


async def test_nobody_does_it_to_themselves(browser: SignIn) -> None:
    ada, own = await browser("ada"), f"/admin/people/{address('ada')}"
    assert "There is nothing you may change here." in words(await ada.get(f"{own}/membership"))
    assert (await ada.post(f"{own}/suspend", reason="A holiday.")).status_code == 409


@pytest.mark.parametrize("name", ["leo", "mia"])
async def test_others_are_offered_nothing(browser: SignIn, name: str) -> None:
    person = await browser(name)
    for act in ("suspend", "remove", "reset-sign-in", "reinstate"):
        answer = await person.post(f"/admin/people/{address('vera')}/{act}", reason="Because I can.")
        assert answer.status_code in {403, 404}
    assert (await person.post("/admin/people", **ANA)).status_code == 403
