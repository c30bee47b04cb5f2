"""Personal fields of entries: the text holds a salted commitment, the value is sealed beside the log.

Erasing the opening, or its key, leaves the log and its proofs as they were. Keys are derived from GOVERN_SECRET_KEY
for now; each subject has its own.
"""

import os
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from govern.database import rows
from govern.errors import N_, Unavailable
from govern.settings import current
from govern.tables import AuditOpening
from govern.tlog.canonical import Json, encode, parse

SALT_BYTES = 32
_NONCE_BYTES = 12


class OpeningUnreadable(Unavailable):
    """The secret key is not the one that sealed the field, or the row was changed."""

    code = "audit.opening_unreadable"
    template = N_("The field {field} of this entry cannot be opened with the present GOVERN_SECRET_KEY.")


def make_salt() -> bytes:
    """Return fresh random bytes: one salt per field, so that equal values cannot be recognised or guessed."""
    return os.urandom(SALT_BYTES)


def commitment(field: str, salt: bytes, value: object) -> bytes:
    """Return what the entry says of a personal field: it binds to the value and tells nothing of it.

    The salted plaintext is committed, not the sealed bytes: an AES-GCM ciphertext can be made to open in two ways.
    """
    return sha256(b"govern/commit/v1\0" + field.encode() + b"\0" + salt + encode(value).encode()).digest()


def seal_opening(value: object, *, entry_id: UUID, field: str, subject: str, salt: bytes) -> bytes:
    """Seal salt and value: a nonce of 12 bytes, then AES-256-GCM's ciphertext and tag."""
    nonce = os.urandom(_NONCE_BYTES)
    key, bound = _key(entry_id, field, subject), _bound(entry_id, field, subject)
    return nonce + AESGCM(key).encrypt(nonce, salt + encode(value).encode(), bound)


def open_sealed(sealed: bytes, *, entry_id: UUID, field: str, subject: str) -> tuple[bytes, Json]:
    """Return the salt and the value of a sealed field.

    Raises:
        OpeningUnreadable: another key sealed it, or for another entry, field or subject.
    """
    key, bound = _key(entry_id, field, subject), _bound(entry_id, field, subject)
    try:
        plain = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise OpeningUnreadable(field=field) from error
    return plain[:SALT_BYTES], parse(plain[SALT_BYTES:].decode())


async def openings(entry_id: UUID) -> dict[str, Json]:
    """Return the personal fields of an entry that still can be opened, by name; erased ones are absent."""
    query = AuditOpening.select(AuditOpening.field, AuditOpening.subject, AuditOpening.sealed)
    found = rows(await query.where(AuditOpening.entry_id == entry_id).order_by(AuditOpening.field))
    return {
        row["field"]: open_sealed(row["sealed"], entry_id=entry_id, field=row["field"], subject=row["subject"])[1]
        for row in found
    }


def _bound(entry_id: UUID, field: str, subject: str) -> bytes:
    return f"govern|opening|{entry_id}|{field}|{subject}".encode()


def _key(entry_id: UUID, field: str, subject: str) -> bytes:
    secret = current().secret_key.encode()
    of_subject = _derive(secret, salt=b"govern/audit/subject/v1", info=subject.encode())
    return _derive(of_subject, salt=entry_id.bytes, info=field.encode())


def _derive(key: bytes, *, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)
