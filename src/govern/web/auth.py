"""Who is asking: a session cookie, for the API also a bearer token, never both; and the CSRF token."""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from govern.errors import N_, Denied, Invalid
from govern.settings import Settings

AnyConnection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]

CSRF_FIELD = "_csrf"
CSRF_HEADER = "x-csrf"
PROOF = "_proof"
PASSKEY_STEP = "_passkey_step"
PASSKEY_ANSWER = "_passkey_answer"
PROOF_FIELDS = frozenset({PROOF, PASSKEY_STEP, PASSKEY_ANSWER})
"""What proves once more who sends a form; it is looked at before any handler runs, and no handler reads it."""
SIGN_IN = "/admin/sign-in"
SIGN_OUT = "/admin/sign-out"
WELCOME = "/admin/welcome"
CONFIRM = "/admin/confirm"
SECURITY = "/admin/settings/security"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_AGENT = 200
_MASK = 32


class BothCredentials(Invalid):
    """A cookie and a bearer token in one request: nobody can say who is meant."""

    code = "request.two_credentials"
    template = N_("This request carries a session cookie and a token. Send only one of them.")


class CsrfFailed(Denied):
    """The form was not sent from our own page, or from one of another session."""

    code = "session.csrf_failed"
    template = N_("This form is too old or did not come from this site. Nothing was changed; load the page again.")

    def __init__(self) -> None:
        super().__init__(reason="csrf", rule=None)


def is_api(connection: AnyConnection) -> bool:
    """Tell whether a program asks: it hears JSON, and mostly shows a token."""
    path = connection.scope["path"]
    return path == "/api" or path.startswith("/api/")


def opens_session(connection: AnyConnection) -> bool:
    """Tell whether this is a form by which one signs in: it was made before there was a session."""
    path = connection.scope["path"]
    return any(path == door or path.startswith(f"{door}/") for door in (SIGN_IN, WELCOME))


def client_address(connection: AnyConnection) -> str:
    """Return whence the request came: failed sign-ins are counted by it."""
    return connection.client.host if connection.client else ""


def user_agent(connection: AnyConnection) -> str:
    """Return what the browser calls itself, as far as a session keeps it."""
    return connection.headers.get("user-agent", "")[:MAX_AGENT]


def cookie_name(settings: Settings) -> str:
    """Return the session cookie's name; `__Host-` binds it to this host and to https, which loopback does not have."""
    return "__Host-govern" if _secure(settings) else "govern"


def session_cookie(token: str, settings: Settings) -> Cookie:
    """Return the cookie that signs a browser in; it ends with the browser, the session with its own clock."""
    return Cookie(
        key=cookie_name(settings), value=token, path="/", httponly=True, samesite="lax", secure=_secure(settings)
    )


def ended_cookie(settings: Settings) -> Cookie:
    """Return the cookie that makes a browser forget its session."""
    return Cookie(
        key=cookie_name(settings),
        value="",
        path="/",
        httponly=True,
        samesite="lax",
        secure=_secure(settings),
        max_age=0,
        expires=0,
    )


def session_token(connection: AnyConnection, settings: Settings) -> str | None:
    """Return the token in the session cookie."""
    return connection.cookies.get(cookie_name(settings)) or None


def bearer_token(connection: AnyConnection) -> str | None:
    """Return the token of `Authorization: Bearer …`."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def check_one_credential(connection: AnyConnection, settings: Settings) -> None:
    """Refuse a request with a cookie and an `Authorization` header.

    Raises:
        BothCredentials
    """
    if "authorization" in connection.headers and session_token(connection, settings) is not None:
        raise BothCredentials


def csrf_token(session_id: UUID, settings: Settings) -> str:
    """Return the session's CSRF token, masked anew: compressed pages that echo input do not betray it."""
    mask = secrets.token_bytes(_MASK)
    return base64.urlsafe_b64encode(mask + _xor(mask, _csrf_secret(session_id, settings))).decode()


async def check_csrf(request: AnyRequest, session_id: UUID, settings: Settings) -> None:
    """Check the token in the header `X-CSRF`, or in the field `_csrf` of a panel's form.

    Raises:
        CsrfFailed
    """
    given = request.headers.get(CSRF_HEADER, "")
    if not given and not is_api(request):
        given = (await request.form()).get(CSRF_FIELD, "")
    try:
        raw = base64.urlsafe_b64decode(str(given).encode())
    except (binascii.Error, ValueError):
        raise CsrfFailed from None
    found = _xor(raw[:_MASK], raw[_MASK:]) if len(raw) == 2 * _MASK else b""
    if not hmac.compare_digest(found, _csrf_secret(session_id, settings)):
        raise CsrfFailed


def check_origin(connection: AnyConnection, settings: Settings) -> None:
    """Refuse what a browser sends for another site's page; programs send neither header.

    Raises:
        CsrfFailed
    """
    if connection.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise CsrfFailed
    origin = connection.headers.get("origin")
    if origin == "null" and "sec-fetch-site" in connection.headers:  # our own page that sends no referrer
        return
    if origin is not None and origin.lower() not in _own_origins(connection, settings):
        raise CsrfFailed


def _own_origins(connection: AnyConnection, settings: Settings) -> set[str]:
    public = urlsplit(settings.public_url)
    ours = {f"{public.scheme}://{public.netloc}".lower()}
    if not settings.production:  # on loopback any of its names will do
        ours.add(f"{connection.scope['scheme']}://{connection.headers.get('host', '').lower()}")
    return ours


def _csrf_secret(session_id: UUID, settings: Settings) -> bytes:
    key = hmac.digest(settings.secret_key.encode(), b"govern/csrf/v1", hashlib.sha256)
    return hmac.digest(key, session_id.bytes, hashlib.sha256)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _secure(settings: Settings) -> bool:
    return settings.production or settings.public_url.startswith("https://")
