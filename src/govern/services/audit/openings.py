"""Personal fields of entries: the text holds a salted commitment, the value is sealed beside the log.

Erasing the opening and its subject's key leaves the log and its proofs as they were.
"""

import os
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from govern.database import rows
from govern.errors import N_, Unavailable
from govern.services.audit.subject_keys import find_keys, keys_for
from govern.settings import current
from govern.tables import AuditOpening
from govern.tlog.canonical import Json, encode, parse

SALT_BYTES = 32
_NONCE_BYTES = 12
_OF_ENTRIES = "SELECT entry_id, field, subject, sealed FROM audit.opening WHERE entry_id = ANY({}) ORDER BY field"


class OpeningUnreadable(Unavailable):
    """Another key sealed the field, or the row was changed."""

    code = "audit.opening_unreadable"
    template = N_("The field {field} of this entry cannot be opened with the key of its subject.")


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A personal field and the salt with which its commitment can be checked."""

    salt: bytes
    value: Json
    subject: str

    def fits(self, field: str, promise: bytes) -> bool:
        """Tell whether an entry's commitment is to this value."""
        return self.promise(field) == promise

    def promise(self, field: str) -> bytes:
        """Return the commitment to this value."""
        return commitment(field, self.salt, self.value)


def make_salt() -> bytes:
    """Return fresh random bytes: one salt per field, so that equal values cannot be recognised or guessed."""
    return os.urandom(SALT_BYTES)


def commitment(field: str, salt: bytes, value: object) -> bytes:
    """Return what the entry says of a personal field: it binds to the value and tells nothing of it.

    The salted plaintext is committed, not the sealed bytes: an AES-GCM ciphertext can be made to open in two ways.
    """
    return sha256(b"govern/commit/v1\0" + field.encode() + b"\0" + salt + encode(value).encode()).digest()


async def seal_fields(
    entry_id: UUID, values: Mapping[str, object], subjects: Mapping[str, str]
) -> tuple[dict[str, bytes], list[AuditOpening]]:
    """Return the commitment of each personal field, and the openings to keep in the caller's transaction.

    A field of an erased subject is committed to and kept nowhere: its salt is lost here.
    """
    keys = await keys_for(set(subjects.values())) if values else {}
    promises, openings = {}, []
    for field, value in values.items():
        salt, subject = make_salt(), subjects[field]
        promises[field] = commitment(field, salt, value)
        key = keys[subject]
        if key is not None:
            sealed = seal_opening(value, key=key, entry_id=entry_id, field=field, subject=subject, salt=salt)
            openings.append(AuditOpening(entry_id=entry_id, field=field, subject=subject, sealed=sealed))
    return promises, openings


def seal_opening(value: object, *, key: bytes, entry_id: UUID, field: str, subject: str, salt: bytes) -> bytes:
    """Seal salt and value under the subject's key: a nonce of 12 bytes, then AES-256-GCM's ciphertext and tag."""
    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(_field_key(key, entry_id, field))
    return nonce + cipher.encrypt(nonce, salt + encode(value).encode(), _bound(entry_id, field, subject))


def open_sealed(sealed: bytes, *, key: bytes, entry_id: UUID, field: str, subject: str) -> tuple[bytes, Json]:
    """Return the salt and the value of a sealed field.

    Raises:
        OpeningUnreadable: another key sealed it, or for another entry, field or subject.
    """
    cipher = AESGCM(_field_key(key, entry_id, field))
    try:
        plain = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(entry_id, field, subject))
    except (InvalidTag, ValueError) as error:
        raise OpeningUnreadable(field=field) from error
    return plain[:SALT_BYTES], parse(plain[SALT_BYTES:].decode())


async def openings(entry_id: UUID) -> dict[str, Json]:
    """Return the personal fields of an entry that still can be opened, by name; erased ones are absent."""
    opened = (await open_entries([entry_id])).get(entry_id, {})
    return {field: each.value for field, each in opened.items()}


async def open_entries(entry_ids: Collection[UUID]) -> dict[UUID, dict[str, Opened]]:
    """Return the personal fields of entries that still can be opened; erased ones are absent.

    Raises:
        OpeningUnreadable: a row was changed, or moved from elsewhere.
        MissingKek, BrokenWrap: the present GOVERN_AUDIT_KEKS do not open a subject's key.
    """
    found = rows(await AuditOpening.raw(_OF_ENTRIES, list(entry_ids)))
    keys = await find_keys({row["subject"] for row in found})
    opened: dict[UUID, dict[str, Opened]] = {}
    for row in found:
        key = keys.get(row["subject"], b"")
        if key is not None:  # None: sealed while the subject was being erased, so nothing opens it
            opened.setdefault(row["entry_id"], {})[row["field"]] = _open(row, key)
    return opened


def _open(row: Mapping[str, Any], key: bytes) -> Opened:
    """Open with the subject's key, or with the one that the first releases derived from GOVERN_SECRET_KEY."""
    place = {name: row[name] for name in ("entry_id", "field", "subject")}
    if key:
        try:
            salt, value = open_sealed(row["sealed"], key=key, **place)
        except OpeningUnreadable:
            pass
        else:
            return Opened(salt=salt, value=value, subject=row["subject"])
    salt, value = open_sealed(row["sealed"], key=derived_key(row["subject"]), **place)
    return Opened(salt=salt, value=value, subject=row["subject"])


def derived_key(subject: str) -> bytes:
    """Return the key of a subject as it was before subjects had keys of their own; it seals nothing any more."""
    return _derive(current().secret_key.encode(), salt=b"govern/audit/subject/v1", info=subject.encode())


def _bound(entry_id: UUID, field: str, subject: str) -> bytes:
    return f"govern|opening|{entry_id}|{field}|{subject}".encode()


def _field_key(of_subject: bytes, entry_id: UUID, field: str) -> bytes:
    return _derive(of_subject, salt=entry_id.bytes, info=field.encode())


def _derive(key: bytes, *, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)
