"""The pages that connect an account: a form, a link to X, the way back, and one page for whatever is wrong."""

import html
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
from litestar import Litestar
from msgspec.structs import replace

from govern.settings import Settings
from tests.asserts import actions, assert_audited, assert_nothing_changed
from tests.web.panel.conftest import Browser, SignIn

CONNECT = "/admin/accounts/Help/connect"
CALLBACK = "/admin/x/callback"


@pytest.fixture
async def with_client(app: Litestar, config: Settings) -> AsyncIterator[None]:
    """The X app has an OAuth 2 client."""
    before: Settings = app.state.settings
    app.state.settings = replace(
        config, x_client_id="the-client", x_base_url="http://127.0.0.1:1", public_url="http://127.0.0.1:8000"
    )
    yield
    app.state.settings = before


def link(page: httpx.Response) -> str:
    """Return the address of X that a page leads to."""
    found = re.search(r'href="(http://127\.0\.0\.1:1/i/oauth2/authorize[^"]*)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


async def state_of(page: Browser) -> str:
    return parse_qs(urlsplit(link(await page.get(CONNECT))).query)["state"][0]


async def test_form_leads_to_a_page_with_a_link_to_x(browser: SignIn, with_client: None) -> None:
    ada = await browser("ada")
    assert CONNECT in (await ada.get("/admin/accounts/Help")).text
    page = await ada.get(CONNECT)
    assert "Direct messages, read and written" in page.text
    answer = await ada.post(CONNECT, features=["images"])
    assert (answer.status_code, answer.headers["location"]) == (303, CONNECT)
    page = await ada.follow(answer)
    query = parse_qs(urlsplit(link(page)).query)
    assert query["scope"] == ["tweet.read tweet.write users.read offline.access media.write"]
    assert query["redirect_uri"] == ["http://127.0.0.1:8000/admin/x/callback"]
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"


async def test_without_a_client_only_the_command_is_shown(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await ada.get(CONNECT)
    assert "govern account connect Help" in page.text
    assert f'action="{CONNECT}"' not in page.text
    answer = await ada.post(CONNECT)
    assert answer.status_code == 422
    assert "GOVERN_X_CLIENT_ID" in answer.text


async def test_way_back_leads_to_the_page_that_waits_and_the_code_is_in_no_address(
    browser: SignIn, with_client: None
) -> None:
    ada = await browser("ada")
    await ada.post(CONNECT)
    answer = await ada.get(f"{CALLBACK}?state={await state_of(ada)}&code=the-code")
    assert (answer.status_code, answer.headers["location"]) == (303, CONNECT)
    page = await ada.follow(answer)
    assert "The worker asks X for the tokens" in page.text
    assert 'hx-trigger="every 1s"' in page.text
    assert "the-code" not in page.text
    part = await ada.get(CONNECT, HX_Request_Type="partial", HX_Target="section#connection")
    assert part.text.startswith("<section")


@pytest.mark.parametrize(
    "wrong", ["unknown", "none", "no code", "denied at X", "twice", "another session", "another member"]
)
async def test_whatever_is_wrong_is_one_page_that_tells_nothing(
    browser: SignIn, with_client: None, owner: asyncpg.Connection, wrong: str
) -> None:
    ada = await browser("ada")
    await ada.post(CONNECT)
    state = await state_of(ada)
    if wrong == "twice":
        await ada.get(f"{CALLBACK}?state={state}&code=the-code")
    asks = {
        "another session": await browser("ada"),
        "another member": await browser("vera"),
    }
    query = {
        "unknown": "state=of-nobody&code=x",
        "none": "",
        "no code": f"state={state}",
        "denied at X": f"state={state}&error=access_denied",
    }.get(wrong, f"state={state}&code=another")
    async with assert_nothing_changed(owner):
        page = await asks.get(wrong, ada).get(f"{CALLBACK}?{query}")
    assert page.status_code == 403
    assert "This connection cannot be completed. Nothing was changed." in page.text
    for telling in ("Help", "state", "session", "expired", "the-code"):
        assert telling not in re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2])
    await assert_audited("access.denied", outcome="denied", action="account.connect", reason="connect_state")


async def test_faults_are_told_in_plain_words(browser: SignIn, with_client: None, owner: asyncpg.Connection) -> None:
    ada = await browser("ada")
    await ada.post(CONNECT)
    await ada.get(f"{CALLBACK}?state={await state_of(ada)}&code=the-code")
    said = {
        "wrong_user": "signed in to X as @News, not as @Help",
        "scopes": "X did not grant all",
        "refused": "too late, or twice",
        "app": "client secret",
        "away": "Begin again in a few minutes",
        "denied": "You may not connect this account any more",
    }
    for fault, words in said.items():
        await owner.execute("UPDATE oauth_pending SET finished_at = now(), fault = $1, other_handle = 'News'", fault)
        page = await ada.get(CONNECT)
        assert words in html.unescape(page.text)
        assert f'action="{CONNECT}"' in page.text, "one may begin again"
    await owner.execute("UPDATE oauth_pending SET fault = NULL")
    assert "The account is connected." in (await ada.get(CONNECT)).text


async def test_beginning_asks_for_a_fresh_proof(browser: SignIn, with_client: None) -> None:
    ada = await browser("ada", fresh=False)
    answer = await ada.post(CONNECT)
    assert answer.status_code == 403
    assert "Prove that it is you" in answer.text
    assert "account.connect_begun" not in await actions()


async def test_who_may_not_connect_comes_to_no_page(browser: SignIn, with_client: None) -> None:
    mia = await browser("mia")
    assert (await mia.get(CONNECT)).status_code == 403
    assert (await mia.post(CONNECT)).status_code == 403
    assert CONNECT not in (await mia.get("/admin/accounts/Help")).text


async def test_account_says_with_what_it_is_connected(
    browser: SignIn, owner: asyncpg.Connection, company: object
) -> None:
    await owner.execute(
        "INSERT INTO account_credential (account, kind, access_sealed, key_id, version, scopes, expires_at, state)"
        " SELECT id, 'oauth2', 'x', 'k', 1, '{tweet.read}', now() + interval '1 hour', 'active' FROM account"
        " WHERE handle = 'Help'"
    )
    ada = await browser("ada")
    assert "Connected with OAuth 2: tweet.read." in (await ada.get("/admin/accounts/Help")).text
    await owner.execute(
        "UPDATE account_credential SET state = 'needs_reauth', reason = 'X did not renew these tokens any more.'"
    )
    assert "X did not renew these tokens any more." in (await ada.get("/admin/accounts/Help")).text
    await owner.execute("UPDATE account_credential SET state = 'active', kind = 'oauth1'")
    assert "OAuth 1.0a keys" in (await ada.get("/admin/accounts/Help")).text
