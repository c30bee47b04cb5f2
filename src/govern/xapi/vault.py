"""Sealing of account credentials: AES-256-GCM, bound to the row, the column and the version they stand in."""

from typing import Self
from uuid import UUID

from govern.errors import N_, Unavailable
from govern.key_ring import KeyRing, NoSuchKey, Place, SealBroken
from govern.settings import Settings, SettingsError

_SETTING = "GOVERN_TOKEN_KEYS"


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

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    @classmethod
    def from_setting(cls, text: str) -> Self:
        """Read `id:base64,…`, each key 32 bytes.

        Raises:
            SettingsError: with one sentence per fault; none shows a key.
        """
        return cls(KeyRing.parse(text, setting=_SETTING))

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Take GOVERN_TOKEN_KEYS; in development without it, one key derived from GOVERN_SECRET_KEY.

        Raises:
            SettingsError: it is not set in production, or malformed.
        """
        if settings.token_keys:
            return cls.from_setting(settings.token_keys)
        if settings.production:
            raise SettingsError([f"{_SETTING} is not set; account credentials cannot be sealed without it."])
        return cls(KeyRing.for_development(settings.secret_key, purpose="account_credential"))

    def seal(self, plain: str, *, account_id: UUID, column: str, version: int) -> tuple[str, bytes]:
        """Return the id of the key and the sealed bytes."""
        return self._ring.seal(plain.encode(), place=_place(account_id, column, version))

    def open(self, sealed: bytes, *, account_id: UUID, column: str, key_id: str, version: int) -> str:
        """Return what was sealed at exactly this place.

        Raises:
            MissingKey: the key is not here; the error names it.
            BrokenSeal: moved from elsewhere, changed, or cut.
        """
        try:
            return self._ring.open(sealed, key_id=key_id, place=_place(account_id, column, version)).decode()
        except NoSuchKey as error:
            raise MissingKey(key_id=key_id) from error
        except SealBroken as error:
            raise BrokenSeal(column=column, account_id=account_id, key_id=key_id) from error

    def __repr__(self) -> str:
        return f"Vault({self._ring!r})"


def _place(account_id: UUID, column: str, version: int) -> Place:
    return lambda key_id: f"govern|account_credential|{account_id}|{column}|{key_id}|{version}"
