"""Suspending, reinstating and removing members: it holds for the next decision in every process.

A suspension has no end of its own. One that ends by itself is the restriction role `suspended`, given with an end date.
"""

from datetime import datetime

from govern.access import Access
from govern.domain.actions import COMPANY, Action, Decision, Target
from govern.domain.audit import Change, MemberReinstated, MemberRemoved, MemberSuspended, ObjectRef
from govern.domain.members import Actor, Member, MemberState
from govern.errors import N_, Conflict
from govern.services import audit
from govern.services.ending import end_factors, end_links, end_sessions
from govern.services.grant_writing import check_admin_stays, check_terms, write_all_ends
from govern.services.members import UnknownMember, find_and_lock, lock_member
from govern.services.tokens import revoke_all_tokens
from govern.services.use_case import about, use_case
from govern.tables import Member as MemberTable

_AFTER = {
    MemberSuspended: MemberState.SUSPENDED,
    MemberReinstated: MemberState.ACTIVE,
    MemberRemoved: MemberState.LEFT,
}


class Oneself(Conflict):
    code = "member.oneself"
    template = N_("Nobody suspends or removes themselves; another admin must do it.")


class NotActive(Conflict):
    code = "member.not_active"
    template = N_("{name} is suspended or has left.")


class NotSuspended(Conflict):
    code = "member.not_suspended"
    template = N_("{name} is not suspended.")


class HasLeft(Conflict):
    code = "member.has_left"
    template = N_("{name} has left already.")


async def suspend_member(*, email: str, reason: str, actor: Actor, access: Access, now: datetime) -> Member:
    """Let a member do nothing at all until reinstated; their sessions end, their tokens do not count meanwhile.

    Raises:
        BadReason, UnknownMember
        Oneself, NotActive, LastAdmin: nothing was changed.
    """
    check_terms(reason, None, None, now)
    async with use_case(actor=actor, now=now):
        await access.lock()
        member, decision = await _decide(email, Action.MEMBER_SUSPEND, actor=actor, access=access)
        if member.state is not MemberState.ACTIVE:
            raise NotActive(name=member.name)
        await _check_dispensable(member, actor)
        await _set_state(member, MemberState.SUSPENDED)
        ended = MemberSuspended(sessions=await end_sessions(member.id, now=now), reason=reason.strip())
        await _record(ended, member, actor=actor, now=now, decision=decision)
        return await lock_member(email)


async def reinstate_member(*, email: str, reason: str, actor: Actor, access: Access, now: datetime) -> Member:
    """Lift a suspension: roles and tokens that have not ended count again, sign-in is needed anew.

    Raises:
        BadReason, UnknownMember, NotSuspended
    """
    check_terms(reason, None, None, now)
    async with use_case(actor=actor, now=now):
        await access.lock()
        member, decision = await _decide(email, Action.MEMBER_SUSPEND, actor=actor, access=access)
        if member.state is not MemberState.SUSPENDED:
            raise NotSuspended(name=member.name)
        await end_sessions(member.id, now=now)  # one that a sign-in under way opened meanwhile
        await _set_state(member, MemberState.ACTIVE)
        await _record(MemberReinstated(reason=reason.strip()), member, actor=actor, now=now, decision=decision)
        return await lock_member(email)


async def remove_member(*, email: str, reason: str, actor: Actor, access: Access, now: datetime) -> Member:
    """End a member's roles, sessions, tokens, links and ways to sign in at once; the name stays in the log.

    Raises:
        BadReason, UnknownMember
        Oneself, HasLeft, LastAdmin: nothing was changed.
    """
    check_terms(reason, None, None, now)
    async with use_case(actor=actor, now=now):
        await access.lock()
        member, decision = await _decide(email, Action.MEMBER_REMOVE, actor=actor, access=access)
        if member.state is MemberState.LEFT:
            raise HasLeft(name=member.name)
        await _check_dispensable(member, actor)
        await _set_state(member, MemberState.LEFT)
        removed = MemberRemoved(
            roles=await write_all_ends(member.id, reason=reason.strip(), actor=actor, now=now, decision=decision),
            sessions=await end_sessions(member.id, now=now),
            tokens=await revoke_all_tokens(member.id, actor=actor, now=now, decision=decision),
            reason=reason.strip(),
        )
        await end_links(member.id, now=now)
        await end_factors(member.id, now=now)
        await _record(removed, member, actor=actor, now=now, decision=decision)
        return await lock_member(email)


async def _decide(email: str, action: Action, *, actor: Actor, access: Access) -> tuple[Member, Decision]:
    """Lock the member and decide; who may not do it hears the same whether there is such a member or not."""
    member = await find_and_lock(email)
    if member is not None:
        about(ObjectRef(kind="member", id=member.id))
    decision = await access.require(actor, action, Target(scope=COMPANY))
    if member is None:
        raise UnknownMember(name=email[:80])
    return member, decision


async def _check_dispensable(member: Member, actor: Actor) -> None:
    if member.id == actor.member:
        raise Oneself
    await check_admin_stays(without=member.id)


async def _set_state(member: Member, state: MemberState) -> None:
    await MemberTable.update({MemberTable.state: state.value}).where(MemberTable.id == member.id)


async def _record(
    what: MemberSuspended | MemberReinstated | MemberRemoved,
    member: Member,
    *,
    actor: Actor,
    now: datetime,
    decision: Decision,
) -> None:
    subject = ObjectRef(kind="member", id=member.id)
    change = {"state": Change(before=member.state.value, after=_AFTER[type(what)].value)}
    await audit.record(what, actor=actor, now=now, object=subject, scope=COMPANY, change=change, decision=decision)
