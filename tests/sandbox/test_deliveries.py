"""Deliveries that fail, come twice, late or never; and webhooks that X gives up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.sandbox.receiver import Receiver

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]
Order = Callable[..., Awaitable[None]]


@pytest.fixture(autouse=True)
async def webhook(
    as_app: httpx.AsyncClient, acme2: httpx.AsyncClient, receiver: Receiver, x_app: Keys, keys: Keys
) -> str:
    """A webhook that gets the messages and mentions of @acme."""
    receiver.secret = x_app["api_secret"]
    webhook = str((await as_app.post("/2/webhooks", json={"url": receiver.url})).json()["data"]["id"])
    for kind in ("dm.received", "post.mention.create"):
        body = {"event_type": kind, "filter": {"user_id": keys["id"]}, "webhook_id": webhook}
        assert (await acme2.post("/2/activity/subscriptions", json=body)).status_code == 200
    return webhook


@pytest.fixture
def order(web: httpx.AsyncClient) -> Order:
    async def ask(kind: str, **more: Any) -> None:
        answer = await web.post("/_sandbox/faults", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text

    return ask


async def deliveries(web: httpx.AsyncClient) -> list[dict[str, Any]]:
    return list((await web.get("/_sandbox/deliveries")).json()["deliveries"])


def texts(receiver: Receiver) -> list[str]:
    return [
        event["payload"]["direct_message_events"][0]["message_create"]["message_data"]["text"]
        for event in receiver.events
    ]


async def settled(web: httpx.AsyncClient, count: int) -> dict[str, Any]:
    """Wait until the first delivery has been tried so often, with a limit."""
    async with asyncio.timeout(10):
        while len((found := (await deliveries(web))[0])["statuses"]) < count:
            await asyncio.sleep(0.01)
    return found


async def test_events_arrive_in_their_order(receiver: Receiver, inbound: Inbound) -> None:
    for number in range(20):
        await inbound("dm", f"Message {number}")
    await receiver.wait_for(20)
    assert texts(receiver) == [f"Message {number}" for number in range(20)]


async def test_a_delivery_that_fails_comes_again(receiver: Receiver, inbound: Inbound, web: httpx.AsyncClient) -> None:
    receiver.statuses = [503, 500]
    await inbound("dm", "hello")
    await receiver.wait_for(3)
    assert len(set(receiver.bodies)) == 1
    found = await settled(web, 3)
    assert (found["statuses"], found["delivered"]) == ([503, 500, 200], True)


async def test_a_delivery_is_given_up_in_the_end(receiver: Receiver, inbound: Inbound, web: httpx.AsyncClient) -> None:
    receiver.statuses = [500, 500, 500]
    await inbound("dm", "hello")
    assert (await settled(web, 3))["delivered"] is False
    await inbound("dm", "again")
    await receiver.wait_for(4)
    assert texts(receiver)[-1] == "again"


async def test_an_event_comes_twice_on_order(receiver: Receiver, inbound: Inbound, order: Order) -> None:
    await order("duplicate_webhook")
    await inbound("dm", "hello")
    await inbound("dm", "again")
    await receiver.wait_for(3)
    assert texts(receiver) == ["hello", "hello", "again"]
    assert receiver.bodies[0] == receiver.bodies[1]


async def test_an_event_comes_after_the_next_on_order(receiver: Receiver, inbound: Inbound, order: Order) -> None:
    await order("reorder_webhooks", seconds=60)
    await inbound("dm", "first")
    await inbound("dm", "second")
    await receiver.wait_for(2)
    assert texts(receiver) == ["second", "first"]


async def test_a_late_event_comes_alone_if_no_other_follows(receiver: Receiver, inbound: Inbound, order: Order) -> None:
    await order("reorder_webhooks", seconds=0.01)
    await inbound("dm", "alone")
    await receiver.wait_for(1)
    assert texts(receiver) == ["alone"]


async def test_an_event_is_lost_on_order_and_only_the_one_that_was_meant(
    receiver: Receiver, inbound: Inbound, order: Order, web: httpx.AsyncClient
) -> None:
    await order("drop_webhook", match={"route": "dm.received", "account": "acme", "text": "lose"})
    await inbound("mention", "@acme lose me not")
    await inbound("dm", "lose me")
    await inbound("dm", "keep me")
    await receiver.wait_for(2)
    assert [event["event_type"] for event in receiver.events] == ["post.mention.create", "dm.received"]
    assert [one["fault"] for one in await deliveries(web)] == [None, "drop_webhook", None]


async def test_a_request_fault_does_not_meet_events_nor_an_event_fault_requests(
    receiver: Receiver, inbound: Inbound, order: Order, acme2: httpx.AsyncClient
) -> None:
    await order("duplicate_webhook")
    await order("refuse")
    await inbound("mention", "@acme hello")
    await receiver.wait_for(2)
    assert (await acme2.post("/2/tweets", json={"text": "One"})).status_code == 403
    assert (await acme2.post("/2/tweets", json={"text": "One"})).status_code == 201


async def test_two_accounts_named_in_one_post_get_an_event_each_with_the_same_uuid(
    receiver: Receiver,
    inbound: Inbound,
    granted: Callable[..., Awaitable[httpx.AsyncClient]],
    provision: Callable[[str], Awaitable[Keys]],
    webhook: str,
) -> None:
    bravo = await provision("bravo")
    body = {"event_type": "post.mention.create", "filter": {"user_id": bravo["id"]}, "webhook_id": webhook}
    await (await granted(handle="bravo")).post("/2/activity/subscriptions", json=body)
    post = await inbound("mention", "@acme or @bravo?")
    await receiver.wait_for(2)
    assert [event["event_uuid"] for event in receiver.events] == [post, post]
    assert receiver.events[0]["filter"] != receiver.events[1]["filter"]


async def test_a_webhook_that_fails_its_daily_check_gets_nothing_more(
    receiver: Receiver, inbound: Inbound, web: httpx.AsyncClient, as_app: httpx.AsyncClient
) -> None:
    await web.post("/_sandbox/tokens", json={"handle": "acme"})
    await web.post("/_sandbox/clock", json={"seconds": 25 * 3600})
    receiver.check_status = 500
    await inbound("dm", "away for a while")
    await receiver.wait_for(1)
    receiver.check_status, receiver.secret = 200, "changed"
    await inbound("dm", "wrong secret")
    async with asyncio.timeout(10):
        while (await as_app.get("/2/webhooks")).json()["data"][0]["valid"]:
            await asyncio.sleep(0.01)
    assert texts(receiver) == ["away for a while"]
    assert "invalid" in (await web.get("/")).text


async def test_a_message_to_a_webhook_that_is_gone_is_listed_and_not_delivered(
    receiver: Receiver, inbound: Inbound, web: httpx.AsyncClient, as_app: httpx.AsyncClient, webhook: str
) -> None:
    await as_app.delete(f"/2/webhooks/{webhook}")
    await inbound("dm", "hello")
    (found,) = await deliveries(web)
    assert (found["delivered"], found["statuses"], receiver.bodies) == (False, [], [])
