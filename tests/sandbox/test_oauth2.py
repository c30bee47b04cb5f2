"""OAuth 2: the page on which a person agrees, codes, tokens, refreshing, revoking, scopes; and the X app's own token."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

Keys = dict[str, str]
Granted = Callable[..., Awaitable[httpx.AsyncClient]]
VERIFIER = "v" * 60
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BACK = "http://127.0.0.1:9/admin/accounts/callback?brand=1"
SCOPES = "tweet.read tweet.write users.read offline.access"
INVALID_TOKEN = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}


@pytest.fixture
def ask(x_app: Keys) -> dict[str, str]:
    """What a client asks for on the authorize page."""
    return {
        "response_type": "code",
        "client_id": x_app["client_id"],
        "redirect_uri": BACK,
        "scope": SCOPES,
        "state": "some-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


@pytest.fixture
def agree(web: httpx.AsyncClient, ask: dict[str, str], keys: Keys) -> Callable[[], Awaitable[str]]:
    """Be @acme on the page; returns the code."""

    async def be_acme() -> str:
        answer = await web.post("/i/oauth2/authorize", data={**ask, "account": keys["handle"]})
        assert answer.status_code == 303, answer.text
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    return be_acme


@pytest.fixture
def token(web: httpx.AsyncClient, x_app: Keys) -> Callable[..., Awaitable[httpx.Response]]:
    async def post(**form: str) -> httpx.Response:
        return await web.post("/2/oauth2/token", data=form, auth=(x_app["client_id"], x_app["client_secret"]))

    return post


def exchange(given: str, **changes: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": given, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return {**form, **changes}


def bearer(access: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access}"}


async def test_the_page_offers_every_account_and_leads_back_with_code_and_state(
    web: httpx.AsyncClient, ask: dict[str, str], keys: Keys
) -> None:
    page = await web.get("/i/oauth2/authorize", params=ask)
    assert "be @acme" in page.text
    assert "tweet.write" in page.text
    assert "form-action 'self' http://127.0.0.1:9;" in page.headers["content-security-policy"]
    answer = await web.post("/i/oauth2/authorize", data={**ask, "account": keys["handle"]})
    back = urlsplit(answer.headers["location"])
    query = parse_qs(back.query)
    assert (back.netloc, back.path) == ("127.0.0.1:9", "/admin/accounts/callback")
    assert (query["brand"], query["state"]) == (["1"], ["some-state"])
    assert query["code"]


async def test_a_no_leads_back_with_an_error(web: httpx.AsyncClient, ask: dict[str, str]) -> None:
    answer = await web.post("/i/oauth2/authorize", data={**ask, "deny": "yes"})
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["access_denied"]


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "other"},
        {"response_type": "token"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://x;script-src/"},
        {"scope": "tweet.read everything"},
        {"scope": ""},
        {"state": ""},
        {"code_challenge": "short"},
        {"code_challenge_method": "plain"},
        {"account": "nobody"},
    ],
)
async def test_a_request_x_would_not_understand_leads_nowhere(
    web: httpx.AsyncClient, ask: dict[str, str], keys: Keys, change: dict[str, str]
) -> None:
    answer = await web.post("/i/oauth2/authorize", data={**ask, "account": keys["handle"], **change})
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_code_becomes_tokens_that_act_for_the_account(web: httpx.AsyncClient, agree: Any, token: Any) -> None:
    answer = (await token(**exchange(await agree()))).json()
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("bearer", 7200, SCOPES)
    me = await web.get("/2/users/me", headers=bearer(answer["access_token"]))
    assert me.json()["data"]["username"] == "acme"


async def test_a_code_is_good_once(agree: Any, token: Any) -> None:
    code = await agree()
    answers = await asyncio.gather(*(token(**exchange(code)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]


@pytest.mark.parametrize("seconds", [29, 31])
async def test_a_code_lives_for_thirty_seconds(web: httpx.AsyncClient, agree: Any, token: Any, seconds: int) -> None:
    code = await agree()
    await web.post("/_sandbox/clock", json={"seconds": seconds})
    assert (await token(**exchange(code))).status_code == (200 if seconds < 30 else 400)


@pytest.mark.parametrize(
    "change", [{"code_verifier": "w" * 60}, {"redirect_uri": "http://127.0.0.1:9/other"}, {"code": "other"}]
)
async def test_a_code_needs_its_verifier_and_its_address(agree: Any, token: Any, change: dict[str, str]) -> None:
    answer = await token(**exchange(await agree(), **change))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_without_the_clients_secret_nothing_is_given(web: httpx.AsyncClient, agree: Any, x_app: Keys) -> None:
    form = exchange(await agree(), client_id=x_app["client_id"])
    for auth in (("", ""), (x_app["client_id"], "wrong")):
        answer = await web.post("/2/oauth2/token", data=form, auth=auth)
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized_client")


async def test_refreshing_gives_a_new_pair_and_the_old_one_is_worth_nothing(
    web: httpx.AsyncClient, agree: Any, token: Any
) -> None:
    first = (await token(**exchange(await agree()))).json()
    second = (await token(grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
    assert (await web.get("/2/users/me", headers=bearer(second["access_token"]))).status_code == 200
    assert (await web.get("/2/users/me", headers=bearer(first["access_token"]))).status_code == 401
    again = await token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, again.json()) == (400, INVALID_TOKEN)


async def test_of_fifty_refreshes_at_once_one_succeeds(agree: Any, token: Any) -> None:
    first = (await token(**exchange(await agree()))).json()
    calls = (token(grant_type="refresh_token", refresh_token=first["refresh_token"]) for _ in range(50))
    assert [answer.status_code for answer in await asyncio.gather(*calls)].count(200) == 1


async def test_an_access_token_lives_for_two_hours(web: httpx.AsyncClient, acme2: httpx.AsyncClient) -> None:
    await web.post("/_sandbox/clock", json={"seconds": 7190})
    assert (await acme2.get("/2/users/me")).status_code == 200
    await web.post("/_sandbox/clock", json={"seconds": 20})
    assert (await acme2.get("/2/users/me")).status_code == 401


async def test_without_offline_access_there_is_nothing_to_refresh(web: httpx.AsyncClient, keys: Keys) -> None:
    made = await web.post("/_sandbox/tokens", json={"handle": "acme", "scopes": "tweet.read users.read"})
    assert "refresh_token" not in made.json()


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_a_revoked_token_is_worth_nothing(
    web: httpx.AsyncClient, agree: Any, token: Any, x_app: Keys, which: str
) -> None:
    made = (await token(**exchange(await agree()))).json()
    auth = (x_app["client_id"], x_app["client_secret"])
    assert (await web.post("/2/oauth2/revoke", data={"token": made[which]}, auth=auth)).json() == {"revoked": True}
    assert (await web.get("/2/users/me", headers=bearer(made["access_token"]))).status_code == 401
    refreshed = await token(grant_type="refresh_token", refresh_token=made["refresh_token"])
    assert refreshed.status_code == (200 if which == "access_token" else 400)


async def test_what_the_owner_took_back_on_x_is_an_invalid_grant(
    web: httpx.AsyncClient, agree: Any, token: Any
) -> None:
    made = (await token(**exchange(await agree()))).json()
    assert (await web.post("/_sandbox/revoke", json={"handle": "acme"})).json() == {"revoked": 1}
    answer = await token(grant_type="refresh_token", refresh_token=made["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("given", ["refresh_token", "password", ""])
async def test_a_request_for_nothing_is_refused(token: Any, given: str) -> None:
    assert (await token(grant_type=given)).status_code == 400


async def test_the_x_app_gets_one_token_and_only_with_its_keys(web: httpx.AsyncClient, x_app: Keys) -> None:
    form, auth = {"grant_type": "client_credentials"}, (x_app["api_key"], x_app["api_secret"])
    made = (await web.post("/oauth2/token", data=form, auth=auth)).json()
    assert made == {"token_type": "bearer", "access_token": x_app["bearer_token"]}
    assert (await web.post("/oauth2/token", data=form, auth=("a", "b"))).status_code == 403
    assert (await web.post("/oauth2/token", data={}, auth=auth)).status_code == 403
