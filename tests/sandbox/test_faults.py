"""Faults on order, over a real server: connections are really cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

Keys = dict[str, str]
Order = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def served(address: str, acme: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """The X API, signed as @acme, over a real connection."""
    async with httpx.AsyncClient(base_url=address, auth=acme.auth) as client:
        yield client


@pytest.fixture
def order(control: httpx.AsyncClient) -> Order:
    async def ask(kind: str, times: int = 1, *, match: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        body = {"kind": kind, "match": match or {}, "times": times, **more}
        answer = await control.post("/_sandbox/faults", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return ask


async def texts(control: httpx.AsyncClient) -> list[str]:
    return [post["text"] for post in (await control.get("/_sandbox/state")).json()["posts"]]


@pytest.mark.parametrize(("kind", "published"), [("commit_then_drop", ["One"]), ("drop_before_commit", [])])
async def test_a_dropped_connection_gives_no_answer(
    served: httpx.AsyncClient, control: httpx.AsyncClient, order: Order, kind: str, published: list[str]
) -> None:
    await order(kind)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await served.post("/2/tweets", json={"text": "One"})
    assert await texts(control) == published
    assert (await served.post("/2/tweets", json={"text": "Two"})).status_code == 201


async def test_a_slow_answer_comes_after_the_post_is_out(
    served: httpx.AsyncClient, control: httpx.AsyncClient, order: Order
) -> None:
    await order("commit_then_slow", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        await served.post("/2/tweets", json={"text": "One"}, timeout=0.3)
    assert await texts(control) == ["One"]


async def test_a_slow_answer_is_complete_when_it_comes(served: httpx.AsyncClient, order: Order) -> None:
    await order("commit_then_slow", seconds=0.05)
    answer = await served.post("/2/tweets", json={"text": "One"})
    assert answer.json()["data"]["text"] == "One"


async def test_half_a_json_document_comes_with_201(
    served: httpx.AsyncClient, control: httpx.AsyncClient, order: Order
) -> None:
    await order("bad_json_201")
    answer = await served.post("/2/tweets", json={"text": "One"})
    assert answer.status_code == 201
    with pytest.raises(ValueError, match="Unterminated"):
        answer.json()
    assert await texts(control) == ["One"]


@pytest.mark.parametrize(
    ("kind", "status", "detail"),
    [
        ("rate_limit", 429, "Too Many Requests"),
        ("no_credits", 402, "does not have any credits to fulfill this request."),
        ("revoke_token", 401, "Unauthorized"),
        ("refuse", 403, "Forbidden"),
        ("unavailable", 503, "Service Unavailable"),
    ],
)
async def test_a_refusal_on_order_changes_nothing(
    served: httpx.AsyncClient, control: httpx.AsyncClient, order: Order, kind: str, status: int, detail: str
) -> None:
    await order(kind)
    answer = await served.post("/2/tweets", json={"text": "One"})
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(detail)
    assert await texts(control) == []
    assert (await served.post("/2/tweets", json={"text": "One"})).status_code == 201


async def test_no_credits_has_its_own_title(served: httpx.AsyncClient, order: Order) -> None:
    await order("no_credits")
    problem = (await served.post("/2/tweets", json={"text": "One"})).json()
    assert problem["title"] == "CreditsDepleted"
    assert problem["type"].endswith("/2/problems/credits")


async def test_a_rate_limit_on_order_opens_soon(served: httpx.AsyncClient, order: Order) -> None:
    await order("rate_limit", seconds=60)
    answer = await served.post("/2/tweets", json={"text": "One"})
    seconds = int(answer.headers["x-rate-limit-reset"]) - int((await _now(served)).timestamp())
    assert answer.headers["x-rate-limit-remaining"] == "0"
    assert 50 <= seconds <= 60


async def test_an_html_503_and_a_redirect_are_no_json(
    served: httpx.AsyncClient, control: httpx.AsyncClient, order: Order
) -> None:
    await order("html_503")
    await order("redirect_307")
    overloaded = await served.post("/2/tweets", json={"text": "One"})
    moved = await served.post("/2/tweets", json={"text": "One"})
    assert (overloaded.status_code, overloaded.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert (moved.status_code, moved.headers["location"]) == (307, "/2/tweets")
    assert await texts(control) == []


async def test_a_fault_meets_only_what_it_matches(acme: httpx.AsyncClient, order: Order) -> None:
    await order("refuse", match={"route": "DELETE /2/tweets/{id}"})
    await order("refuse", match={"account": "@bravo"})
    await order("refuse", match={"text": "promo"})
    assert (await acme.post("/2/tweets", json={"text": "One"})).status_code == 201
    assert (await acme.post("/2/tweets", json={"text": "Our promo"})).status_code == 403
    assert (await acme.delete("/2/tweets/123")).status_code == 403


async def test_a_fault_without_a_route_lets_reads_pass(acme: httpx.AsyncClient, order: Order) -> None:
    await order("refuse")
    assert (await acme.get("/2/users/me")).status_code == 200
    assert (await acme.post("/2/tweets", json={"text": "One"})).status_code == 403


async def test_a_fault_may_be_ordered_for_reads(acme: httpx.AsyncClient, order: Order) -> None:
    await order("unavailable", match={"route": "/2/users/me", "account": "acme"})
    assert (await acme.get("/2/users/me")).status_code == 503


async def test_faults_are_listed_counted_down_and_forgotten(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, order: Order
) -> None:
    made = await order("refuse", 3)
    assert made["kind"] == "refuse"
    await acme.post("/2/tweets", json={"text": "One"})
    listed = (await control.get("/_sandbox/faults")).json()["faults"]
    assert [(fault["times"], fault["left"]) for fault in listed] == [(3, 2)]
    assert (await control.delete("/_sandbox/faults")).status_code == 204
    assert (await acme.post("/2/tweets", json={"text": "One"})).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "explode"},
        {"kind": "refuse", "times": 0},
        {"kind": "refuse", "match": {"colour": "red"}},
        {"kind": "refuse", "match": {}, "colour": "red"},
        {"match": {}},
    ],
)
async def test_a_bad_order_is_refused_with_what_is_wrong(control: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await control.post("/_sandbox/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"] != "Bad Request"
    assert (await control.get("/_sandbox/faults")).json()["faults"] == []


async def test_an_unknown_kind_is_answered_with_the_known_ones(control: httpx.AsyncClient) -> None:
    detail = (await control.post("/_sandbox/faults", json={"kind": "explode"})).json()["detail"]
    assert "explode" in detail
    assert "commit_then_drop" in detail


async def test_many_clients_at_once_are_each_dropped_once(
    served: httpx.AsyncClient, control: httpx.AsyncClient, order: Order
) -> None:
    await order("commit_then_drop", 5)
    posts = [served.post("/2/tweets", json={"text": f"Post {number}"}) for number in range(10)]
    answers = await asyncio.gather(*posts, return_exceptions=True)
    dropped = [answer for answer in answers if isinstance(answer, httpx.TransportError)]
    assert len(dropped) == 5
    assert len(await texts(control)) == 10


@pytest.mark.parametrize("begun", [b"", b"POST /2/tweets HTTP/1.1\r\nHost: x"])
async def test_a_silent_connection_is_closed(address: str, begun: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(begun)
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


async def _now(client: httpx.AsyncClient) -> Any:
    return parsedate_to_datetime((await client.get("/_sandbox/health")).headers["date"])
