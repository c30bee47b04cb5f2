"""OAuth 1.0a, verified for real with oauthlib's server side.

The base string is built on X's canonical address, or on the newer one if the Host header names it; never on the address
the sandbox listens at. Raw path and raw query are taken as they came; JSON bodies are no part of it (RFC 5849, section 3.4.1.3).
"""

# ruff: noqa: ARG002 - oauthlib decides what the methods of its validator are given

import time
from typing import Any

from litestar.types import HTTPScope
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, RequestValidator, ResourceEndpoint

from govern.sandbox.problems import unauthorized
from govern.sandbox.records import User
from govern.sandbox.state import State

CANONICAL = "https://api.twitter.com"
SECOND_NAME = "api.x.com"
_LIFETIME_S = 300
_NOBODY = "nobody"
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class _Keys(RequestValidator):  # type: ignore[misc]  # oauthlib is not typed
    """The answers to what oauthlib asks of tokens, secrets and nonces."""

    allowed_signature_methods = (SIGNATURE_HMAC_SHA1,)
    client_key_length = (1, 200)
    access_token_length = (1, 80)
    nonce_length = (6, 128)
    safe_characters = _SAFE
    timestamp_lifetime = _LIFETIME_S
    dummy_client = _NOBODY
    dummy_access_token = _NOBODY

    def __init__(self, state: State, lifetime_s: int) -> None:
        super().__init__()
        self.timestamp_lifetime = lifetime_s
        self._state = state
        self._used: dict[tuple[str, str, str], float] = {}

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, **tokens: Any
    ) -> bool:
        return (str(tokens["access_token"]), timestamp, nonce) not in self._used

    def spend(self, token: str, timestamp: str, nonce: str) -> None:
        """Take note that a nonce was used; forget those too old to pass anyway."""
        now = time.monotonic()
        while self._used and now - next(iter(self._used.values())) > 2 * self.timestamp_lifetime:
            del self._used[next(iter(self._used))]
        self._used[(token, timestamp, nonce)] = now

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == self._state.app.api_key

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self._state.tokens

    def validate_realms(self, client_key: str, token: str, request: Any, **more: Any) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self._state.app.api_secret

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        user = self._state.tokens.get(token)
        return user.access_token_secret if user else _NOBODY


class Verifier:
    """Tell which account signed a request, at most `lifetime_s` seconds ago."""

    def __init__(self, state: State, lifetime_s: int = _LIFETIME_S) -> None:
        self._state = state
        self._keys = _Keys(state, lifetime_s)
        self._endpoint = ResourceEndpoint(self._keys)

    def caller(self, scope: HTTPScope, header: str) -> User:
        """Return the account whose token signed this request.

        Raises:
            ApiError: 401, for whatever reason; X does not say which, and so neither do we.
        """
        if not header.startswith("OAuth "):
            raise unauthorized()
        try:
            valid, signed = self._endpoint.validate_protected_resource_request(
                _signed_address(scope), scope["method"], headers={"Authorization": header}
            )
        except ValueError as error:  # oauthlib's own parsing of a malformed header or query
            raise unauthorized() from error
        if not valid:
            raise unauthorized()
        self._keys.spend(signed.resource_owner_key, signed.timestamp, signed.nonce)
        return self._state.tokens[signed.resource_owner_key]


def _signed_address(scope: HTTPScope) -> str:
    """Return what X would have been called by: its first name, unless the request names its second one."""
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
    query = scope["query_string"].decode("latin-1")
    canonical = f"https://{host}" if host == SECOND_NAME else CANONICAL
    return canonical + scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
