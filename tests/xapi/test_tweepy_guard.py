"""What we use of tweepy's and aiohttp's insides: an upgrade that changes it fails here first."""

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import tweepy
from aiohttp.client_exceptions import ContentTypeError
from tweepy.asynchronous import AsyncClient
from tweepy.asynchronous.client import AsyncBaseClient
from yarl import URL

from tests.xapi.conftest import http, odd_server, problem


class RecordingSession:
    """Takes tweepy's one call and gives an answer without a network."""

    def __init__(self, status: int = 200, answer: object = None) -> None:
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.status, self.answer = status, answer if answer is not None else {"data": {}}

    @asynccontextmanager
    async def request(self, *args: Any, **kwargs: Any) -> AsyncIterator[SimpleNamespace]:
        self.calls.append((args, kwargs))

        async def read() -> bytes:
            return b""

        async def json() -> object:
            return self.answer

        yield SimpleNamespace(status=self.status, reason="", headers={}, read=read, json=json)


def client_with(session: object) -> AsyncClient:
    client = AsyncClient(
        consumer_key="key", consumer_secret="s", access_token="11-t", access_token_secret="s", return_type=dict
    )
    client.session = session
    return client


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]  # tweepy is untyped


def test_signatures_are_the_ones_we_call() -> None:
    assert parameters(AsyncBaseClient.request) == ["self", "method", "route", "params", "json", "user_auth"]
    assert parameters(AsyncBaseClient._make_request) == [
        "self", "method", "route", "params", "endpoint_parameters", "json", "data_type", "user_auth",
    ]  # fmt: skip
    assert {"text", "in_reply_to_tweet_id", "quote_tweet_id", "user_auth"} <= set(parameters(AsyncClient.create_tweet))
    assert {"participant_id", "text", "user_auth"} <= set(parameters(AsyncClient.create_direct_message))


def test_new_client_has_no_session_and_does_not_wait_for_limits() -> None:
    client = AsyncClient(consumer_key="key", return_type=dict)
    assert client.session is None
    assert client.wait_on_rate_limit is False


async def test_session_gets_one_call_of_a_known_form() -> None:
    session = RecordingSession()
    await client_with(session).create_tweet(text="hello", user_auth=True)
    ((args, kwargs),) = session.calls
    assert args[0] == "POST"
    assert str(args[1]).startswith("https://api.twitter.com/2/tweets")
    assert sorted(kwargs) == ["headers", "json", "params"]
    assert (kwargs["params"], kwargs["json"]) == (None, {"text": "hello"})
    assert kwargs["headers"]["Authorization"].startswith("OAuth ")


async def test_query_is_signed_and_sorted_into_the_url() -> None:
    session = RecordingSession()
    await client_with(session).get_users_mentions("11", tweet_fields=["b", "a:c"], max_results=5, user_auth=True)
    ((args, _kwargs),) = session.calls
    assert isinstance(args[1], URL)
    assert args[1].raw_query_string == "max_results=5&tweet.fields=b,a%3Ac"


async def test_session_that_is_false_would_be_replaced() -> None:
    assert "self.session or aiohttp.ClientSession()" in inspect.getsource(AsyncBaseClient.request)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (307, tweepy.HTTPException),
        (400, tweepy.BadRequest),
        (401, tweepy.Unauthorized),
        (402, tweepy.HTTPException),
        (403, tweepy.Forbidden),
        (404, tweepy.NotFound),
        (429, tweepy.TooManyRequests),
        (503, tweepy.TwitterServerError),
    ],
)
async def test_each_status_has_its_exception_and_402_has_none(status: int, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        await client_with(RecordingSession(status, {"detail": "no"})).get_me(user_auth=True)
    assert type(caught.value) is error


async def test_html_error_comes_out_as_an_error_of_aiohttp() -> None:
    async with odd_server(http(503, "<html>")) as x, aiohttp.ClientSession() as session:
        with pytest.raises(ContentTypeError):
            await client_with(_Elsewhere(session, x.port)).get_me(user_auth=True)


async def test_limit_with_an_unreadable_reset_breaks_tweepy() -> None:
    async with odd_server(problem(429, "no", x_rate_limit_reset="soon")) as x, aiohttp.ClientSession() as session:
        with pytest.raises(ValueError, match="soon"):
            await client_with(_Elsewhere(session, x.port)).get_me(user_auth=True)


def test_connector_has_the_method_our_gate_stands_in() -> None:
    assert parameters(aiohttp.BaseConnector.connect) == ["self", "req", "traces", "timeout"]
    assert {"close"} <= set(dir(aiohttp.connector.Connection))


async def test_aiohttp_repeats_a_delete_that_dropped_even_with_force_close() -> None:
    connector = aiohttp.TCPConnector(force_close=True)
    async with odd_server(b"") as x, aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.delete(f"http://127.0.0.1:{x.port}/")
        assert x.connections == 2


class _Elsewhere:
    """A plain session, pointed at a server of ours."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self.session, self.port = session, port

    def request(self, method: str, url: URL, **kwargs: Any) -> Any:
        return self.session.request(method, f"http://127.0.0.1:{self.port}{url.raw_path}", headers=kwargs["headers"])
