"""tweepy, unchanged, over a real connection: it signs for X's address, and only the address is exchanged."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import httpx
import pytest
import tweepy
from tweepy.asynchronous import AsyncClient
from yarl import URL

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]


class Rebased:
    """Send what tweepy signed for X to another address; path and query stay as they are, byte for byte."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = URL(address)

    def request(self, method: str, url: Any, **options: Any) -> Any:
        there = URL(str(url), encoded=True).with_scheme("http").with_host("127.0.0.1").with_port(self._address.port)
        return self._session.request(method, there, allow_redirects=False, **options)


@pytest.fixture
async def client(address: str, keys: Keys) -> AsyncIterator[AsyncClient]:
    secret, token, token_secret = keys["api_secret"], keys["access_token"], keys["access_token_secret"]
    made = AsyncClient(None, keys["api_key"], secret, token, token_secret, return_type=dict)
    async with aiohttp.ClientSession() as session:
        made.session = Rebased(session, address)
        yield made


@pytest.fixture
async def by_token(address: str, web: httpx.AsyncClient, keys: Keys) -> AsyncIterator[AsyncClient]:
    """The same by OAuth 2: tweepy takes an account's access token as its bearer token."""
    token = (await web.post("/_sandbox/tokens", json={"handle": keys["handle"]})).json()["access_token"]
    made = AsyncClient(token, return_type=dict)
    async with aiohttp.ClientSession() as session:
        made.session = Rebased(session, address)
        yield made


async def test_tweepy_by_oauth_2_posts_reads_and_answers(by_token: AsyncClient, inbound: Inbound, keys: Keys) -> None:
    await inbound("dm", "Where is my order?")
    question = await inbound("mention", "@acme when?")
    assert (await by_token.get_me(user_auth=False))["data"]["username"] == "acme"
    reply = await by_token.create_tweet(text="Today", in_reply_to_tweet_id=question, user_auth=False)
    post = await by_token.create_tweet(text="News", user_auth=False)
    timeline = await by_token.get_users_tweets(keys["id"], since_id=question)
    assert [entry["id"] for entry in timeline["data"]] == [post["data"]["id"], reply["data"]["id"]]
    both = await by_token.get_tweets([question, reply["data"]["id"]], tweet_fields=["referenced_tweets"])
    assert both["data"][1]["referenced_tweets"] == [{"type": "replied_to", "id": question}]
    julie = (await by_token.get_user(username="julie"))["data"]["id"]
    await by_token.create_direct_message(participant_id=julie, text="On its way", user_auth=False)
    thread = await by_token.get_direct_message_events(participant_id=julie, user_auth=False)
    assert [event["text"] for event in thread["data"]] == ["On its way", "Where is my order?"]


async def test_tweepy_sees_a_token_that_was_taken_back(by_token: AsyncClient, web: httpx.AsyncClient) -> None:
    await web.post("/_sandbox/revoke", json={"handle": "acme"})
    with pytest.raises(tweepy.Unauthorized):
        await by_token.create_tweet(text="Hello", user_auth=False)


async def test_tweepy_posts_replies_reads_and_deletes(
    client: AsyncClient, control: httpx.AsyncClient, inbound: Inbound, keys: Keys
) -> None:
    question = await inbound("mention", "@acme when?")
    me = await client.get_me(user_auth=True)
    assert me["data"]["username"] == "acme"
    mentions = await client.get_users_mentions(
        keys["id"],
        user_auth=True,
        since_id=int(question) - 1,
        max_results=100,
        start_time="2020-01-01T00:00:00Z",
        tweet_fields=["author_id", "created_at", "conversation_id"],
        expansions=["author_id"],
        user_fields=["username", "name"],
    )
    assert mentions["includes"]["users"][0]["username"] == "julie"
    reply = await client.create_tweet(text="Today", in_reply_to_tweet_id=question)
    post = await client.create_tweet(text="Äpfel & öl: 50 % off? +1 ~ *!")
    timeline = await client.get_users_tweets(keys["id"], user_auth=True, tweet_fields=["referenced_tweets"])
    assert [entry["id"] for entry in timeline["data"]] == [post["data"]["id"], reply["data"]["id"]]
    found = await client.get_tweet(post["data"]["id"], user_auth=True)
    assert found["data"]["text"] == "Äpfel &amp; öl: 50 % off? +1 ~ *!"
    assert (await client.delete_tweet(post["data"]["id"]))["data"]["deleted"] is True
    assert len((await control.get("/_sandbox/state")).json()["posts"]) == 2


async def test_tweepy_answers_a_direct_message(client: AsyncClient, inbound: Inbound) -> None:
    await inbound("dm", "Where is my order?")
    julie = (await client.get_user(username="julie", user_auth=True))["data"]["id"]
    sent = await client.create_direct_message(participant_id=julie, text="On its way")
    events = await client.get_direct_message_events(
        user_auth=True, max_results=50, dm_event_fields=["sender_id", "created_at"], expansions=["sender_id"]
    )
    assert events["data"][0]["id"] == sent["data"]["dm_event_id"]
    thread = await client.get_direct_message_events(participant_id=julie, user_auth=True)
    assert [event["text"] for event in thread["data"]] == ["On its way", "Where is my order?"]


async def test_tweepy_sees_xs_errors_as_its_own(client: AsyncClient, control: httpx.AsyncClient) -> None:
    await client.create_tweet(text="Once")
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        await client.create_tweet(text="Once")
    with pytest.raises(tweepy.BadRequest, match="too long"):
        await client.create_tweet(text="x" * 281)
    with pytest.raises(tweepy.Forbidden, match="permission to DM"):
        await client.create_direct_message(participant_id=123, text="An offer")
    await control.post("/_sandbox/rules", json={"rate_limits": {"POST /2/tweets": 1}})
    await client.create_tweet(text="Last")
    with pytest.raises(tweepy.TooManyRequests):
        await client.create_tweet(text="Too many")


async def test_tweepy_with_a_wrong_secret_is_refused(client: AsyncClient) -> None:
    client.access_token_secret = "wrong"
    with pytest.raises(tweepy.Unauthorized):
        await client.create_tweet(text="Hello")


async def test_aiohttp_meets_a_dropped_connection(client: AsyncClient, control: httpx.AsyncClient) -> None:
    await control.post("/_sandbox/faults", json={"kind": "commit_then_drop"})
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.create_tweet(text="Out, but nobody knows")
    assert (await control.get("/_sandbox/state")).json()["posts"][0]["text"] == "Out, but nobody knows"
