"""OAuth 2 over tweepy: the header, the address, the 401 that names its token, and nothing of it in any log."""

import logging
from datetime import timedelta

import pytest
from yarl import URL

from govern.xapi.credentials import BearerToken
from govern.xapi.errors import AuthLost, Refused, XError
from govern.xapi.oauth import refresh
from govern.xapi.session import rebase
from govern.xapi.tweepy_client import TweepyClient
from tests.xapi.conftest import HELLO, KEYS, OddServer, Sandbox, client_of, http, odd_server, problem, soon
from tests.xapi.granting import app_of, bearer_of, tokens_of

TOKEN = "the-bearer-nobody-may-see"
LIMIT = timedelta(seconds=5)


def bearer_client(x: OddServer) -> TweepyClient:
    keys = BearerToken(access_token=TOKEN, version=7)
    return TweepyClient(keys, base_url=f"http://127.0.0.1:{x.port}", timeout=LIMIT, x_id="11")


def in_sandbox(sandbox: Sandbox, handle: str = "Help", **more: str) -> TweepyClient:
    return TweepyClient(bearer_of(sandbox, handle, **more), base_url=sandbox.address, timeout=LIMIT)


@pytest.mark.parametrize("base", ["https://api.x.com", "https://api.twitter.com"])
def test_at_the_real_x_a_bearer_goes_to_the_new_host_and_a_signature_stays_where_it_was_made(base: str) -> None:
    signed = URL("https://api.twitter.com/2/tweets?a=%3A", encoded=True)
    assert str(rebase(signed, URL(base))) == "https://api.twitter.com/2/tweets?a=%3A"
    assert str(rebase(signed, URL(base), signed=False)) == "https://api.x.com/2/tweets?a=%3A"


async def test_bearer_is_in_the_header_and_the_question_in_the_address() -> None:
    async with odd_server(http(200, {})) as x:
        await bearer_client(x).mentions("99")
    assert x.head["authorization"] == f"Bearer {TOKEN}"
    assert x.target.startswith("/2/users/11/mentions?")
    assert "since_id=99" in x.target
    assert "oauth" not in x.target


async def test_post_says_all_that_was_approved_and_no_more() -> None:
    async with odd_server(http(201, {"data": {"id": "5"}})) as x:
        await bearer_client(x).send_post(HELLO, write_before=soon())
        assert x.body == {"text": "hello"}


async def test_account_posts_reads_and_writes_with_a_bearer(x_sandbox: Sandbox) -> None:
    client = in_sandbox(x_sandbox)
    assert not client.accepted
    assert (await client.me()).handle == "Help"
    assert client.accepted
    receipt = await client.send_post(HELLO, write_before=soon())
    assert [post.x_id for post in await client.own_posts(None)] == [receipt.x_id]
    assert await client.mentions(None) == []
    assert await client.dm_events(None) == []
    assert (await client.find_user("help")) is not None
    await client.delete_post(receipt.x_id)
    assert await client.own_posts(None) == []


async def test_refused_token_is_named_by_its_version() -> None:
    async with odd_server(problem(401, "Unauthorized")) as x:
        with pytest.raises(AuthLost) as lost:
            await bearer_client(x).me()
        assert lost.value.version == 7
        with pytest.raises(AuthLost) as lost:
            await client_of(x).me()
    assert lost.value.version is None, "OAuth 1.0a keys have none"


async def test_permission_that_was_not_granted_is_a_refusal_of_this_message(x_sandbox: Sandbox) -> None:
    client = in_sandbox(x_sandbox, scopes="tweet.read users.read offline.access")
    with pytest.raises(Refused):
        await client.send_post(HELLO, write_before=soon())
    assert x_sandbox.posts() == []


async def test_nothing_secret_is_logged_though_tweepy_is_told_to_log_all(
    x_sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    talkative = [name for name in logging.root.manager.loggerDict if name.startswith(("tweepy", "oauthlib", "aiohttp"))]
    assert "tweepy.asynchronous.client" in talkative
    before = {name: logging.getLogger(name).level for name in (*talkative, "tweepy")}
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        logging.getLogger("tweepy").info("this is said")
        tokens = tokens_of(x_sandbox, "Help")
        keys = BearerToken(access_token=tokens["access_token"])
        await TweepyClient(keys, base_url=x_sandbox.address, timeout=LIMIT).send_post(HELLO, write_before=soon())
        await x_sandbox.account("News").me()
        await refresh(app_of(x_sandbox), tokens["refresh_token"])
        async with odd_server(problem(403, "Forbidden")) as x:
            for client in (bearer_client(x), client_of(x)):
                with pytest.raises(XError):
                    await client.me()
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
    made = x_sandbox.order("accounts", handle="News", name="News")
    secrets = [TOKEN, KEYS.api_secret, KEYS.access_token, tokens["access_token"], tokens["refresh_token"]]
    secrets += [made["access_token"], made["access_token_secret"], made["api_secret"]]
    assert "this is said" in caplog.text
    assert "oauth_signature" not in caplog.text
    assert "Bearer" not in caplog.text
    assert [secret for secret in secrets if secret in caplog.text] == []


def test_bearer_never_shows() -> None:
    keys = BearerToken(access_token=TOKEN, version=7)
    assert TOKEN not in f"{keys!r}{keys}{keys.__rich_repr__()}"
    assert "***" in repr(keys)
