"""OAuth 2: the address, the code, the tokens, and what each refusal means; against the sandbox and a rude server."""

import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from govern.database import SidePool, transaction
from govern.settings import Settings
from govern.xapi.credentials import BearerToken
from govern.xapi.errors import AuthLost
from govern.xapi.oauth import (
    OAuthApp,
    TokenPair,
    app_token,
    authorize_url,
    challenge_of,
    exchange,
    make_verifier,
    refresh,
    revoke,
)
from govern.xapi.oauth_errors import AppRefused, OAuthAway, OAuthError, TokenRefused
from govern.xapi.tweepy_client import TweepyClient
from tests.xapi.conftest import Sandbox
from tests.xapi.granting import ALL, agree, app_of, keys_of, tokens_of
from tests.xapi.token_server import APP, token_server

SECONDS = timedelta(seconds=5)
SECRET = "the-refresh-token-nobody-may-see"


async def gone(sandbox: Sandbox, token: str) -> bool:
    """Whether X takes an access token no more."""
    client = TweepyClient(BearerToken(access_token=token), base_url=sandbox.address, timeout=SECONDS)
    try:
        await client.me()
    except AuthLost:
        return True
    return False


def test_challenge_is_the_one_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert 43 <= len(make_verifier()) <= 128
    assert make_verifier() != make_verifier()


