"""What makes two texts of ours alike, kept so that it names nobody."""

import hashlib
import hmac
from functools import lru_cache

from govern.screening.duplicates import MIN_MASKED, fingerprint, mask
from govern.settings import current


@lru_cache(maxsize=8_192)
def masked(text: str) -> str:
    """Return the text without what differs from one person to the next; kept, since texts are compared again and again."""
    return mask(text)


def fingerprint_of(text: str) -> str | None:
    """Return the keyed fingerprint of a text; None for short ones, which everybody writes."""
    plain = masked(text)
    return fingerprint(plain, _key()) if len(plain) >= MIN_MASKED else None


def _key() -> bytes:
    return hmac.digest(current().secret_key.encode(), b"govern/fingerprint/v1", hashlib.sha256)
