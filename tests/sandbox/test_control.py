"""The control API, and who may use it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar

from govern.sandbox.app import create_sandbox

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]


async def test_an_account_is_made_once_and_keeps_its_credentials(control: httpx.AsyncClient) -> None:
    first = await control.post("/_sandbox/accounts", json={"handle": "acme", "name": "Acme"})
    again = await control.post("/_sandbox/accounts", json={"handle": "@ACME", "name": "Other"})
    assert first.json() == again.json()
    wanted = {"id", "handle", "name", "api_key", "api_secret", "access_token", "access_token_secret"}
    assert set(first.json()) == wanted
    assert all(first.json().values())


@pytest.mark.parametrize("handle", ["", "a b", "much_too_long_handle", "é", "<b>"])
async def test_a_handle_x_would_not_have_is_refused(control: httpx.AsyncClient, handle: str) -> None:
    answer = await control.post("/_sandbox/accounts", json={"handle": handle, "name": "x"})
    assert answer.status_code == 400
    assert "is not a handle" in answer.json()["detail"]


async def test_a_customer_does_not_become_an_account(control: httpx.AsyncClient, inbound: Inbound) -> None:
    await inbound("dm", "hello")
    assert (await control.post("/_sandbox/accounts", json={"handle": "julie", "name": "x"})).status_code == 409


async def test_the_state_has_exactly_the_agreed_fields(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, inbound: Inbound
) -> None:
    question = await inbound("mention", "@acme <when> & where?")
    await acme.post("/2/tweets", json={"text": "Today", "reply": {"in_reply_to_tweet_id": question}})
    await inbound("dm", "hello", sender="@marc")
    state = (await control.get("/_sandbox/state")).json()
    assert set(state) == {"posts", "dms"}
    asked, answered = state["posts"]
    assert set(asked) == {
        *("id", "account", "text", "in_reply_to", "quoted", "created_at"),
        *("media", "made_with_ai", "hidden"),
    }
    assert (asked["account"], asked["text"], asked["in_reply_to"]) == ("julie", "@acme <when> & where?", None)
    assert (answered["account"], answered["text"], answered["in_reply_to"]) == ("acme", "Today", question)
    message = state["dms"][0]
    assert set(message) == {"id", "sender", "recipient", "text", "media", "created_at"}
    assert (message["sender"], message["recipient"], message["text"]) == ("marc", "acme", "hello")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"to": "nobody"}, 404),
        ({"to": "marc"}, 404),
        ({"from": "acme"}, 400),
        ({"from": "not a handle"}, 400),
        ({"text": "  "}, 400),
        ({"text": "x" * 10_001}, 400),
        ({"kind": "fax"}, 400),
        ({"kind": "mention", "in_reply_to": "12"}, 404),
        ({"kind": "mention", "in_reply_to": "x"}, 400),
        ({"colour": "red"}, 400),
    ],
)
async def test_a_customer_cannot_write_nonsense(
    control: httpx.AsyncClient, inbound: Inbound, change: dict[str, Any], status: int
) -> None:
    await inbound("dm", "first", sender="marc")
    body = {"kind": "dm", "from": "julie", "to": "acme", "text": "hello", **change}
    answer = await control.post("/_sandbox/inbound", json=body)
    assert answer.status_code == status
    assert len((await control.get("/_sandbox/state")).json()["dms"]) == 1


async def test_a_reset_forgets_what_was_said_and_keeps_the_accounts(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, inbound: Inbound
) -> None:
    await acme.post("/2/tweets", json={"text": "One"})
    await inbound("dm", "hello")
    await control.post("/_sandbox/faults", json={"kind": "refuse"})
    await control.post("/_sandbox/rules", json={"tier": "self_serve", "credit": 5})
    assert (await control.post("/_sandbox/reset")).status_code == 204
    assert (await control.get("/_sandbox/state")).json() == {"posts": [], "dms": []}
    assert (await control.get("/_sandbox/rules")).json()["tier"] == "enterprise"
    assert (await acme.get("/2/users/by/username/julie")).json()["errors"]
    assert (await acme.post("/2/tweets", json={"text": "One"})).status_code == 201


async def test_health_answers(control: httpx.AsyncClient) -> None:
    assert (await control.get("/_sandbox/health")).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "path", ["/_sandbox/inbound", "/_sandbox/faults", "/_sandbox/reset", "/write", "/faults", "/people", "/revoke"]
)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_may_not_write(control: httpx.AsyncClient, path: str, site: str) -> None:
    answer = await control.post(path, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "Another site" in answer.json()["detail"]


async def test_another_host_name_is_not_served(control: httpx.AsyncClient) -> None:
    for host in ("evil.example", "evil.example:8765", "10.0.0.1", ""):
        assert (await control.get("/_sandbox/state", headers={"Host": host})).status_code == 403
    for host in ("localhost:8765", "127.0.0.1", "[::1]:8765", "sandbox:8765"):
        assert (await control.get("/_sandbox/state", headers={"Host": host})).status_code == 200


async def test_with_a_token_the_control_api_and_the_pages_ask_for_it(
    connect: Callable[[Litestar], httpx.AsyncClient],
) -> None:
    async with connect(create_sandbox(control_token="open-sesame")) as client:
        client.headers["Host"] = "sandbox.example"
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic %%%"}):
            answer = await client.get("/_sandbox/state", headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")
        assert (await client.get("/")).status_code == 401
        assert (await client.get("/", auth=("anybody", "open-sesame"))).status_code == 200
        bearer = {"Authorization": "Bearer open-sesame"}
        assert (await client.get("/_sandbox/state", headers=bearer)).status_code == 200
        assert (await client.get("/_sandbox/health")).status_code == 200
