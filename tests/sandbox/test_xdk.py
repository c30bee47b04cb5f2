"""X's own Python SDK, unchanged, over a real connection: a second client, made from X's specification."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from xdk import Client  # type: ignore[import-untyped]  # X ships no types
from xdk.oauth1_auth import OAuth1  # type: ignore[import-untyped]

from tests.sandbox.receiver import Receiver

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAAFElEQVR4nGNkYPj/n4GBgYEJRIAAACcXAwFr0eJ8AAAAAElFTkSuQmCC"
)
BACK = "http://127.0.0.1:9/back"
SCOPES = "tweet.read tweet.write tweet.moderate.write users.read offline.access media.write dm.read dm.write"


class Rebased(HTTPAdapter):
    """Send what was signed for X's newer name to another address, under that name."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        request.headers["Host"] = "api.x.com"
        request.url = str(request.url).replace("https://api.x.com", self._address)
        return super().send(request, *args, **more)


@pytest.fixture
def oauth1(address: str, keys: Keys) -> Iterator[Client]:
    signer = OAuth1(keys["api_key"], keys["api_secret"], BACK, keys["access_token"], keys["access_token_secret"])
    client = Client(base_url="https://api.x.com", auth=signer)
    client.session.mount("https://api.x.com", Rebased(address))
    yield client
    client.session.close()


