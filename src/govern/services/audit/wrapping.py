"""The key-encryption keys: they wrap the key of each subject, so that a backup of the database alone opens nothing."""

from typing import Self

from govern.errors import N_, Unavailable
from govern.key_ring import KEY_BYTES, KeyRing, NoSuchKey, Place, SealBroken
from govern.settings import Settings, SettingsError

__all__ = ["KEY_BYTES", "BrokenWrap", "Keks", "MissingKek"]

_SETTING = "GOVERN_AUDIT_KEKS"


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
        """Take GOVERN_AUDIT_KEKS; in development without it, one key derived from GOVERN_SECRET_KEY.

        Raises:
            SettingsError: it is not set in production, or malformed.
        """
        if settings.audit_keks:
            return cls.from_setting(settings.audit_keks)
        if settings.production:
            raise SettingsError([f"{_SETTING} is not set; personal content of the log cannot be sealed."])
        return cls(KeyRing.for_development(settings.secret_key, purpose="subject_key"))

    @property
    def first(self) -> str:
        """The id of the key that wraps."""
        return self._ring.first

    def wrap(self, key: bytes, *, subject: str) -> tuple[str, bytes]:
        """Return the id of the wrapping key and the wrapped bytes."""
        return self._ring.seal(key, place=_place(subject))

    def unwrap(self, wrapped: bytes, *, key_id: str, subject: str) -> bytes:
        """Return the subject's key.

        Raises:
            MissingKek: the wrapping key is not here; the error names it.
            BrokenWrap: wrapped for another subject, changed, or cut.
        """
        try:
            return self._ring.open(wrapped, key_id=key_id, place=_place(subject))
        except NoSuchKey as error:
            raise MissingKek(key_id=key_id) from error
        except SealBroken as error:
            raise BrokenWrap(subject=subject, key_id=key_id) from error

    def __repr__(self) -> str:
        return f"Keks({self._ring!r})"


def _place(subject: str) -> Place:
    return lambda key_id: f"govern|subject_key|{subject}|{key_id}"
