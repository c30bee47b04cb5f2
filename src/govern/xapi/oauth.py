"""OAuth 2 at X: the address a person is sent to, the code they come back with, and the life of a token.

Tweepy's own handler keeps the verifier in memory, blocks, and cannot refresh. RFC 6749 and 7636 (S256), as X's
documentation of 2026 narrows them: a confidential client, a code that lives 30 s, refresh tokens that are used once.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx
import msgspec

from govern.database import in_transaction
from govern.settings import REAL_X_HOSTS, Settings
from govern.xapi.oauth_errors import OAuthAway, failure_of
from govern.xapi.quiet import hush
from govern.xapi.session import API, parse_address

CALLBACK = "/admin/x/callback"
TIMEOUT = timedelta(seconds=10)
SITE = "https://x.com"
_VERIFIER_BYTES = 48  # 64 characters; RFC 7636 allows 43 to 128
_UNSAID_LIFE = 7200  # what X gives where it does not say: 2 h

hush()


class TokenPair(msgspec.Struct, frozen=True, kw_only=True):
    """What X gave: an access token, and the refresh token that follows it, if any. No repr shows them."""

    access_token: str
    refresh_token: str | None
    scopes: tuple[str, ...]
    """Granted, not asked for; empty where X did not say."""
    life: timedelta

    def __repr__(self) -> str:
        return f"TokenPair(scopes={self.scopes!r}, secrets='***')"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("scopes", self.scopes), ("secrets", "***")]


class OAuthApp(msgspec.Struct, frozen=True, kw_only=True):
    """The X app as OAuth 2 knows it. The web has no `client_secret`: it can send people to X, and nothing else."""

    client_id: str
    client_secret: str
    site: str
    """Where people are asked."""
    api: str
    """Where tokens are made."""
    redirect_uri: str

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Read where X is, and who we are there.

        Raises:
            ValueError: GOVERN_X_BASE_URL is not an address.
        """
        address = parse_address(settings.x_base_url)
        real = address.host in REAL_X_HOSTS
        here = str(address).rstrip("/")
        return cls(
            client_id=settings.x_client_id,
            client_secret=settings.x_client_secret,
            site=SITE if real else here,
            api=str(API).rstrip("/") if real else here,
            redirect_uri=settings.public_url.rstrip("/") + CALLBACK,
        )

    def __repr__(self) -> str:
        return f"OAuthApp(client_id={self.client_id!r}, secrets='***')"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("client_id", self.client_id), ("secrets", "***")]


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str | None = None
    scope: str = ""
    expires_in: int | None = None


def make_verifier() -> str:
    """Return a new PKCE verifier."""
    return secrets.token_urlsafe(_VERIFIER_BYTES)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def authorize_url(app: OAuthApp, *, scopes: Sequence[str], state: str, verifier: str) -> str:
    """Return the address at X where a person grants these scopes."""
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    return f"{app.site}/i/oauth2/authorize?{urlencode(query, quote_via=quote)}"


async def exchange(app: OAuthApp, code: str, *, verifier: str) -> TokenPair:
    """Turn the code a person came back with into tokens: once, within 30 s.

    Raises:
        TokenRefused: the code is spent, too old, or of another verifier.
        AppRefused, OAuthAway
    """
    _refuse_in_transaction()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": app.redirect_uri}
    return await _granted(app, {**form, "code_verifier": verifier})


async def refresh(app: OAuthApp, refresh_token: str) -> TokenPair:
    """Turn a refresh token into a new pair; X takes each once. Called under the lock of its row, and only there.

    Raises:
        TokenRefused: it is spent or revoked; only a person can mend that.
        AppRefused, OAuthAway
    """
    return await _granted(app, {"grant_type": "refresh_token", "refresh_token": refresh_token})


async def revoke(app: OAuthApp, token: str, *, kind: str = "access_token") -> None:
    """Make X forget a token; one it does not know is fine (RFC 7009, 2.2).

    Raises:
        AppRefused, OAuthAway
    """
    _refuse_in_transaction()
    await _post(app, "/2/oauth2/revoke", {"token": token, "token_type_hint": kind})


async def app_token(app: OAuthApp, *, api_key: str, api_secret: str) -> str:
    """Return the X app's own bearer token: for webhooks, it speaks for no account.

    Raises:
        AppRefused, OAuthAway
    """
    _refuse_in_transaction()
    answer = await _post(app, "/oauth2/token", {"grant_type": "client_credentials"}, basic=(api_key, api_secret))
    return _read(answer).access_token


async def _granted(app: OAuthApp, form: Mapping[str, str]) -> TokenPair:
    granted = _read(await _post(app, "/2/oauth2/token", {**form, "client_id": app.client_id}))
    life = granted.expires_in if granted.expires_in and granted.expires_in > 0 else _UNSAID_LIFE
    return TokenPair(
        access_token=granted.access_token,
        refresh_token=granted.refresh_token or None,
        scopes=tuple(granted.scope.split()),
        life=timedelta(seconds=life),
    )


def _read(answer: httpx.Response) -> _Granted:
    try:
        granted = msgspec.json.decode(answer.content, type=_Granted)
    except msgspec.DecodeError:  # also a wrong form; neither may quote what it read
        granted = _Granted(access_token="")
    if not granted.access_token:
        raise OAuthAway("bad_answer")
    return granted


async def _post(
    app: OAuthApp, path: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None
) -> httpx.Response:
    """Ask once, in at most 10 s, on a connection of its own. Every failure comes out without what was sent."""
    user, password = basic or (app.client_id, app.client_secret)
    failed: Exception
    try:
        async with asyncio.timeout(TIMEOUT.total_seconds()), httpx.AsyncClient(trust_env=False) as client:
            credentials = httpx.BasicAuth(quote(user, safe=""), quote(password, safe=""))  # RFC 6749, 2.3.1
            answer = await client.post(f"{app.api}{path}", data=dict(form), auth=credentials)
        if answer.is_success:
            return answer
        failed = failure_of(answer.status_code, answer.content)
    except (httpx.HTTPError, TimeoutError) as error:
        failed = OAuthAway(type(error).__name__)
    raise failed


def _refuse_in_transaction() -> None:
    if in_transaction():
        raise RuntimeError("no call to X inside a database transaction")
