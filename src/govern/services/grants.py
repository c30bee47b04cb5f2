"""Roles given to members at scopes, and the source the access policy reads them from."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.members import Actor
from govern.errors import NotFound
from govern.services.grant_writing import (
    AlreadyGranted,
    AlreadyRevoked,
    LastAdmin,
    check_role,
    check_terms,
    lock_last_admins,
    pledged_to,
    write_end,
    write_grant,
)
from govern.services.members import NOBODY, UnknownMember, find_and_lock
from govern.services.scope_rights import require_at
from govern.services.use_case import use_case
from govern.tables import Member, RoleGrant, Scope


class GrantView(msgspec.Struct, frozen=True, kw_only=True):
    """A grant with the names people know."""

    id: UUID
    member_id: UUID
    member_email: str
    member_name: str
    role: str
    scope: str
    granted_by_name: str | None
    granted_at: datetime
    reason: str
    starts_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by_name: str | None
    revoke_reason: str | None


class ScopeView(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a role can hold."""

    key: str
    kind: str
    parent: str | None
    label: str


VIEW = """
SELECT g.id, g.member AS member_id, m.email AS member_email, m.name AS member_name, g.role, g.scope,
       b.name AS granted_by_name, g.granted_at, g.reason, g.starts_at, g.expires_at, g.revoked_at,
       r.name AS revoked_by_name, g.revoke_reason
  FROM role_grant g JOIN member m ON m.id = g.member
  LEFT JOIN member b ON b.id = g.granted_by LEFT JOIN member r ON r.id = g.revoked_by
"""
_VIEW_LIST = (
    VIEW
    + """
 WHERE ({}::text IS NULL OR m.email = {}) AND ({}::text IS NULL OR g.scope = {}) AND ({} OR g.revoked_at IS NULL)
 ORDER BY m.name, g.scope, g.role, g.granted_at
"""
)
_VIEW_ONE = VIEW + " WHERE g.id = {}"
_LABELS = """
SELECT s.key, s.kind, s.parent, coalesce(b.name, '@' || a.handle, 'company') AS label
  FROM scope s LEFT JOIN brand b ON b.scope = s.key LEFT JOIN account a ON a.scope = s.key
 ORDER BY s.kind DESC, label
"""


async def list_grants(
    *,
    email: str | None = None,
    scope: str | None = None,
    include_revoked: bool = False,
    actor: Actor,
    access: Access,
    now: datetime,
) -> list[GrantView]:
    """Return grants, of one member or at one scope; a member may always see their own."""
    own = email is not None and actor.member is not None and await _is_email_of(actor.member, email)
    async with use_case(actor=actor, now=now):
        if not own:
            await access.require(actor, Action.ACCESS_READ, Target(scope=scope or COMPANY))
        wanted = email.lower() if email else None
        found = await RoleGrant.raw(_VIEW_LIST, wanted, wanted, scope, scope, include_revoked)
        return [msgspec.convert(row, GrantView) for row in rows(found)]


async def assign_role(
    *,
    email: str,
    role: str,
    scope: str,
    reason: str,
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> GrantView:
    """Give a member a role at a scope and below; it holds from its start on, else from the next decision on.

    Raises:
        UnknownRole, BadReason, BadStart, BadEnd, UnknownMember, UnknownScope
        Denied: the policy forbids it.
        AlreadyGranted: the member has it, or will have it.
    """
    check_role(role)
    check_terms(reason, starts_at, expires_at, now)
    async with use_case(actor=actor, now=now):
        await access.lock()
        member = await find_and_lock(email)
        target = await _target(member.id if member else NOBODY, role, scope)
        decision = await require_at(target, Action.ROLE_ASSIGN, actor=actor, access=access)
        if member is None:
            raise UnknownMember(name=email[:80])
        if (role, scope) in await pledged_to(member.id):
            raise AlreadyGranted(name=member.name, role=role, scope=scope)
        grant = await write_grant(
            member.id,
            role,
            scope,
            reason=reason,
            starts_at=starts_at,
            expires_at=expires_at,
            actor=actor,
            now=now,
            decision=decision,
        )
        return await get_view(grant)


async def revoke_role(grant_id: UUID, *, reason: str, actor: Actor, access: Access, now: datetime) -> GrantView:
    """Take a role away; it is gone for the next decision."""
    check_terms(reason, None, None, now)
    async with use_case(actor=actor, now=now):
        await access.lock()
        admins = await lock_last_admins()
        grant = await get_view(grant_id)
        target = await _target(grant.member_id, grant.role, grant.scope)
        unknown = NotFound(noun="grant", name=str(grant_id))
        decision = await require_at(
            target, Action.ROLE_REVOKE, unknown=unknown, seen_by=Action.ACCESS_READ, actor=actor, access=access
        )
        if grant.revoked_at is not None:
            raise AlreadyRevoked
        if admins == {grant_id}:
            raise LastAdmin
        await write_end(
            grant_id, grant.member_id, grant.role, grant.scope, reason=reason, actor=actor, now=now, decision=decision
        )
        return await get_view(grant_id)


async def get_view(grant_id: UUID) -> GrantView:
    """Return one grant.

    Raises:
        NotFound: there is no such grant.
    """
    found = rows(await RoleGrant.raw(_VIEW_ONE, grant_id))
    if not found:
        raise NotFound(noun="grant", name=str(grant_id))
    return msgspec.convert(found[0], GrantView)


async def list_scopes(*, actor: Actor, access: Access) -> list[ScopeView]:
    """Return the scopes where the actor may see who may do what."""
    seen = await access.where_can(actor, Action.ACCESS_READ)
    return [msgspec.convert(row, ScopeView) for row in rows(await Scope.raw(_LABELS)) if row["key"] in seen]


async def _is_email_of(member: UUID, email: str) -> bool:
    return bool(await Member.exists().where((Member.id == member) & (Member.email == email.lower())))


async def _target(member: UUID, role: str, scope: str) -> Target:
    held = await pledged_to(member)
    return Target(scope=scope, facts={"member": str(member), "role": role, "member_grants": held})
