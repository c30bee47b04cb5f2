"""Authorization codes of OAuth 2: given to a browser, good once, for thirty seconds, for who has the verifier."""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta

import msgspec

from govern.sandbox.ids import Clock, random_text

_LIFE = timedelta(seconds=30)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for when it sends a person to the authorize page."""

    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    state: str

    def is_answered_by(self, verifier: str) -> bool:
        """Tell whether this verifier is the one the challenge was made of, by S256."""
        digest = hashlib.sha256(verifier.encode()).digest()
        return secrets.compare_digest(base64.urlsafe_b64encode(digest).decode().rstrip("="), self.challenge)


class Pending(msgspec.Struct, frozen=True):
    """A code that waits to be exchanged."""

    asked: Asked
    user: int
    until: datetime


class Codes:
    """The codes given out; they live in memory only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: dict[str, Pending] = {}

    def give(self, asked: Asked, user: int) -> str:
        code = random_text(60)
        self._pending[code] = Pending(asked, user, self._clock.now() + _LIFE)
        return code

    def take(self, code: str) -> Pending | None:
        """Return what a code stands for and forget it; None for one that is unknown, used or too old."""
        found = self._pending.pop(code, None)
        return found if found and self._clock.now() <= found.until else None