def test_address_asks_for_the_scopes_and_tells_the_challenge_only() -> None:
    app = replace(APP, site="https://x.com", redirect_uri="https://panel.example/admin/x/callback")
    verifier = make_verifier()
    url = urlsplit(authorize_url(app, scopes=("tweet.read", "offline.access"), state="s&t", verifier=verifier))
    assert (url.scheme, url.netloc, url.path) == ("https", "x.com", "/i/oauth2/authorize")
    assert {name: values for name, (values,) in parse_qs(url.query).items()} == {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": "https://panel.example/admin/x/callback",
        "scope": "tweet.read offline.access",
        "state": "s&t",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    assert verifier not in url.query
    assert "+" not in url.query, "X takes a plus for a plus"


@pytest.mark.parametrize(
    ("base", "site", "api"),
    [
        ("https://api.x.com", "https://x.com", "https://api.x.com"),
        ("https://api.twitter.com", "https://x.com", "https://api.x.com"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765", "http://127.0.0.1:8765"),
    ],
)
def test_addresses_follow_where_x_is(base: str, site: str, api: str) -> None:
    app = OAuthApp.from_settings(Settings(x_base_url=base, public_url="https://panel.example/"))
    assert (app.site, app.api) == (site, api)
    assert app.redirect_uri == "https://panel.example/admin/x/callback"


async def test_code_becomes_tokens_once_and_they_are_renewed_once(x_sandbox: Sandbox) -> None:
    x_sandbox.order("accounts", handle="Help", name="Help")
    app, verifier = app_of(x_sandbox), make_verifier()
    back = agree(authorize_url(app, scopes=ALL.split(), state="the-state", verifier=verifier), "Help")
    assert back["state"] == "the-state"
    first = await exchange(app, back["code"], verifier=verifier)
    assert set(first.scopes) == set(ALL.split())
    assert first.life.total_seconds() == 7200
    with pytest.raises(TokenRefused):
        await exchange(app, back["code"], verifier=verifier)
    assert first.refresh_token
    second = await refresh(app, first.refresh_token)
    assert second.refresh_token not in {None, first.refresh_token}
    with pytest.raises(TokenRefused):
        await refresh(app, first.refresh_token)
    assert not await gone(x_sandbox, second.access_token)


async def test_code_of_another_verifier_is_refused(x_sandbox: Sandbox) -> None:
    x_sandbox.order("accounts", handle="Help", name="Help")
    app = app_of(x_sandbox)
    back = agree(authorize_url(app, scopes=ALL.split(), state="s", verifier=make_verifier()), "Help")
    with pytest.raises(OAuthError):
        await exchange(app, back["code"], verifier=make_verifier())


async def test_code_that_came_too_late_is_refused(x_sandbox: Sandbox) -> None:
    x_sandbox.order("accounts", handle="Help", name="Help")
    app, verifier = app_of(x_sandbox), make_verifier()
    back = agree(authorize_url(app, scopes=ALL.split(), state="s", verifier=verifier), "Help")
    x_sandbox.order("clock", seconds=31)
    with pytest.raises(TokenRefused):
        await exchange(app, back["code"], verifier=verifier)


async def test_revoked_tokens_are_worth_nothing_and_revoking_twice_is_fine(x_sandbox: Sandbox) -> None:
    app, tokens = app_of(x_sandbox), tokens_of(x_sandbox, "Help")
    assert not await gone(x_sandbox, tokens["access_token"])
    for _ in range(2):
        await revoke(app, tokens["refresh_token"], kind="refresh_token")
        await revoke(app, tokens["access_token"])
    assert await gone(x_sandbox, tokens["access_token"])
    with pytest.raises(TokenRefused):
        await refresh(app, tokens["refresh_token"])


async def test_wrong_client_secret_is_a_fault_of_the_app_and_of_no_account(x_sandbox: Sandbox) -> None:
    with pytest.raises(AppRefused) as refused:
        await refresh(app_of(x_sandbox, client_secret="wrong"), tokens_of(x_sandbox, "Help")["refresh_token"])
    assert refused.value.reason == "unauthorized_client"


async def test_app_has_a_token_of_its_own(x_sandbox: Sandbox) -> None:
    keys = keys_of(x_sandbox)
    token = await app_token(app_of(x_sandbox), api_key=keys["api_key"], api_secret=keys["api_secret"])
    assert token == keys["bearer_token"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error":"invalid_grant","error_description":"x"}', TokenRefused),
        (
            400,
            '{"error":"invalid_request","error_description":"Value passed for the token was invalid."}',
            TokenRefused,
        ),
        (
            400,
            '{"error":"invalid_request","error_description":"Value passed for the authorization code was invalid."}',
            TokenRefused,
        ),
        (
            400,
            '{"error":"invalid_request","error_description":"Missing required parameter [code_verifier]."}',
            AppRefused,
        ),
        (401, '{"error":"invalid_client"}', AppRefused),
        (401, "Unauthorized", AppRefused),
        (400, '{"error":"unsupported_grant_type"}', AppRefused),
        (429, '{"error":"rate_limited"}', OAuthAway),
        (503, "<html>Over capacity</html>", OAuthAway),
        (500, '{"error":"invalid_grant"}', OAuthAway),
        (307, "", OAuthAway),
        (404, "<html>", OAuthAway),
        (200, "", OAuthAway),
        (200, "<html>", OAuthAway),
        (200, "{}", OAuthAway),
        (200, '{"access_token":""}', OAuthAway),
        (200, '{"access_token":7}', OAuthAway),
    ],
)
async def test_every_answer_of_the_token_endpoint_has_its_meaning(
    status: int, body: str, kind: type[OAuthError]
) -> None:
    with token_server(lambda _asked: (status, body)) as server, pytest.raises(OAuthError) as failed:
        await refresh(server.app, SECRET)
    assert type(failed.value) is kind
    assert len(server.asked) == 1, "asked once"
    assert failed.value.__cause__ is None, "a cause would hold the request"
    assert SECRET not in repr(failed.value) + str(failed.value)


async def test_nobody_there_is_no_fault_of_the_token() -> None:
    with pytest.raises(OAuthAway) as failed:
        await refresh(APP, SECRET)
    assert failed.value.cause == "ConnectError"


async def test_request_is_a_form_with_the_client_in_its_header() -> None:
    body = '{"access_token":"new","expires_in":60,"scope":"a b","token_type":"bearer"}'
    with token_server(lambda _asked: (200, body)) as server:
        tokens = await refresh(server.app, "old")
    (asked,) = server.asked
    assert asked.path == "/2/oauth2/token"
    assert asked.headers["authorization"].startswith("Basic ")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.form == {"grant_type": "refresh_token", "refresh_token": "old", "client_id": "client"}
    assert (tokens.access_token, tokens.refresh_token, tokens.scopes) == ("new", None, ("a", "b"))
    assert tokens.life.total_seconds() == 60


async def test_only_a_refresh_may_run_inside_a_transaction(database: None) -> None:
    for call in (exchange(APP, "c", verifier="v"), revoke(APP, "t"), app_token(APP, api_key="k", api_secret="s")):
        async with transaction():
            with pytest.raises(RuntimeError, match="inside a database transaction"):
                await call
    with SidePool().used():
        async with transaction():
            with pytest.raises(OAuthAway):
                await refresh(APP, "t")


async def test_secrets_stay_out_of_logs_and_reprs(x_sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    made = [TokenPair(access_token=SECRET, refresh_token=SECRET, scopes=(), life=SECONDS), APP]
    assert all(SECRET not in repr(each) and "the-client-secret" not in repr(each) for each in made)
    assert all("***" in repr(each) for each in made)
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    app, tokens = app_of(x_sandbox), tokens_of(x_sandbox, "Help")
    new = await refresh(app, tokens["refresh_token"])
    with pytest.raises(TokenRefused):
        await refresh(app, tokens["refresh_token"])
    for secret in (*tokens.values(), new.access_token, new.refresh_token, app.client_secret):
        assert str(secret) not in caplog.text
