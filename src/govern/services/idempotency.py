"""The first answer to a request that carried an `Idempotency-Key`, kept so that its repetition changes nothing."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.ids import uuid7
from govern.errors import N_, Conflict
from govern.tables import IdempotencyKey

MAX_KEY = 128
# Longer than any use case can take (statement_timeout): who claimed it is gone.
ABANDONED_AFTER = timedelta(seconds=60)

# One statement, so that of two requests at once one waits for the other's row and then finds it taken.
_CLAIM = """
INSERT INTO idempotency_key (id, member, key, request_digest, created_at) VALUES ({}, {}, {}, {}, {})
ON CONFLICT (member, key) DO UPDATE SET id = excluded.id, created_at = excluded.created_at
 WHERE idempotency_key.status IS NULL AND idempotency_key.created_at < {}
   AND idempotency_key.request_digest = excluded.request_digest
RETURNING id
"""


class KeyReused(Conflict):
    code = "idempotency.key_reused"
    template = N_("This Idempotency-Key belongs to another request. Choose a new one.")


class KeyInProgress(Conflict):
    code = "idempotency.in_progress"
    template = N_("The first request with this Idempotency-Key is not answered yet. Try again in a moment.")


class Answer(msgspec.Struct, frozen=True):
    """What the first request was answered."""

    status: int
    body: str


async def claim_key(member: UUID, key: str, request_digest: bytes, *, now: datetime) -> UUID | Answer:
    """Take a key for a request and return the claim, or the answer it was given before.

    Raises:
        KeyReused: the key was used for another request.
        KeyInProgress: the same request is being answered now.
    """
    claim = uuid7(now)
    taken = await IdempotencyKey.raw(_CLAIM, claim, member, key, request_digest, now, now - ABANDONED_AFTER)
    if rows(taken):
        return claim
    first = (
        await IdempotencyKey.select(IdempotencyKey.request_digest, IdempotencyKey.status, IdempotencyKey.body)
        .where((IdempotencyKey.member == member) & (IdempotencyKey.key == key))
        .first()
    )
    if first is None or (first["status"] is None and first["request_digest"] == request_digest):
        raise KeyInProgress
    if first["request_digest"] != request_digest:
        raise KeyReused
    return Answer(first["status"], first["body"])


async def finish_key(claim: UUID, *, status: int, body: str) -> None:
    """Keep the answer; a claim that was taken over meanwhile keeps nothing."""
    await IdempotencyKey.update({IdempotencyKey.status: status, IdempotencyKey.body: body}).where(
        IdempotencyKey.id == claim
    )


async def release_key(claim: UUID) -> None:
    """Free a key whose request was refused: nothing changed, so it may be tried again, even in other words."""
    await IdempotencyKey.delete().where((IdempotencyKey.id == claim) & IdempotencyKey.status.is_null())
