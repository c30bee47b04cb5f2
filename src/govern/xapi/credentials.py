"""What an account signs its requests with."""

from datetime import datetime
from typing import Any, TypeAlias

import msgspec


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """OAuth 1.0a: the X app's key and secret, the account's token and secret. No repr shows them."""

    api_key: str
    api_secret: str
    access_token: str
    access_token_secret: str

    def __repr__(self) -> str:
        return "Credentials(secrets='***')"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("secrets", "***")]


class BearerToken(msgspec.Struct, frozen=True, kw_only=True):
    """OAuth 2.0: the account's access token, or the X app's own, which speaks for no account. No repr shows it.

    `version` is the one of the row it was opened from: a 401 is told of that one, not of a newer one. `unproven` is
    true until X accepted it once: the refresh token before it is kept as long.
    """

    access_token: str
    expires_at: datetime | None = None
    version: int | None = None
    unproven: bool = False

    def __repr__(self) -> str:
        return f"BearerToken(version={self.version}, secrets='***')"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("version", self.version), ("secrets", "***")]


Keys: TypeAlias = Credentials | BearerToken
"""Either way to sign."""
