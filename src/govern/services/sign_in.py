"""Signing in with a password, and with a code where the member has a second factor."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.database import transaction
from govern.domain.actions import COMPANY
from govern.domain.audit import MemberPasswordRehashed, ObjectRef
from govern.domain.members import MemberState, SignInFailed, Via, member_actor
from govern.domain.sign_in import ChallengeKind, Factor, ProofRefused, normal_email
from govern.services import audit, passwords
from govern.services.challenges import Step, close_step, count_step, get_step, open_step
from govern.services.codes import use_code
from govern.services.second_factors import Locked, factors_of, lock_active
from govern.services.sessions import SignedIn, open_session, signed_in
from govern.services.sign_in_failures import SIGN_IN, Try, forgive, record_failure, release_try, take_try
from govern.tables import Member


class SecondStep(msgspec.Struct, frozen=True, kw_only=True):
    """The password was right; within five minutes one of `methods` must follow. `token` is the secret of the step."""

    token: str
    methods: tuple[Factor, ...]

    def __repr__(self) -> str:
        return f"SecondStep(token='***', methods={self.methods})"


async def sign_in(*, email: str, password: str, address: str, user_agent: str, now: datetime) -> SignedIn | SecondStep:
    """Open a session for who knows the password, or the step to the second factor if the member has one.

    `address` is the browser's network address: failures are counted by it, too.

    Raises:
        SignInFailed: unknown address, wrong password or no active member: one answer, the same work.
        SignInDelayed: too many failures; nothing was verified, and this try does not count.
    """
    attempt = await take_try(email, address, now=now)
    known = await _find(email)
    hashed = known["password_hash"] if known else None
    fits = await passwords.verify_password(hashed, password)
    if known is None or not fits or known["state"] != MemberState.ACTIVE:
        await record_failure(attempt, member=known["id"] if known else None, reason="wrong_password")
        raise SignInFailed
    hashed = await _rehash(known["id"], hashed, password, now=now)
    async with transaction():
        member = await _lock(known["id"])
        if member.password_hash != hashed:  # changed since it was verified
            raise SignInFailed
        opened = await _open_or_ask(member, attempt, user_agent=user_agent, now=now)
    return opened if isinstance(opened, SecondStep) else await signed_in(opened, now=now)


async def finish_sign_in(*, step: str, code: str, address: str, user_agent: str, now: datetime) -> SignedIn:
    """Open the session that the password began, with a code of the authenticator app or a recovery code.

    Raises:
        StepOver: unknown, answered, over five minutes old or tried five times.
        ProofRefused: the code does not fit or was used; it counts as a failure, the step stays open.
        SignInDelayed: too many failures; nothing was verified.
    """
    waiting = await get_step(step, ChallengeKind.SECOND_FACTOR, now=now)
    member = waiting.member
    row = await Member.select(Member.email).where(Member.id == member).first()
    if member is None or row is None:
        raise SignInFailed
    attempt = await take_try(row["email"], address, now=now)
    await count_step(waiting)
    token = await _finish(waiting, member, code, attempt, user_agent=user_agent, now=now)
    if token is None:
        await record_failure(attempt, member=member, reason="wrong_code")
        raise ProofRefused
    return await signed_in(token, now=now)


async def _finish(
    waiting: Step, member_id: UUID, code: str, attempt: Try, *, user_agent: str, now: datetime
) -> str | None:
    async with transaction():
        member = await _lock(member_id)
        actor = member_actor(member.id, member.name, via=Via.PANEL)
        factor = await use_code(member.id, code, actor=actor, now=now)
        if factor is None:
            return None
        await close_step(waiting, now=now)
        await forgive(attempt)
        factors = (Factor.PASSWORD.value, factor.value)
        return await open_session(member.id, member.name, factors=factors, user_agent=user_agent, now=now)


async def _open_or_ask(member: Locked, attempt: Try, *, user_agent: str, now: datetime) -> str | SecondStep:
    methods = (await factors_of(member.id)).methods
    if methods:
        # The failures of the address stay: a code can be guessed, too, and knowing the password must not reset them.
        await release_try(attempt)
        return SecondStep(
            token=await open_step(ChallengeKind.SECOND_FACTOR, member=member.id, now=now), methods=methods
        )
    await forgive(attempt)
    factors = (Factor.PASSWORD.value,)
    return await open_session(member.id, member.name, factors=factors, user_agent=user_agent, now=now)


async def _find(email: str) -> dict[str, Any] | None:
    query = Member.select(Member.id, Member.password_hash, Member.state)
    found: dict[str, Any] | None = await query.where(Member.email == normal_email(email)).first()
    return found


async def _lock(member: UUID) -> Locked:
    found = await lock_active(member)
    if found is None:
        raise SignInFailed
    return found


async def _rehash(member: UUID, hashed: str | None, password: str, *, now: datetime) -> str | None:
    """Hash a password that was just verified anew if it was hashed with less work than today's."""
    if hashed is None or not passwords.is_outdated(hashed):
        return hashed
    renewed = await passwords.rehash(password)
    same = (Member.id == member) & (Member.password_hash == hashed)
    async with transaction():
        written = await Member.update({Member.password_hash: renewed}).where(same).returning(Member.id)
        if written:
            who = ObjectRef("member", member)
            await audit.record(MemberPasswordRehashed(), actor=SIGN_IN, now=now, object=who, scope=COMPANY)
    return renewed if written else hashed
