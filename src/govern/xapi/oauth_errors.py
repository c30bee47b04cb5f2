"""What X's token endpoint can say, and what each means for an account.

OAuthError
├── TokenRefused   this token or code is spent, revoked or unknown: only a person can mend it
├── AppRefused     X does not take the X app itself: its id, its secret, its address to come back to
└── OAuthAway      no answer we can use: it may be asked again
"""

import msgspec

from govern.xapi.errors import XError

_SPENT = ("value passed for the token was invalid", "value passed for the authorization code was invalid")


class OAuthError(XError):
    """X gave no token. No message of these holds what was sent or answered."""

    code = "oauth"


class TokenRefused(OAuthError):
    """`invalid_grant`, or X's own wording for it."""

    code = "token_refused"

    def __init__(self) -> None:
        super().__init__("X does not take this token any more")


class AppRefused(OAuthError):
    """`reason` is the error code of RFC 6749, 5.2."""

    code = "app_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"X does not take this X app: {reason}")
        self.reason = reason


class OAuthAway(OAuthError):
    """Network, time, 429, 5xx, HTML. Whether X did it is not known; a refresh is tried again with what we have."""

    code = "oauth_away"

    def __init__(self, cause: str) -> None:
        super().__init__(f"X gave no answer that can be used: {cause}")
        self.cause = cause


class _Said(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""


def failure_of(status: int, body: bytes) -> OAuthError:
    """Say what an answer without a token means (RFC 6749, 5.2; X's wording beside it)."""
    try:
        said = msgspec.json.decode(body, type=_Said)
    except msgspec.DecodeError:
        return AppRefused("unauthorized") if status == 401 else OAuthAway(f"http_{status}")
    if status == 429 or status >= 500 or status < 400:
        return OAuthAway(f"http_{status}")
    described = said.error_description.casefold()
    if said.error == "invalid_grant" or (
        said.error == "invalid_request" and any(words in described for words in _SPENT)
    ):
        return TokenRefused()
    return AppRefused(said.error[:40])
