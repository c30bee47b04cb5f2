"""One random key per subject (`contact:…`, `member:…`, `message:…`): losing it is what erases the subject's openings."""

import os
from collections.abc import Collection
from functools import lru_cache

from govern.database import rows
from govern.services.audit.wrapping import KEY_BYTES, Keks
from govern.settings import Settings, current
from govern.tables import AuditSubjectKey

_FIND = "SELECT subject, key_id, wrapped FROM audit.subject_key WHERE subject = ANY({})"
# By column, since only these three are granted. Whoever comes second waits for the first one's commit and adds nothing.
_ADD = """
INSERT INTO audit.subject_key (subject, key_id, wrapped) VALUES ({}, {}, {})
ON CONFLICT (subject) DO NOTHING RETURNING subject
"""


@lru_cache(maxsize=8)
def _keks_of(settings: Settings) -> Keks:
    return Keks.from_settings(settings)


def keks() -> Keks:
    """Return this process's key-encryption keys.

    Raises:
        SettingsError: GOVERN_AUDIT_KEKS is malformed, or absent in production.
    """
    return _keks_of(current())


async def find_keys(subjects: Collection[str]) -> dict[str, bytes | None]:
    """Return the keys there are, by subject; None where the subject was erased.

    Raises:
        MissingKek, BrokenWrap: the present GOVERN_AUDIT_KEKS do not open one.
    """
    found = rows(await AuditSubjectKey.raw(_FIND, list(subjects)))
    return {
        row["subject"]: None
        if row["wrapped"] is None
        else keks().unwrap(row["wrapped"], key_id=row["key_id"], subject=row["subject"])
        for row in found
    }


async def keys_for(subjects: Collection[str]) -> dict[str, bytes | None]:
    """Return the key of each subject, making the missing ones in the caller's transaction; None for an erased subject.

    Nothing is kept between calls: an erasure holds for the next one, in every process.
    """
    keys = await find_keys(subjects)
    for subject in sorted(set(subjects) - keys.keys()):  # in one order everywhere, or two writers could wait in a ring
        keys[subject] = await _make(subject)
    return keys


async def _make(subject: str) -> bytes | None:
    key = os.urandom(KEY_BYTES)
    key_id, wrapped = keks().wrap(key, subject=subject)
    if rows(await AuditSubjectKey.raw(_ADD, subject, key_id, wrapped)):
        return key
    return (await find_keys([subject]))[subject]  # somebody made it a moment ago
