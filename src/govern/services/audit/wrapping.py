"""The key-encryption keys: they wrap the key of each subject, so that a backup of the database alone opens nothing."""

import base64
import os
import re
from collections.abc import Mapping
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from govern.errors import N_, Unavailable
from govern.settings import Settings, SettingsError

KEY_BYTES = 32
DEVELOPMENT_KEY = "dev"
_NONCE_BYTES = 12
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class MissingKek(Unavailable):
    """The subject's key was wrapped with a key this process does not have."""

    code = "audit.missing_kek"
    template = N_("The key {key_id} that wraps the keys of personal content is not in GOVERN_AUDIT_KEKS.")


class BrokenWrap(Unavailable):
    """The wrapped bytes do not belong to this subject, were changed, or another key bears the same id."""

    code = "audit.broken_wrap"
    template = N_("The key of {subject} does not open with the key {key_id} of GOVERN_AUDIT_KEKS.")


class Keks:
    """Wraps with the first key, unwraps with all of them."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.first = next(iter(self._keys))

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
                    f"GOVERN_AUDIT_KEKS: key {place} must be an id of its own, a colon and 32 bytes in base64."
                )
            keys[key_id] = key
        if faults:
            raise SettingsError(faults)
        return cls(keys)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Take GOVERN_AUDIT_KEKS; in development without it, one key derived from GOVERN_SECRET_KEY (RFC 5869).

        Raises:
            SettingsError: it is not set in production, or malformed.
        """
        if settings.audit_keks:
            return cls.from_setting(settings.audit_keks)
        if settings.production:
            raise SettingsError(["GOVERN_AUDIT_KEKS is not set; personal content of the log cannot be sealed."])
        derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"govern|subject_key|dev")
        return cls({DEVELOPMENT_KEY: derive.derive(settings.secret_key.encode())})

    def wrap(self, key: bytes, *, subject: str) -> tuple[str, bytes]:
        """Return the id of the wrapping key and the wrapped bytes: 12 random bytes, ciphertext, tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return self.first, nonce + self._keys[self.first].encrypt(nonce, key, _place(subject, self.first))

    def unwrap(self, wrapped: bytes, *, key_id: str, subject: str) -> bytes:
        """Return the subject's key.

        Raises:
            MissingKek: the wrapping key is not here; the error names it.
            BrokenWrap: wrapped for another subject, changed, or cut.
        """
        kek = self._keys.get(key_id)
        if kek is None:
            raise MissingKek(key_id=key_id)
        try:
            return kek.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _place(subject, key_id))
        except (InvalidTag, ValueError) as error:
            raise BrokenWrap(subject=subject, key_id=key_id) from error

    def __repr__(self) -> str:
        return f"Keks(ids={list(self._keys)}, '***')"


def _place(subject: str, key_id: str) -> bytes:
    return f"govern|subject_key|{subject}|{key_id}".encode()


def _decode(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:  # not base64, or not even ASCII
        return b""
