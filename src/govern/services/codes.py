"""What is typed where a second factor is asked for: six digits of the app, or a recovery code."""

from datetime import datetime
from uuid import UUID

from govern.domain.members import Actor
from govern.domain.sign_in import Factor
from govern.services.recovery_codes import use_recovery_code
from govern.services.totp import use_totp

_DIGITS = 6


async def use_code(member: UUID, code: str, *, actor: Actor, now: datetime) -> Factor | None:
    """Return which factor a code proves, None if it does not fit. In the caller's transaction, under the member's lock.

    Spaces are of no matter; a code that fits never fits again.
    """
    plain = "".join(code[:100].split())
    if len(plain) == _DIGITS and plain.isascii() and plain.isdigit():
        return Factor.TOTP if await use_totp(member, plain, now=now) else None
    return Factor.RECOVERY if await use_recovery_code(member, plain, actor=actor, now=now) else None
