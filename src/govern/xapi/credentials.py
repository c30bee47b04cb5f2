"""What an account signs its requests with."""

from typing import Any

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