@pytest.fixture
def oauth2(address: str, keys: Keys, x_app: Keys, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client that has gone the whole way: page, code, tokens."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # oauthlib refreshes over https only
    client = Client(
        base_url=address,
        authorization_base_url=f"{address}/i",
        client_id=x_app["client_id"],
        client_secret=x_app["client_secret"],
        redirect_uri=BACK,
        scope=SCOPES,
    )
    asked = dict(parse_qsl(urlsplit(client.get_authorization_url("some-state")).query))
    agreed = httpx.post(f"{address}/i/oauth2/authorize", data={**asked, "account": keys["handle"]})
    assert client.fetch_token(agreed.headers["location"])["scope"] == SCOPES
    yield client
    client.session.close()


@pytest.fixture
def app_only(address: str, x_app: Keys) -> Iterator[Client]:
    client = Client(base_url=address, bearer_token=x_app["bearer_token"])
    yield client
    client.session.close()


def publish(client: Client, **body: Any) -> Any:
    return client.posts.create(body).data


def test_it_refreshes_a_token(oauth2: Client) -> None:
    before = oauth2.access_token
    oauth2.refresh_token()
    assert oauth2.access_token != before
    assert oauth2.users.get_me().data.username == "acme"


@pytest.mark.parametrize("kind", ["oauth1", "oauth2"])
def test_it_posts_replies_quotes_reads_and_deletes(kind: str, request: pytest.FixtureRequest, keys: Keys) -> None:
    client = request.getfixturevalue(kind)
    first = publish(client, text="Fish & <chips>: 50 % off? +1 ~ *!")
    second = publish(client, text="More", reply={"in_reply_to_tweet_id": first.id})
    publish(client, text="Look", quote_tweet_id=first.id)
    found = client.posts.get_by_id(second.id, post_fields=["conversation_id"], expansions=["referenced_posts"])
    assert found.data.conversation_id == first.id
    assert found.includes.posts[0].text == "Fish &amp; &lt;chips&gt;: 50 % off? +1 ~ *!"
    pages = list(client.users.get_posts(keys["id"], max_results=5, since_id=first.id))
    assert [post.text for page in pages for post in page.data] == ["Look", "More"]
    assert client.posts.delete(first.id).data.deleted is True
    assert client.posts.get_by_id(first.id).errors[0].title == "Not Found Error"
    assert [post.id for post in client.posts.get_by_ids([first.id, second.id]).data] == [second.id]


async def test_it_reads_mentions_page_by_page_and_users(oauth2: Client, inbound: Inbound, keys: Keys) -> None:
    written = [await inbound("mention", f"@acme number {number}") for number in range(12)]
    pages = list(oauth2.users.get_mentions(keys["id"], max_results=5))
    assert [post.id for page in pages for post in page.data] == written[::-1]
    julie = oauth2.users.get_by_username("julie", user_fields=["receives_your_dm", "created_at"]).data
    assert (julie.username, julie.receives_your_dm) == ("julie", False)
    assert oauth2.users.get_by_id(julie.id).data == oauth2.users.get_by_ids([julie.id]).data[0]


async def test_it_answers_and_reads_messages(oauth2: Client, inbound: Inbound) -> None:
    asked = await inbound("dm", "Where is my order?")
    julie = oauth2.users.get_by_username("julie").data.id
    sent = oauth2.direct_messages.create_by_participant_id(julie, {"text": "On its way"}).data
    fields: list[Any] = ["sender_id", "created_at", "dm_conversation_id"]
    (page,) = oauth2.direct_messages.get_events(dm_event_fields=fields)
    assert [event.id for event in page.data] == [sent.dm_event_id, asked]
    (page,) = oauth2.direct_messages.get_events_by_participant_id(julie, dm_event_fields=fields)
    assert {event.dm_conversation_id for event in page.data} == {sent.dm_conversation_id}
    assert oauth2.direct_messages.get_events_by_id(asked).data.text == "Where is my order?"


def test_it_uploads_and_describes_media(oauth2: Client) -> None:
    encoded = base64.b64encode(PNG).decode()
    whole = oauth2.media.upload({"media": encoded, "media_category": "tweet_image"}).data
    begun = oauth2.media.initialize_upload(
        {"media_type": "image/png", "total_bytes": len(PNG), "media_category": "tweet_image"}
    ).data
    part = oauth2.media.append_upload(begun.id, {"media": encoded, "segment_index": 0}).data
    assert part.expires_at > 0
    assert oauth2.media.finalize_upload(begun.id).data.size == len(PNG)
    assert oauth2.media.get_upload_status(begun.id, command="STATUS").data.media_key == begun.media_key
    alt = {"id": whole.id, "metadata": {"alt_text": {"text": "A door"}}}
    assert oauth2.media.create_metadata(alt).data.associated_metadata == {"alt_text": {"text": "A door"}}
    post = publish(oauth2, media={"media_ids": [whole.id, begun.id]})
    found = oauth2.posts.get_by_id(post.id, expansions=["attachments.media_keys"], media_fields=["alt_text"])
    assert [media.alt_text for media in found.includes.media] == ["A door", None]


async def test_it_hides_a_reply(oauth2: Client, inbound: Inbound) -> None:
    ours = publish(oauth2, text="News")
    reply = await inbound("mention", "Nonsense", in_reply_to=ours.id)
    assert oauth2.posts.hide_reply(reply, {"hidden": True}).data.hidden is True


async def test_it_manages_webhooks_and_subscriptions(
    oauth2: Client, app_only: Client, receiver: Receiver, inbound: Inbound, keys: Keys, x_app: Keys
) -> None:
    receiver.secret = x_app["api_secret"]
    webhook = (await asyncio.to_thread(app_only.webhooks.create, {"url": receiver.url})).data
    assert [each.id for each in app_only.webhooks.get().data] == [webhook.id]
    assert (await asyncio.to_thread(app_only.webhooks.validate, webhook.id)).data.valid is True
    wanted = {"event_type": "dm.received", "filter": {"user_id": keys["id"]}, "webhook_id": webhook.id}
    made = oauth2.activity.create_subscription(wanted).data.subscription
    (page,) = app_only.activity.get_subscriptions()
    assert [each.subscription_id for each in page.data] == [made.subscription_id]
    changed = app_only.activity.update_subscription(made.subscription_id, {"tag": "inbox"}).data.subscription
    assert changed.tag == "inbox"
    await inbound("dm", "hello")
    await receiver.wait_for(1)
    assert receiver.events[0]["tag"] == "inbox"
    assert app_only.activity.delete_subscription(made.subscription_id).data.deleted is True
    assert app_only.webhooks.delete(webhook.id).data.deleted is True


@pytest.mark.parametrize(
    ("body", "status"), [({"text": "Once"}, 403), ({"text": "x" * 281}, 400), ({"text": "ok", "geo": {}}, 400)]
)
def test_it_sees_refusals(oauth2: Client, body: dict[str, Any], status: int) -> None:
    publish(oauth2, text="Once")
    with pytest.raises(requests.HTTPError) as refused:
        publish(oauth2, **body)
    assert refused.value.response is not None
    assert refused.value.response.status_code == status


def test_the_x_app_reads_what_is_public_and_nothing_else(app_only: Client, keys: Keys) -> None:
    assert app_only.users.get_by_id(keys["id"]).data.username == "acme"
    with pytest.raises(ValueError, match="Authentication required"):
        app_only.posts.create({"text": "Nobody"})
