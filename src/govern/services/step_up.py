"""Proving again who one is, with what a thief of the session does not have. The session gets a new secret by it."""

from datetime import datetime
from uuid import UUID

from govern.domain.actions import COMPANY
from govern.domain.audit import MemberPasswordSet, ObjectRef, SessionSteppedUp
from govern.domain.members import Actor, NotSignedIn
from govern.domain.sign_in import Factor, NoSecondFactor, ProofRefused
from govern.services import audit, passwords
from govern.services.challenges import end_steps
from govern.services.codes import use_code
from govern.services.second_factors import Locked, factors_of, lock_own
from govern.services.sessions import SignedIn, end_others, rotate_session, signed_in
from govern.services.sign_in_failures import Try, forgive, record_failure, take_try
from govern.services.use_case import use_case
from govern.settings import Settings
from govern.tables import Member


async def step_up(
    *, session_id: UUID, secret: str, actor: Actor, address: str, settings: Settings, now: datetime
) -> SignedIn:
    """Make a session fresh by a code, or by the password of a member who has no second factor; the old cookie dies.

    Raises:
        ProofRefused: it does not fit; it counts as a failed sign-in.
        SignInDelayed: too many failures; nothing was verified.
        NoSecondFactor: in production, where a password is not enough.
    """
    member = _own(actor)
    by_password = not await factors_of(member)
    if by_password and settings.production:
        raise NoSecondFactor
    email, hashed = await _credentials(member)
    attempt = await take_try(email, address, now=now)
    fits = not by_password or await passwords.verify_password(hashed, secret)
    async with use_case(actor=actor, now=now):
        locked = await lock_own(actor)
        if by_password:
            factor = Factor.PASSWORD if fits and locked.password_hash == hashed else None
        else:
            factor = await use_code(member, secret, actor=actor, now=now)
        token = await _refresh(session_id, factor, locked, attempt, actor=actor, now=now) if factor else None
    if token is None:
        reason = "wrong_password" if by_password else "wrong_code"
        await record_failure(attempt, member=member, reason=reason)
        raise ProofRefused
    return await signed_in(token, now=now)


async def change_password(
    *, old: str, new: str, session_id: UUID, actor: Actor, now: datetime, address: str | None = None
) -> SignedIn:
    """Set a new password, knowing the old one; the other sessions end, this one gets a new secret.

    Raises:
        WeakPassword: the new one is too short, too long or common.
        ProofRefused: the old one is wrong; it counts as a failed sign-in.
        SignInDelayed
    """
    passwords.check_password(new)
    member = _own(actor)
    email, hashed = await _credentials(member)
    attempt = await take_try(email, address, now=now)
    if not await passwords.verify_password(hashed, old):
        await record_failure(attempt, member=member, reason="wrong_password")
        raise ProofRefused
    renewed = await passwords.hash_password(new)
    async with use_case(actor=actor, now=now):
        if (await lock_own(actor)).password_hash != hashed:
            raise ProofRefused
        await Member.update({Member.password_hash: renewed}).where(Member.id == member)
        await end_steps(member)
        await end_others(session_id, actor=actor, now=now)
        token = await rotate_session(session_id, member=member, now=now)
        await forgive(attempt)
        who = ObjectRef(kind="member", id=member)
        await audit.record(MemberPasswordSet(), actor=actor, now=now, object=who, scope=COMPANY)
    return await signed_in(token, now=now)


async def refresh_session(session_id: UUID, factor: Factor, *, member: UUID, actor: Actor, now: datetime) -> str:
    """Make a session fresh by what was just proved, in the caller's transaction, and return its new secret.

    Raises:
        NotSignedIn: it is not an open session of this member.
    """
    token = await rotate_session(session_id, member=member, factor=factor.value, now=now)
    await audit.record(
        SessionSteppedUp(factor=factor.value),
        actor=actor,
        now=now,
        object=ObjectRef(kind="session", id=session_id),
        refs=(ObjectRef(kind="member", id=member),),
        scope=COMPANY,
    )
    return token


async def _refresh(
    session_id: UUID, factor: Factor, member: Locked, attempt: Try, *, actor: Actor, now: datetime
) -> str:
    await forgive(attempt)
    return await refresh_session(session_id, factor, member=member.id, actor=actor, now=now)


async def _credentials(member: UUID) -> tuple[str, str | None]:
    row = await Member.select(Member.email, Member.password_hash).where(Member.id == member).first()
    if row is None:
        raise NotSignedIn
    return row["email"], row["password_hash"]


def _own(actor: Actor) -> UUID:
    if actor.member is None:
        raise NotSignedIn
    return actor.member
