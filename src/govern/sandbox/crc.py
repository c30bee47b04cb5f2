"""Challenge-response checks: a webhook proves that it knows a secret of the X app; and signatures of what it gets."""

import base64
import hashlib
import hmac
from enum import StrEnum
from urllib.parse import urlsplit

import httpx
import msgspec

from govern.sandbox.door import is_near
from govern.sandbox.ids import random_text
from govern.sandbox.records import App

_CHECK_S = 3.0
_MOST = 64 * 1024


class Checked(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    """A wrong answer, or a redirect: the webhook is invalid at once."""
    AWAY = "away"
    """No answer, or one that says try again."""


class _Answer(msgspec.Struct):
    response_token: str


def is_fit(url: str) -> bool:
    """Tell whether X would call an address: https without a port. The sandbox calls its neighbours by http as well."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.fragment:
        return False
    return (parts.scheme == "https" and port is None) or (parts.scheme == "http" and is_near(host))


def signatures(app: App, body: bytes) -> dict[str, str]:
    """Return both headers X signs a delivery with: by the API secret, and by the OAuth 2 client secret."""
    return {
        "x-twitter-webhooks-signature": _sign(app.api_secret, body),
        "x-twitter-webhooks-signature-oauth2": _sign(app.client_secret, body),
    }


async def check(app: App, url: str) -> Checked:
    """Ask an address for the proof; either secret will do."""
    token = random_text(40)
    try:
        async with httpx.AsyncClient(timeout=_CHECK_S, trust_env=False) as client:
            answer = await client.get(httpx.URL(url).copy_merge_params({"crc_token": token}))
    except httpx.HTTPError:
        return Checked.AWAY
    if answer.is_redirect:
        return Checked.FAILED
    if not answer.is_success:
        return Checked.AWAY
    right = {_sign(secret, token.encode()) for secret in (app.api_secret, app.client_secret)}
    try:
        given = msgspec.json.decode(answer.content[:_MOST], type=_Answer).response_token
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Checked.FAILED
    return Checked.PASSED if given in right else Checked.FAILED


def _sign(secret: str, message: bytes) -> str:
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"
