"""Which credentials may call what: scopes of OAuth 2, and the X app's own token."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from govern.sandbox.access import ACCESS, Kind
from govern.sandbox.limits import LIMITS

Keys = dict[str, str]
Granted = Callable[..., Awaitable[httpx.AsyncClient]]
FORBIDDEN = {"title": "Forbidden", "detail": "Forbidden", "type": "about:blank", "status": 403}


def test_every_route_says_who_may_call_it_and_how_often() -> None:
    assert ACCESS.keys() == LIMITS.keys()


async def test_a_token_without_one_of_the_scopes_is_refused(granted: Granted) -> None:
    for route, access in ACCESS.items():
        method, _, path = route.partition(" ")
        for lacking in access.scopes:
            others = (access.scopes | {"users.email"}) - {lacking}
            answer = await (await granted(" ".join(others))).request(method, path.replace("{}", "1"))
            assert (answer.status_code, answer.json()) == (403, FORBIDDEN), f"{route} without {lacking}"


async def test_with_the_scopes_a_token_may_post(acme2: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    assert (await acme2.post("/2/tweets", json={"text": "By OAuth 2"})).status_code == 201
    assert (await control.get("/_sandbox/state")).json()["posts"][0]["account"] == "acme"


async def test_the_x_app_may_not_act_as_an_account(as_app: httpx.AsyncClient) -> None:
    for route in (route for route, access in ACCESS.items() if Kind.OAUTH1 in access.kinds):
        method, _, path = route.partition(" ")
        answer = await as_app.request(method, path.replace("{}", "1"))
        refused = "Authenticating with OAuth 2.0 Application-Only is forbidden" in answer.text
        assert refused == (Kind.APP_ONLY not in ACCESS[route].kinds), route


async def test_the_x_app_may_read_what_is_public(as_app: httpx.AsyncClient, keys: Keys) -> None:
    assert (await as_app.get("/2/users/by/username/acme")).json()["data"]["id"] == keys["id"]
    assert (await as_app.get(f"/2/users/{keys['id']}/tweets")).json() == {"meta": {"result_count": 0}}


async def test_an_accounts_keys_may_not_manage_webhooks(acme2: httpx.AsyncClient, acme: httpx.AsyncClient) -> None:
    assert (await acme2.get("/2/webhooks")).status_code == 403
    assert (await acme.get("/2/webhooks")).status_code == 403


@pytest.mark.parametrize("header", ["Bearer", "Bearer abc", "bearer é"])
async def test_a_token_nobody_was_given_is_refused(web: httpx.AsyncClient, header: str) -> None:
    answer = await web.get("/2/users/me", headers={b"Authorization": header.encode("latin-1")})
    assert (answer.status_code, answer.json()["detail"]) == (401, "Unauthorized")


async def test_windows_and_headers_hold_for_tokens_too(web: httpx.AsyncClient, acme2: httpx.AsyncClient) -> None:
    await web.post("/_sandbox/rules", json={"rate_limits": {"POST /2/tweets": 1}})
    first = await acme2.post("/2/tweets", json={"text": "One"})
    second = await acme2.post("/2/tweets", json={"text": "Two"})
    assert (first.headers["x-rate-limit-remaining"], second.status_code) == ("0", 429)
