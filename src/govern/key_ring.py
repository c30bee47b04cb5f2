"""Named keys of a setting: AES-256-GCM, the first key seals, all open, and what is sealed opens at its own place only."""

import base64
import os
import re
from collections.abc import Callable, Mapping
from typing import Self, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from govern.settings import SettingsError

NONCE_BYTES = 12
KEY_BYTES = 32
DEVELOPMENT_KEY = "dev"
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")

Place: TypeAlias = Callable[[str], str]
"""Where sealed bytes stand, given the id of their key: they open nowhere else."""


class NoSuchKey(LookupError):
    """It was sealed with a key that is not in this ring."""


class SealBroken(ValueError):
    """The sealed bytes do not belong to this place, were changed, or another key bears the same id."""


class KeyRing:
    """Seals with the first key, opens with all of them."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.first = next(iter(self._keys))

    @classmethod
    def parse(cls, text: str, *, setting: str) -> Self:
        """Read `id:base64,…`, each key 32 bytes, as `setting` gives them.

        Raises:
            SettingsError: with one sentence per fault; none shows a key.
        """
        keys: dict[str, bytes] = {}
        faults = []
        for place, item in enumerate(text.split(","), start=1):
            key_id, _, encoded = item.strip().partition(":")
            key = _decode(encoded)
            if not _KEY_ID.fullmatch(key_id) or key_id in keys or len(key) != KEY_BYTES:
                faults.append(f"{setting}: key {place} must be an id of its own, a colon and 32 bytes in base64.")
            keys[key_id] = key
        if faults:
            raise SettingsError(faults)
        return cls(keys)

    @classmethod
    def for_development(cls, secret: str, *, purpose: str) -> Self:
        """Derive one key from a secret for one purpose (HKDF, RFC 5869)."""
        derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"govern|{purpose}|dev".encode())
        return cls({DEVELOPMENT_KEY: derive.derive(secret.encode())})

    def seal(self, plain: bytes, *, place: Place) -> tuple[str, bytes]:
        """Return the id of the key and the sealed bytes: 12 random bytes, ciphertext, tag."""
        nonce = os.urandom(NONCE_BYTES)
        return self.first, nonce + self._keys[self.first].encrypt(nonce, plain, place(self.first).encode())

    def open(self, sealed: bytes, *, key_id: str, place: Place) -> bytes:
        """Return what was sealed at exactly this place.

        Raises:
            NoSuchKey: the key is not here.
            SealBroken: moved from elsewhere, changed, or cut.
        """
        key = self._keys.get(key_id)
        if key is None:
            raise NoSuchKey(key_id)
        try:
            return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place(key_id).encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(place(key_id)) from error

    def __repr__(self) -> str:
        return f"KeyRing(ids={list(self._keys)}, '***')"


def _decode(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:  # not base64, or not even ASCII
        return b""
