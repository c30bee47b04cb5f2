"""Roles given to members at scopes, and the source the access policy reads them from."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Decision, Role, Target
from govern.domain.audit import ObjectRef, RoleAssigned, RoleRevoked
from govern.domain.drafts import check_reason
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.errors import N_, Conflict, Invalid, NotFound
from govern.services import audit
from govern.services.grant_source import grants_of
from govern.services.members import lock_member
from govern.services.use_case import use_case
from govern.tables import Member, RoleGrant, Scope

MIN_REASON = 3


class AlreadyGranted(Conflict):
    code = "grant.exists"
    template = N_("{name} already has the role {role} at {scope}.")


class AlreadyRevoked(Conflict):
    code = "grant.already_revoked"
    template = N_("This role was revoked already.")


class LastAdmin(Conflict):
    code = "grant.last_admin"
    template = N_("This is the last admin of the company without an end date; make another one first.")


class UnknownRole(Invalid):
    code = "grant.unknown_role"
    template = N_("There is no role {role} that can be given.")


class UnknownScope(NotFound):
    code = "scope.unknown"
    template = N_("There is no scope {name}: company, brand:<slug> or account:<handle>.")


class BadReason(Invalid):
    code = "grant.reason_required"
    template = N_("Please give a reason of 3 to 500 characters.")


class BadEnd(Invalid):
    code = "grant.end_in_past"
    template = N_("The end of a role must be in the future.")


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


_VIEW = """
SELECT g.id, g.member AS member_id, m.email AS member_email, m.name AS member_name, g.role, g.scope,
       b.name AS granted_by_name, g.granted_at, g.reason, g.starts_at, g.expires_at, g.revoked_at,
       r.name AS revoked_by_name, g.revoke_reason
  FROM role_grant g JOIN member m ON m.id = g.member
  LEFT JOIN member b ON b.id = g.granted_by LEFT JOIN member r ON r.id = g.revoked_by
"""
_VIEW_LIST = (
    _VIEW
    + """
 WHERE ({}::text IS NULL OR m.email = {}) AND ({}::text IS NULL OR g.scope = {}) AND ({} OR g.revoked_at IS NULL)
 ORDER BY m.name, g.scope, g.role, g.granted_at
"""
)
_VIEW_ONE = _VIEW + " WHERE g.id = {}"
_LOCK = "SELECT id FROM role_grant WHERE id = {} FOR NO KEY UPDATE"
_EXPIRED = """
SELECT id FROM role_grant WHERE member = {} AND role = {} AND scope = {} AND revoked_at IS NULL AND expires_at <= now()
"""
_RENEWED = "It had expired; the role was given anew."
_LOCK_ADMINS = """
SELECT id FROM role_grant WHERE role = 'admin' AND scope = 'company' AND revoked_at IS NULL AND expires_at IS NULL
 ORDER BY id FOR NO KEY UPDATE
"""
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
    expires_at: datetime | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> GrantView:
    """Give a member a role at a scope and below; it holds from the next decision on."""
    _check(role, reason, expires_at, now)
    async with use_case(actor=actor, now=now):
        await access.lock()
        member = await lock_member(email)
        if not await Scope.exists().where(Scope.key == scope):
            raise UnknownScope(name=scope[:64])
        decision = await access.require(actor, Action.ROLE_ASSIGN, await _target(member.id, role, scope))
        grant = RoleGrant(
            id=uuid7(now),
            member=member.id,
            role=role,
            scope=scope,
            granted_by=actor.member,
            granted_at=now,
            reason=reason.strip(),
            starts_at=now,
            expires_at=expires_at,
        )
        if (role, scope) in await grants_of(member.id):
            raise AlreadyGranted(name=member.name, role=role, scope=scope)
        await _close_expired(member.id, role, scope, actor=actor, now=now, decision=decision)
        await RoleGrant.insert(grant)
        await audit.record(
            RoleAssigned(member=member.id, role=role, expires_at=expires_at, reason=reason.strip()),
            actor=actor,
            now=now,
            object=ObjectRef(kind="grant", id=grant.id),
            refs=(ObjectRef(kind="member", id=member.id),),
            scope=scope,
            decision=decision,
        )
        return await get_view(grant.id)


async def _close_expired(
    member: UUID, role: str, scope: str, *, actor: Actor, now: datetime, decision: Decision
) -> None:
    """Close the member's expired grant of the same role and scope: only one may stand open, and rows are their own history."""
    for row in rows(await RoleGrant.raw(_EXPIRED, member, role, scope)):
        await _revoke(row["id"], member, role, scope, _RENEWED, actor=actor, now=now, decision=decision)


async def revoke_role(grant_id: UUID, *, reason: str, actor: Actor, access: Access, now: datetime) -> GrantView:
    """Take a role away; it is gone for the next decision."""
    _check(None, reason, None, now)
    async with use_case(actor=actor, now=now):
        await access.lock()
        admins = {row["id"] for row in rows(await RoleGrant.raw(_LOCK_ADMINS))}
        await RoleGrant.raw(_LOCK, grant_id)
        grant = await get_view(grant_id)
        decision = await access.require(
            actor, Action.ROLE_REVOKE, await _target(grant.member_id, grant.role, grant.scope)
        )
        if grant.revoked_at is not None:
            raise AlreadyRevoked
        if admins == {grant_id}:
            raise LastAdmin
        await _revoke(
            grant_id, grant.member_id, grant.role, grant.scope, reason.strip(), actor=actor, now=now, decision=decision
        )
        return await get_view(grant_id)


async def _revoke(
    grant: UUID, member: UUID, role: str, scope: str, reason: str, *, actor: Actor, now: datetime, decision: Decision
) -> None:
    await RoleGrant.update(
        {RoleGrant.revoked_at: now, RoleGrant.revoked_by: actor.member, RoleGrant.revoke_reason: reason}
    ).where(RoleGrant.id == grant)
    await audit.record(
        RoleRevoked(member=member, role=role, reason=reason),
        actor=actor,
        now=now,
        object=ObjectRef(kind="grant", id=grant),
        refs=(ObjectRef(kind="member", id=member),),
        scope=scope,
        decision=decision,
    )


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
    held = await grants_of(member)
    return Target(scope=scope, facts={"member": str(member), "role": role, "member_grants": held})


def _check(role: str | None, reason: str, expires_at: datetime | None, now: datetime) -> None:
    if role is not None and (role not in set(Role) or role == Role.PUBLISHER):
        raise UnknownRole(role=role[:32], field="role")
    if len(check_reason(reason) or "") < MIN_REASON:
        raise BadReason(field="reason")
    if expires_at is not None and expires_at <= now:
        raise BadEnd(field="expires_at")
