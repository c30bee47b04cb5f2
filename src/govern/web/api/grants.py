"""Roles given to members at scopes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from govern.domain.actions import Action, Role
from govern.services.grants import GrantView, assign_role, list_grants, revoke_role
from govern.services.members import get_member
from govern.web.api.problems import problems
from govern.web.api.queries import Scope, parse_moment
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

REVOKED_THROUGH_API = "revoked through the API"
Email = Annotated[str, PathParameter(description="The member's e-mail address.")]


class GrantJson(msgspec.Struct, kw_only=True):
    """A role at a scope and below. Grants are never deleted: a revoked one keeps who, when and why."""

    id: UUID
    member: str
    """The member's e-mail address."""
    member_name: str
    role: str
    scope: str
    reason: str
    granted_by: str | None
    granted_at: datetime
    starts_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    revoke_reason: str | None


class GrantsJson(msgspec.Struct, kw_only=True):
    """Grants, those in force first asked for."""

    items: list[GrantJson]


class GrantInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A role to give."""

    role: Role
    scope: Scope
    reason: Annotated[str, msgspec.Meta(max_length=500)]
    starts_at: Annotated[str, msgspec.Meta(max_length=40, description="RFC 3339; at once if absent")] | None = None
    expires_at: Annotated[str, msgspec.Meta(max_length=40, description="RFC 3339; no end if absent")] | None = None


class RevokeInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a role is taken away."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] | None = None


def grant_json(grant: GrantView) -> GrantJson:
    """Return a grant as programs read it."""
    return GrantJson(
        id=grant.id,
        member=grant.member_email,
        member_name=grant.member_name,
        role=grant.role,
        scope=grant.scope,
        reason=grant.reason,
        granted_by=grant.granted_by_name,
        granted_at=grant.granted_at,
        starts_at=grant.starts_at,
        expires_at=grant.expires_at,
        revoked_at=grant.revoked_at,
        revoked_by=grant.revoked_by_name,
        revoke_reason=grant.revoke_reason,
    )


@get(
    "/members/{email:str}/grants",
    summary="List a member's roles",
    opt={"action": Action.ACCESS_READ},
    responses=problems(403, 404, 422),
)
async def list_of_member(
    *,
    email: Email,
    actor: CurrentActor,
    access: CurrentAccess,
    now: Now,
    revoked: Annotated[bool, QueryParameter(description="Also those that were revoked.")] = False,
) -> GrantsJson:
    member = await get_member(email, actor=actor, access=access, now=now)
    grants = await list_grants(email=member.email, include_revoked=revoked, actor=actor, access=access, now=now)
    return GrantsJson(items=[grant_json(grant) for grant in grants])


@post(
    "/members/{email:str}/grants",
    status_code=201,
    summary="Give a role",
    opt={"action": Action.ROLE_ASSIGN},
    responses=problems(403, 404, 409, 422),
)
async def give(
    *, email: Email, data: JSONBody[GrantInput], actor: CurrentActor, access: CurrentAccess, now: Now
) -> GrantJson:
    grant = await assign_role(
        email=email,
        role=data.role,
        scope=data.scope,
        reason=data.reason,
        starts_at=parse_moment(data.starts_at, field="starts_at"),
        expires_at=parse_moment(data.expires_at, field="expires_at"),
        actor=actor,
        access=access,
        now=now,
    )
    return grant_json(grant)


@delete(
    "/grants/{grant_id:uuid}",
    status_code=200,
    summary="Take a role away",
    description="The answer is the grant with who took it away, when and why. It holds from the next decision on.",
    opt={"action": Action.ROLE_REVOKE},
    responses=problems(403, 404, 409, 422),
)
async def take(
    *,
    grant_id: FromPath[UUID],
    actor: CurrentActor,
    access: CurrentAccess,
    now: Now,
    reason: Annotated[str | None, QueryParameter(max_length=500)] = None,
    data: JSONBody[RevokeInput | None] = None,
) -> GrantJson:
    why = reason or (data.reason if data else None) or REVOKED_THROUGH_API
    return grant_json(await revoke_role(grant_id, reason=why, actor=actor, access=access, now=now))


GRANTS = Router("/", route_handlers=[list_of_member, give, take], tags=["grants"])
