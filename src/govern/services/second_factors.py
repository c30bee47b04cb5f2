"""What a member can prove besides a password, and the rules that hold for all of it."""

from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.actions import COMPANY
from govern.domain.members import Actor
from govern.domain.sign_in import Factor, LastSecondFactor, NotFresh
from govern.errors import Denied
from govern.settings import Settings
from govern.tables import Member, RecoveryCode

_COUNTS = """
SELECT EXISTS (SELECT FROM totp WHERE member = {} AND confirmed_at IS NOT NULL) AS totp,
       (SELECT count(*) FROM passkey WHERE member = {} AND removed_at IS NULL) AS passkeys,
       (SELECT count(*) FROM recovery_code WHERE member = {} AND used_at IS NULL) AS recovery_left
"""
_LOCK = "SELECT id, email, name, password_hash FROM member WHERE id = {} AND state = 'active' FOR NO KEY UPDATE"


class SecondFactors(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has: recovery codes alone are none, they stand in for one."""

    totp: bool
    passkeys: int
    recovery_left: int

    def __bool__(self) -> bool:
        return self.totp or self.passkeys > 0

    @property
    def methods(self) -> tuple[Factor, ...]:
        """What may be asked for at a sign-in, the best first."""
        if not self:
            return ()
        offered = ((Factor.PASSKEY, self.passkeys), (Factor.TOTP, self.totp), (Factor.RECOVERY, self.recovery_left))
        return tuple(factor for factor, there in offered if there)


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """An active member whose row is locked: whoever changes or uses their ways to sign in waits."""

    id: UUID
    email: str
    name: str
    password_hash: str | None

    def __repr__(self) -> str:
        return f"Locked(id={self.id})"


async def second_factors(*, actor: Actor) -> SecondFactors:
    """Return what one has oneself."""
    return await factors_of(actor.member) if actor.member else SecondFactors(totp=False, passkeys=0, recovery_left=0)


async def factors_of(member: UUID) -> SecondFactors:
    """Return what a member has."""
    return msgspec.convert(rows(await Member.raw(_COUNTS, member, member, member))[0], SecondFactors)


async def has_second_factor(member: UUID) -> bool:
    """Tell whether a password alone does not sign this member in."""
    return bool(await factors_of(member))


async def lock_active(member: UUID) -> Locked | None:
    """Lock a member's row until the end of the transaction; None if they are not active."""
    found = rows(await Member.raw(_LOCK, member))
    return msgspec.convert(found[0], Locked) if found else None


async def lock_own(actor: Actor) -> Locked:
    """Lock the actor's own row.

    Raises:
        Denied: the actor is no active person in a session; a token never changes how its owner signs in.
    """
    found = await lock_active(actor.member) if actor.member and actor.limit is None else None
    if found is None:
        raise Denied(sentence="Only a person can do this.", reason="no_rule", rule=None, action="", scope=COMPANY)
    return found


async def require_fresh(actor: Actor) -> None:
    """Refuse a change by a session that proved nothing lately; the first second factor needs no other one before it.

    Raises:
        NotFresh
    """
    if not actor.fresh and actor.member and await has_second_factor(actor.member):
        raise NotFresh


async def check_removable(member: UUID, settings: Settings) -> None:
    """Called when a second factor is gone, in its transaction: was it the last? Then its recovery codes go, too.

    Raises:
        LastSecondFactor: in production; nothing is removed.
    """
    if await has_second_factor(member):
        return
    if settings.production:
        raise LastSecondFactor
    await RecoveryCode.delete().where(RecoveryCode.member == member)
