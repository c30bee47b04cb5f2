"""Steps of signing in that wait for an answer: the browser holds a secret, the row its SHA-256; five minutes, once."""

import secrets
from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows, transaction
from govern.domain.ids import uuid7
from govern.domain.sign_in import STEP_LIFE, STEP_TRIES, ChallengeKind, StepOver
from govern.services.sessions import hash_token
from govern.tables import Challenge

CHALLENGE_BYTES = 32

_OPEN = "token_hash = {} AND kind = ANY({}) AND used_at IS NULL AND expires_at > {} AND tries < 5"
_FIND = f"SELECT id, kind, member, session FROM challenge WHERE {_OPEN}"  # noqa: S608 - constants only
_ASK = f"UPDATE challenge SET challenge = {{}} WHERE {_OPEN} RETURNING id, kind, member, session"  # noqa: S608
# The answer gets one chance: what it had to sign is gone before it is looked at. A second step stays open for a code.
_TAKE = f"""
WITH taken AS (SELECT id, challenge FROM challenge WHERE {_OPEN} AND challenge IS NOT NULL FOR UPDATE)
UPDATE challenge c SET challenge = NULL, tries = tries + 1,
       used_at = CASE WHEN c.kind = 'second_factor' THEN NULL ELSE {{}}::timestamptz END
  FROM taken WHERE c.id = taken.id RETURNING c.id, c.kind, c.member, c.session, taken.challenge
"""  # noqa: S608 - constants only
_COUNT = "UPDATE challenge SET tries = tries + 1 WHERE id = {} AND used_at IS NULL AND tries < {} RETURNING id"
_CLOSE = "UPDATE challenge SET used_at = {} WHERE id = {} AND used_at IS NULL RETURNING id"
_FORGET = """
DELETE FROM challenge WHERE id IN (
  SELECT id FROM challenge WHERE expires_at <= {} LIMIT 100 FOR UPDATE SKIP LOCKED
)
"""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step that waits. `challenge` is what a passkey had to sign, once it was taken."""

    id: UUID
    kind: ChallengeKind
    member: UUID | None
    session: UUID | None
    challenge: bytes | None = None


def make_challenge() -> bytes:
    """Return fresh random bytes for a passkey to sign."""
    return secrets.token_bytes(CHALLENGE_BYTES)


async def open_step(
    kind: ChallengeKind,
    *,
    member: UUID | None = None,
    session: UUID | None = None,
    challenge: bytes | None = None,
    now: datetime,
) -> str:
    """Write a step, in the caller's transaction, and return its secret; steps that are over are forgotten."""
    await Challenge.raw(_FORGET, now)
    token = secrets.token_urlsafe(32)
    row = Challenge(
        id=uuid7(now),
        kind=kind.value,
        token_hash=hash_token(token),
        member=member,
        session=session,
        challenge=challenge,
        created_at=now,
        expires_at=now + STEP_LIFE,
    )
    await Challenge.insert(row)
    return token


async def get_step(token: str, *kinds: ChallengeKind, now: datetime) -> Step:
    """Return an open step.

    Raises:
        StepOver
    """
    return _one(await Challenge.raw(_FIND, hash_token(token), _values(kinds), now))


async def ask_passkey(token: str, challenge: bytes, *, now: datetime) -> Step:
    """Let an open second step wait for a passkey as well, in the caller's transaction.

    Raises:
        StepOver
    """
    kinds = _values((ChallengeKind.SECOND_FACTOR,))
    return _one(await Challenge.raw(_ASK, challenge, hash_token(token), kinds, now))


async def take_step(token: str, *kinds: ChallengeKind, now: datetime) -> tuple[Step, bytes]:
    """Take what a passkey had to sign; it is gone, whatever becomes of the answer.

    Raises:
        StepOver
    """
    async with transaction():
        step = _one(await Challenge.raw(_TAKE, hash_token(token), _values(kinds), now, now))
    if step.challenge is None:
        raise StepOver
    return step, step.challenge


async def count_step(step: Step) -> None:
    """Count a try of a step, before it is verified.

    Raises:
        StepOver: it was tried often enough.
    """
    async with transaction():
        if not rows(await Challenge.raw(_COUNT, step.id, STEP_TRIES)):
            raise StepOver


async def close_step(step: Step, *, now: datetime) -> None:
    """End a step that was answered rightly, in the caller's transaction; of two answers at once one wins.

    Raises:
        StepOver
    """
    if not rows(await Challenge.raw(_CLOSE, now, step.id)):
        raise StepOver


async def end_steps(member: UUID) -> None:
    """Forget every step a member left open, in the caller's transaction: their password is no longer what it was."""
    await Challenge.delete().where(Challenge.member == member)


def _values(kinds: tuple[ChallengeKind, ...]) -> list[str]:
    return [kind.value for kind in kinds]


def _one(found: object) -> Step:
    step = rows(found)
    if not step:
        raise StepOver
    return msgspec.convert(step[0], Step)
