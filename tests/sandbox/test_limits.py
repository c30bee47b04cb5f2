"""Rate windows and their headers."""

import time
from collections.abc import Awaitable, Callable

import httpx

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]


async def test_every_answer_says_where_the_window_stands(acme: httpx.AsyncClient) -> None:
    first = await acme.post("/2/tweets", json={"text": "One"})
    second = await acme.post("/2/tweets", json={"text": "One"})
    assert second.status_code == 403
    assert [answer.headers["x-rate-limit-remaining"] for answer in (first, second)] == ["99", "98"]
    assert first.headers["x-rate-limit-limit"] == "100"
    assert 0 < int(first.headers["x-rate-limit-reset"]) - time.time() <= 900
    assert first.headers["x-transaction-id"] != second.headers["x-transaction-id"]
    assert first.headers["date"].endswith("GMT")


async def test_a_spent_window_answers_429_until_it_opens_again(
    acme: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    await control.post("/_sandbox/rules", json={"rate_limits": {"POST /2/tweets": 1}})
    assert (await acme.post("/2/tweets", json={"text": "One"})).status_code == 201
    spent = await acme.post("/2/tweets", json={"text": "Two"})
    assert spent.status_code == 429
    assert spent.json()["detail"] == "Too Many Requests"
    assert spent.headers["x-rate-limit-remaining"] == "0"
    await control.post("/_sandbox/clock", json={"seconds": 901})
    assert (await acme.post("/2/tweets", json={"text": "Two"})).status_code == 201


async def test_windows_are_per_account(
    acme: httpx.AsyncClient,
    control: httpx.AsyncClient,
    provision: Callable[[str], Awaitable[Keys]],
    as_account: Callable[[Keys], httpx.AsyncClient],
) -> None:
    await control.post("/_sandbox/rules", json={"rate_limits": {"POST /2/tweets": 1}})
    await acme.post("/2/tweets", json={"text": "One"})
    async with as_account(await provision("bravo")) as bravo:
        assert (await bravo.post("/2/tweets", json={"text": "One"})).status_code == 201


async def test_direct_messages_have_15_in_15_minutes(acme: httpx.AsyncClient, inbound: Inbound) -> None:
    await inbound("dm", "hello")
    julie = (await acme.get("/2/users/by/username/julie")).json()["data"]["id"]
    path = f"/2/dm_conversations/with/{julie}/messages"
    answers = [await acme.post(path, json={"text": f"Answer {number}"}) for number in range(16)]
    assert [answer.status_code for answer in answers] == [201] * 15 + [429]


async def test_an_unknown_route_in_the_rules_is_refused(control: httpx.AsyncClient) -> None:
    answer = await control.post("/_sandbox/rules", json={"rate_limits": {"POST /2/twets": 1}})
    assert answer.status_code == 400
    assert "POST /2/twets" in answer.json()["detail"]
