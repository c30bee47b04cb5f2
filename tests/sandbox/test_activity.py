"""Subscriptions of the X Activity API, and what they deliver."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.sandbox.receiver import Receiver, sign

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]
Granted = Callable[..., Awaitable[httpx.AsyncClient]]
Subscribe = Callable[..., Awaitable[str]]


@pytest.fixture
async def webhook(as_app: httpx.AsyncClient, receiver: Receiver, x_app: Keys) -> str:
    receiver.secret = x_app["api_secret"]
    return str((await as_app.post("/2/webhooks", json={"url": receiver.url})).json()["data"]["id"])


@pytest.fixture
def subscribe(acme2: httpx.AsyncClient, webhook: str, keys: Keys) -> Subscribe:
    """Subscribe to events of @acme, as @acme unless told otherwise; returns the id."""

    async def ask(event_type: str, client: httpx.AsyncClient = acme2, **changes: Any) -> str:
        body = {"event_type": event_type, "filter": {"user_id": keys["id"]}, "webhook_id": webhook, **changes}
        answer = await client.post("/2/activity/subscriptions", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["subscription"]["subscription_id"])

    return ask


async def test_a_mention_is_delivered_signed_in_xs_envelope(
    subscribe: Subscribe, receiver: Receiver, inbound: Inbound, keys: Keys, x_app: Keys
) -> None:
    await subscribe("post.mention.create", tag="mentions")
    post = await inbound("mention", "hey @acme & co")
    await receiver.wait_for(1)
    (event,) = receiver.events
    assert (event["event_type"], event["tag"], event["filter"]) == (
        "post.mention.create",
        "mentions",
        {"user_id": keys["id"]},
    )
    assert event["event_uuid"] == event["payload"]["id"] == post
    assert event["payload"]["text"] == "hey @acme &amp; co"
    assert {user["username"] for user in event["includes"]["users"]} == {"julie", "acme"}
    (headers,) = receiver.headers
    assert headers["x-twitter-webhooks-signature"] == sign(x_app["api_secret"], receiver.bodies[0])
    assert headers["x-twitter-webhooks-signature-oauth2"] == sign(x_app["client_secret"], receiver.bodies[0])


async def test_a_message_is_delivered_in_the_shape_of_the_first_api(
    subscribe: Subscribe, receiver: Receiver, inbound: Inbound, keys: Keys
) -> None:
    await subscribe("dm.received")
    message = await inbound("dm", "hello <there>")
    await receiver.wait_for(1)
    (event,) = receiver.events
    (made,) = event["payload"]["direct_message_events"]
    assert (made["id"], made["message_create"]["message_data"]["text"]) == (message, "hello &lt;there&gt;")
    assert made["message_create"]["target"] == {"recipient_id": keys["id"]}
    sender = event["payload"]["users"][made["message_create"]["sender_id"]]["data"]
    assert sender["username"] == "julie"
    assert event["event_uuid"] != message
    assert -(2**63) <= int(event["event_uuid"]) < 2**63


async def test_each_event_goes_to_who_it_is_about(
    acme2: httpx.AsyncClient, subscribe: Subscribe, receiver: Receiver, inbound: Inbound
) -> None:
    kinds = ["post.create", "post.delete", "post.mention.create", "post.reply.create", "post.quote.create", "dm.sent"]
    for kind in kinds:
        await subscribe(kind)
    ours = (await acme2.post("/2/tweets", json={"text": "News"})).json()["data"]["id"]
    await inbound("mention", "Great", in_reply_to=ours)
    await inbound("mention", "Look", quote=ours)
    await inbound("mention", "hello @acme")
    await acme2.delete(f"/2/tweets/{ours}")
    await receiver.wait_for(5)
    assert [event["event_type"] for event in receiver.events] == [
        "post.create",
        "post.reply.create",
        "post.quote.create",
        "post.mention.create",
        "post.delete",
    ]
    assert receiver.events[-1]["payload"]["id"] == ours


async def test_an_owner_who_takes_access_back_is_told_about_and_nothing_private_follows(
    as_app: httpx.AsyncClient,
    subscribe: Subscribe,
    receiver: Receiver,
    inbound: Inbound,
    web: httpx.AsyncClient,
    keys: Keys,
) -> None:
    await subscribe("oauth.revoke", as_app, filter={})
    await subscribe("dm.received")
    await web.post("/_sandbox/revoke", json={"handle": "acme"})
    await receiver.wait_for(1)
    (event,) = receiver.events
    assert (event["filter"], event["payload"]["user_id"]) == ({}, keys["id"])
    await inbound("dm", "hello")
    assert [one["event_type"] for one in (await web.get("/_sandbox/deliveries")).json()["deliveries"]] == [
        "oauth.revoke"
    ]


async def test_private_events_need_the_accounts_own_token_with_the_scope(
    as_app: httpx.AsyncClient, granted: Granted, webhook: str, keys: Keys, provision: Callable[[str], Awaitable[Keys]]
) -> None:
    await provision("bravo")
    body = {"event_type": "dm.received", "filter": {"user_id": keys["id"]}, "webhook_id": webhook}
    others = (as_app, await granted(handle="bravo"), await granted("tweet.read users.read"))
    for client in others:
        assert (await client.post("/2/activity/subscriptions", json=body)).status_code == 403
    public = {**body, "event_type": "post.create"}
    assert (await as_app.post("/2/activity/subscriptions", json=public)).status_code == 200


async def test_subscriptions_are_listed_changed_and_deleted(
    as_app: httpx.AsyncClient, acme2: httpx.AsyncClient, subscribe: Subscribe, webhook: str
) -> None:
    path = "/2/activity/subscriptions"
    first, second, third = [await subscribe(kind) for kind in ("dm.received", "dm.sent", "post.create")]
    assert (await as_app.get(path)).json()["meta"] == {"total_subscriptions": 3}
    assert [one["subscription_id"] for one in (await acme2.get(path)).json()["data"]] == [first, second, third]
    changed = (await as_app.put(f"{path}/{first}", json={"tag": "new"})).json()["data"]["subscription"]
    assert (changed["tag"], changed["webhook_id"]) == ("new", webhook)
    assert (await as_app.delete(f"{path}/{first}")).json()["meta"] == {"total_subscriptions": 2}
    many = (await as_app.delete(path, params={"ids": f"{second},12"})).json()
    assert many["data"] == [{"subscription_id": second, "deleted": True}]
    assert many["errors"][0]["subscription_id"] == "12"
    assert (await as_app.delete(f"{path}/{first}")).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"event_type": "post.explode"},
        {"filter": {}},
        {"filter": {"user_id": "12"}},
        {"filter": {"user_id": "x"}},
        {"filter": {"keyword": "news"}},
        {"webhook_id": "12"},
        {"colour": "red"},
    ],
)
async def test_a_subscription_that_makes_no_sense_is_refused(
    acme2: httpx.AsyncClient, keys: Keys, change: dict[str, Any]
) -> None:
    body = {"event_type": "post.create", "filter": {"user_id": keys["id"]}, **change}
    assert (await acme2.post("/2/activity/subscriptions", json=body)).status_code == 400


async def test_the_same_subscription_is_made_once(acme2: httpx.AsyncClient, subscribe: Subscribe, keys: Keys) -> None:
    await subscribe("dm.received", webhook_id=None)
    body = {"event_type": "dm.received", "filter": {"user_id": keys["id"]}}
    assert (await acme2.post("/2/activity/subscriptions", json=body)).status_code == 400
