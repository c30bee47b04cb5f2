"""Wrapping the subjects' keys anew, so that an old key-encryption key can be destroyed with the last backup it opens."""

from datetime import datetime

import msgspec

from govern.database import rows, transaction
from govern.domain.actions import COMPANY
from govern.domain.audit import KeysRewrapped, ObjectRef
from govern.domain.members import Actor
from govern.services.audit.record import record
from govern.services.audit.subject_keys import keks
from govern.tables import AuditSubjectKey

BATCH = 500
_OLD = """
SELECT subject, key_id, wrapped FROM audit.subject_key
 WHERE wrapped IS NOT NULL AND key_id <> {} ORDER BY subject LIMIT {}
"""
_REWRAP = "SELECT audit.rewrap({}::text, {}::text, {}::text, {}::bytea) AS done"


class Rewrapped(msgspec.Struct, frozen=True, kw_only=True):
    """How many keys were wrapped anew, and with which key-encryption key."""

    keys: int
    key_id: str


async def rewrap_keys(*, actor: Actor, now: datetime) -> Rewrapped:
    """Wrap every live key with the first key of GOVERN_AUDIT_KEKS, in transactions of 500, each with its entry.

    What was wrapped stays so if it ends early; running it again goes on.

    Raises:
        MissingKek, BrokenWrap: a live key does not open with the keys given.
    """
    done, more = 0, True
    while more:
        wrapped, more = await _rewrap_batch(actor=actor, now=now)
        done += wrapped
    return Rewrapped(keys=done, key_id=keks().first)


async def _rewrap_batch(*, actor: Actor, now: datetime) -> tuple[int, bool]:
    """Return how many keys were wrapped anew, and whether there may be more."""
    ours = keks()
    async with transaction():
        old = rows(await AuditSubjectKey.raw(_OLD, ours.first, BATCH))
        done = 0
        for row in old:
            key = ours.unwrap(row["wrapped"], key_id=row["key_id"], subject=row["subject"])
            key_id, wrapped = ours.wrap(key, subject=row["subject"])
            answer = await AuditSubjectKey.raw(_REWRAP, row["subject"], row["key_id"], key_id, wrapped)
            done += rows(answer)[0]["done"]  # False: erased, or wrapped by another, a moment ago
        if done:
            await record(
                KeysRewrapped(keys=done, key=ours.first),
                actor=actor,
                now=now,
                object=ObjectRef(kind="system", id="audit"),
                scope=COMPANY,
            )
        return done, len(old) == BATCH
