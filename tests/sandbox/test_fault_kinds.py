"""The kinds of faults beyond cut connections, each over a real connection."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from govern.sandbox.fault_kinds import ABOUT, FaultKind

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]
Order = Callable[..., Awaitable[None]]


@pytest.fixture
def order(web: httpx.AsyncClient) -> Order:
    async def ask(kind: str, **more: Any) -> None:
        answer = await web.post("/_sandbox/faults", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text

    return ask


async def texts(web: httpx.AsyncClient) -> list[str]:
    return [post["text"] for post in (await web.get("/_sandbox/state")).json()["posts"]]


async def publish(client: httpx.AsyncClient, text: str) -> httpx.Response:
    return await client.post("/2/tweets", json={"text": text})


def test_every_kind_is_told_in_words() -> None:
    assert ABOUT.keys() == set(FaultKind)


@pytest.mark.parametrize(("commit", "published"), [(None, []), (False, []), (True, ["One"])])
async def test_an_html_503_comes_with_and_without_the_post(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, order: Order, commit: bool | None, published: list[str]
) -> None:
    await order("html_503", commit=commit)
    answer = await publish(acme2, "One")
    assert (answer.status_code, answer.text.startswith("<!DOCTYPE html>")) == (503, True)
    assert await texts(web) == published


@pytest.mark.parametrize(("commit", "published"), [(None, ["One"]), (False, [])])
async def test_an_empty_200_comes_with_and_without_the_post(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, order: Order, commit: bool | None, published: list[str]
) -> None:
    await order("empty_200", commit=commit)
    answer = await publish(acme2, "One")
    assert (answer.status_code, answer.content) == (200, b"")
    assert await texts(web) == published


async def test_a_truncated_answer_breaks_off_in_its_middle(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, order: Order
) -> None:
    await order("truncated")
    async with acme2.stream("POST", "/2/tweets", json={"text": "One"}) as answer:
        assert (answer.status_code, int(answer.headers["content-length"]) > 0) == (201, True)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await answer.aread()
    assert await texts(web) == ["One"]


async def test_the_first_apis_shape_of_a_rate_limit(acme2: httpx.AsyncClient, order: Order) -> None:
    await order("rate_limit_88", seconds=60)
    answer = await publish(acme2, "One")
    assert answer.json() == {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
    assert (answer.status_code, answer.headers["x-rate-limit-remaining"]) == (429, "0")


async def test_a_days_limit_has_headers_of_its_own(acme2: httpx.AsyncClient, order: Order) -> None:
    await order("rate_limit_day", seconds=3600)
    answer = await publish(acme2, "One")
    left = int(answer.headers["x-user-limit-24hour-reset"]) - datetime.now(UTC).timestamp()
    assert (answer.status_code, answer.headers["x-user-limit-24hour-remaining"]) == (429, "0")
    assert answer.headers["x-rate-limit-remaining"] == "99"
    assert 3500 < left <= 3600


async def test_a_usage_cap_comes_with_calls_left_in_the_window(acme2: httpx.AsyncClient, order: Order) -> None:
    await order("usage_cap")
    answer = await publish(acme2, "One")
    assert (answer.status_code, answer.json()["title"]) == (429, "UsageCapExceeded")
    assert int(answer.headers["x-rate-limit-remaining"]) > 0


@pytest.mark.parametrize(("kind", "refreshed"), [("expire_token", 200), ("revoke_token", 400)])
async def test_a_spoilt_token_stays_so_and_only_one_kind_can_be_refreshed(
    web: httpx.AsyncClient, keys: Keys, x_app: Keys, order: Order, kind: str, refreshed: int
) -> None:
    made = (await web.post("/_sandbox/tokens", json={"handle": "acme"})).json()
    await order(kind)
    web.headers["Authorization"] = f"Bearer {made['access_token']}"
    for _ in range(2):
        assert (await publish(web, "One")).status_code == 401
    del web.headers["Authorization"]
    form = {"grant_type": "refresh_token", "refresh_token": made["refresh_token"]}
    auth = (x_app["client_id"], x_app["client_secret"])
    assert (await web.post("/2/oauth2/token", data=form, auth=auth)).status_code == refreshed
    assert await texts(web) == []


async def test_the_token_endpoint_meets_only_faults_that_name_it(
    web: httpx.AsyncClient, keys: Keys, x_app: Keys, order: Order
) -> None:
    made = (await web.post("/_sandbox/tokens", json={"handle": "acme"})).json()
    form = {"grant_type": "refresh_token", "refresh_token": made["refresh_token"]}
    auth = (x_app["client_id"], x_app["client_secret"])
    await order("refuse")
    await order("commit_then_drop", match={"route": "POST /2/oauth2/token"})
    with pytest.raises(httpx.TransportError):
        await web.post("/2/oauth2/token", data=form, auth=auth)
    lost = await web.post("/2/oauth2/token", data=form, auth=auth)
    assert (lost.status_code, lost.json()["error"]) == (400, "invalid_request")


async def test_an_account_is_suspended_in_passing(acme2: httpx.AsyncClient, order: Order) -> None:
    await order("suspended")
    answer = await publish(acme2, "One")
    assert (answer.status_code, "suspended" in answer.json()["detail"]) == (403, True)
    assert (await publish(acme2, "One")).status_code == 201


@pytest.mark.parametrize("seconds", [-400, 400])
async def test_the_clock_in_an_answer_is_off(acme2: httpx.AsyncClient, order: Order, seconds: int) -> None:
    await order("clock_skew", seconds=seconds)
    answer = await publish(acme2, "One")
    off = parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)
    assert answer.status_code == 201
    assert abs(off - timedelta(seconds=seconds)) < timedelta(seconds=30)


async def test_the_whole_clock_can_run_behind_and_ids_with_it(acme2: httpx.AsyncClient, web: httpx.AsyncClient) -> None:
    await web.post("/_sandbox/clock", json={"seconds": -300})
    post = int((await publish(acme2, "One")).json()["data"]["id"])
    behind = datetime.now(UTC).timestamp() - ((post >> 22) + 1288834974657) / 1000
    assert 0 < behind < 330


async def test_a_read_lags_behind_for_as_often_as_ordered(acme2: httpx.AsyncClient, keys: Keys, order: Order) -> None:
    await publish(acme2, "Seen")
    post = (await publish(acme2, "Not seen yet")).json()["data"]["id"]
    await order("read_lag", times=3, match={"text": "Not seen"})
    timeline = f"/2/users/{keys['id']}/tweets"
    assert [one["text"] for one in (await acme2.get(timeline)).json()["data"]] == ["Seen"]
    assert "errors" in (await acme2.get(f"/2/tweets/{post}")).json()
    assert "errors" in (await acme2.get("/2/tweets", params={"ids": post})).json()
    assert len((await acme2.get(timeline)).json()["data"]) == 2


async def test_a_lag_ends_with_time(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, inbound: Inbound, order: Order
) -> None:
    await inbound("dm", "hello")
    await order("read_lag", times=2, seconds=30, match={"route": "GET /2/dm_events"})
    assert (await acme2.get("/2/dm_events")).json() == {"meta": {"result_count": 0}}
    await web.post("/_sandbox/clock", json={"seconds": 31})
    assert (await acme2.get("/2/dm_events")).json()["meta"] == {"result_count": 1}


async def test_a_chance_is_the_same_for_the_same_seed(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, order: Order
) -> None:
    await web.post("/_sandbox/rules", json={"duplicates": False, "rate_limits": {"POST /2/tweets": 500}})
    rounds = []
    for seed in (7, 7, 8):
        await web.delete("/_sandbox/faults")
        await order("refuse", probability=0.25, seed=seed)
        rounds.append([(await publish(acme2, "One")).status_code for _ in range(60)])
    assert rounds[0] == rounds[1] != rounds[2]
    assert 5 <= rounds[0].count(403) <= 25
    assert "by chance" in (await web.get("/")).text


async def test_a_chance_may_have_an_end(acme2: httpx.AsyncClient, order: Order) -> None:
    await order("refuse", probability=1, times=2)
    answers = await asyncio.gather(*(publish(acme2, f"Post {number}") for number in range(5)))
    assert [answer.status_code for answer in answers].count(403) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "refuse", "probability": 0},
        {"kind": "refuse", "probability": 1.5},
        {"kind": "refuse", "commit": True},
        {"kind": "rate_limit", "seconds": -1},
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(web: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await web.post("/_sandbox/faults", json=body)).status_code == 400
    assert (await web.get("/_sandbox/faults")).json()["faults"] == []
