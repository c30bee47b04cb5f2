"""Ten codes for a lost phone: 80 random bits each, kept as SHA-256, good once."""

import base64
import hashlib
import os
import re
from datetime import datetime
from uuid import UUID

from govern.database import rows
from govern.domain.actions import COMPANY
from govern.domain.audit import ObjectRef, RecoveryCodesMade, RecoveryCodeUsed
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.sign_in import NoSecondFactor
from govern.services import audit
from govern.services.second_factors import has_second_factor, lock_own, require_fresh
from govern.services.use_case import use_case
from govern.tables import RecoveryCode

CODES = 10
_BYTES = 10
_USE = "UPDATE recovery_code SET used_at = {} WHERE member = {} AND code_hash = {} AND used_at IS NULL RETURNING id"


async def new_recovery_codes(*, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Return ten codes, shown this once; the earlier ones are worth nothing any more.

    Raises:
        NoSecondFactor: codes stand in for a second factor, and there is none.
        NotFresh
    """
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        await require_fresh(actor)
        if not await has_second_factor(member.id):
            raise NoSecondFactor
        return await replace_codes(member.id, actor=actor, now=now)


async def count_recovery_codes(*, actor: Actor) -> int:
    """Return how many of one's codes are left."""
    return await count_left(actor.member) if actor.member else 0


async def count_left(member: UUID) -> int:
    """Return how many codes of a member were not used yet."""
    return int(await RecoveryCode.count().where((RecoveryCode.member == member) & RecoveryCode.used_at.is_null()))


async def replace_codes(member: UUID, *, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Write ten new codes in place of the earlier ones, in the caller's transaction."""
    codes = tuple(_make() for _ in range(CODES))
    await RecoveryCode.delete().where(RecoveryCode.member == member)
    await RecoveryCode.insert(
        *(RecoveryCode(id=uuid7(now), member=member, code_hash=_hash(code), created_at=now) for code in codes)
    )
    who = ObjectRef("member", member)
    await audit.record(RecoveryCodesMade(codes=CODES), actor=actor, now=now, object=who, scope=COMPANY)
    return codes


async def use_recovery_code(member: UUID, code: str, *, actor: Actor, now: datetime) -> bool:
    """Tell whether a code fits, in the caller's transaction; it works once, and its use is an entry."""
    if not rows(await RecoveryCode.raw(_USE, now, member, _hash(code))):
        return False
    left = await count_left(member)
    who = ObjectRef("member", member)
    await audit.record(RecoveryCodeUsed(left=left), actor=actor, now=now, object=who, scope=COMPANY)
    return True


def _make() -> str:
    text = base64.b32encode(os.urandom(_BYTES)).decode().lower()
    return "-".join(re.findall("....", text))


def _hash(code: str) -> bytes:
    """However it is written: with or without spaces and hyphens, in capitals or not."""
    plain = re.sub(r"[\s-]", "", code).upper()
    return hashlib.sha256(plain.encode()).digest()
