"""Sealing of account credentials: AES-256-GCM, bound to the row, the column and the version they stand in."""

import base64
import os
import re
from collections.abc import Mapping
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from govern.errors import N_, Unavailable
from govern.settings import Settings, SettingsError

NONCE_BYTES = 12
KEY_BYTES = 32
DEVELOPMENT_KEY = "dev"
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class MissingKey(Unavailable):
    """The row was sealed with a key this process does not have: that account stops, nothing else."""

    code = "vault.missing_key"
    template = N_("The key {key_id} that seals these credentials is not in GOVERN_TOKEN_KEYS.")


class BrokenSeal(Unavailable):
    """The sealed bytes do not belong to this row, column and version, or were changed."""

    code = "vault.broken_seal"
    template = N_("The sealed {column} of account {account_id} does not open with the key {key_id}.")


class Vault:
    """Seals with the first key, opens with all of them."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._first = next(iter(self._keys))

    @classmethod
    def from_setting(cls, text: str) -> Self:
        """Read `id:base64,…`, each key 32 bytes.

        Raises:
            SettingsError: with one sentence per fault; none shows a key.
        """
        keys: dict[str, bytes] = {}
        faults = []
        for place, item in enumerate(text.split(","), start=1):
            key_id, _, encoded = item.strip().partition(":")
            key = _decode(encoded)
            if not _KEY_ID.fullmatch(key_id) or key_id in keys or len(key) != KEY_BYTES:
                faults.append(
                    f"GOVERN_TOKEN_KEYS: key {place} must be an id of its own, a colon and 32 bytes in base64."
                )
            keys[key_id] = key
        if faults:
            raise SettingsError(faults)
        return cls(keys)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Take GOVERN_TOKEN_KEYS; in development without it, one key derived from GOVERN_SECRET_KEY (RFC 5869)."""
        if settings.token_keys:
            return cls.from_setting(settings.token_keys)
        if settings.production:
            raise SettingsError(["GOVERN_TOKEN_KEYS is not set; account credentials cannot be sealed without it."])
        derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"govern|account_credential|dev")
        return cls({DEVELOPMENT_KEY: derive.derive(settings.secret_key.encode())})

    def seal(self, plain: str, *, account_id: UUID, column: str, version: int) -> tuple[str, bytes]:
        """Return the id of the key and the sealed bytes: 12 random bytes, ciphertext, tag."""
        nonce = os.urandom(NONCE_BYTES)
        place = _place(account_id, column, self._first, version)
        return self._first, nonce + self._keys[self._first].encrypt(nonce, plain.encode(), place)

    def open(self, sealed: bytes, *, account_id: UUID, column: str, key_id: str, version: int) -> str:
        """Return what was sealed at exactly this place.

        Raises:
            MissingKey: the key is not here; the error names it.
            BrokenSeal: moved from elsewhere, changed, or cut.
        """
        key = self._keys.get(key_id)
        if key is None:
            raise MissingKey(key_id=key_id)
        place = _place(account_id, column, key_id, version)
        try:
            return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place).decode()
        except (InvalidTag, ValueError) as error:
            raise BrokenSeal(column=column, account_id=account_id, key_id=key_id) from error

    def __repr__(self) -> str:
        return f"Vault(keys={list(self._keys)}, '***')"


def _place(account_id: UUID, column: str, key_id: str, version: int) -> bytes:
    return f"govern|account_credential|{account_id}|{column}|{key_id}|{version}".encode()


def _decode(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:  # not base64, or not even ASCII
        return b""
