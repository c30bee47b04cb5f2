"""What goes over the wire: address, signature, limits, and no secret beside it."""

import logging
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from oauthlib.oauth1 import Client as OAuthClient
from oauthlib.oauth1.rfc5849 import utils
from rich.pretty import pretty_repr
from yarl import URL

from govern import database
from govern.xapi.client import OutgoingPost
from govern.xapi.credentials import Credentials
from govern.xapi.errors import XError
from govern.xapi.session import parse_address, rebase
from govern.xapi.tweepy_client import TweepyClient
from tests.xapi.conftest import KEYS, client_of, http, odd_server, problem, soon

SIGNED = URL("https://api.twitter.com/2/users/11/mentions?end_time=2026-08-01T00%3A00%3A00Z&x=a%2Cb", encoded=True)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        (
            "http://127.0.0.1:8765",
            "http://127.0.0.1:8765/2/users/11/mentions?end_time=2026-08-01T00%3A00%3A00Z&x=a%2Cb",
        ),
        ("http://[::1]:8765/", "http://[::1]:8765/2/users/11/mentions?end_time=2026-08-01T00%3A00%3A00Z&x=a%2Cb"),
        ("https://x.test", "https://x.test/2/users/11/mentions?end_time=2026-08-01T00%3A00%3A00Z&x=a%2Cb"),
        ("https://api.x.com", str(SIGNED)),
        ("https://api.twitter.com", str(SIGNED)),
    ],
)
def test_rebased_url_keeps_path_and_query_byte_for_byte(address: str, target: str) -> None:
    assert str(rebase(SIGNED, parse_address(address))) == target


@pytest.mark.parametrize(
    "address",
    ["", "api.x.com", "ftp://api.x.com", "https://", "https://x.test/2", "https://x.test?a=1", "http://a@x.test"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="GOVERN_X_BASE_URL"):
        TweepyClient(KEYS, base_url=address, timeout=timedelta(seconds=5))


async def test_signature_holds_for_the_canonical_host_and_the_bytes_that_arrive() -> None:
    async with odd_server(http(200, {"meta": {"next_token": "a:b/c d+e"}}), http(200, {"meta": {}})) as x:
        assert await client_of(x).mentions("100") == []
        sent = dict(utils.parse_authorization_header(x.head["authorization"]))
        assert "pagination_token=a%3Ab/c+d%2Be" in x.target
    again = OAuthClient(
        KEYS.api_key,
        KEYS.api_secret,
        KEYS.access_token,
        KEYS.access_token_secret,
        nonce=sent["oauth_nonce"],
        timestamp=sent["oauth_timestamp"],
    )
    _url, headers, _body = again.sign(f"https://api.twitter.com{x.target}", "GET")
    assert dict(utils.parse_authorization_header(headers["Authorization"])) == sent


async def test_exchange_notes_limits_clock_and_duration() -> None:
    created = http(
        201,
        {"data": {"id": "1"}},
        x_rate_limit_limit="100",
        x_rate_limit_remaining="99",
        x_rate_limit_reset="1900000000",
        Date="Sat, 01 Aug 2026 10:00:00 GMT",
    )
    write_before = soon()
    async with odd_server(created) as x:
        receipt = await client_of(x).send_post(OutgoingPost(text="hello"), write_before=write_before)
    exchange = receipt.exchange
    assert (exchange.rate_window, exchange.rate_limit, exchange.rate_remaining) == ("window", 100, 99)
    assert exchange.rate_reset_at == datetime.fromtimestamp(1_900_000_000, UTC)
    assert exchange.date == datetime(2026, 8, 1, 10, tzinfo=UTC)
    assert exchange.write_before == write_before
    assert 0 <= exchange.duration_ms < 5_000


async def test_unreadable_date_says_nothing() -> None:
    async with odd_server(http(201, {"data": {"id": "1"}}, Date="yesterday")) as x:
        receipt = await client_of(x).send_post(OutgoingPost(text="hello"), write_before=soon())
    assert receipt.exchange.date is None


async def test_no_call_leaves_from_inside_a_transaction() -> None:
    async with odd_server(http(201, {"data": {"id": "1"}})) as x:
        with ExitStack() as after:
            after.callback(database._inside.reset, database._inside.set(True))
            for call in (client_of(x).me(), client_of(x).send_post(OutgoingPost(text="hello"), write_before=soon())):
                with pytest.raises(RuntimeError, match="transaction"):
                    await call
        assert x.connections == 0


async def test_secrets_stay_out_of_logs_and_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with odd_server(problem(403, "Forbidden")) as x:
        with pytest.raises(XError) as caught:
            await client_of(x).send_post(OutgoingPost(text="hello"), write_before=soon())
    told = caplog.text + repr(caught.value) + str(caught.value.exchange)
    assert not any(secret in told for secret in ("OAuth", "app-secret", "own-secret", "oauth_signature"))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None, "tweepy's exception holds the request and its Authorization header"


def test_credentials_never_show() -> None:
    shown = repr(KEYS) + str(KEYS) + f"{KEYS}" + pretty_repr(KEYS) + pretty_repr([KEYS])
    assert not any(secret in shown for secret in ("app-secret", "own-secret", "11-token"))
    assert "***" in shown
    assert isinstance(KEYS, Credentials)
