"""Writing grants, once it is decided: what a role needs beside the right to give it, the rows, and their entries."""

from datetime import datetime
from uuid import UUID

from govern.database import rows
from govern.domain.actions import COMPANY, Decision, Role
from govern.domain.audit import ObjectRef, RoleAssigned, RoleRevoked
from govern.domain.drafts import check_reason
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.errors import N_, Conflict, Invalid
from govern.services import audit
from govern.tables import RoleGrant

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


class BadReason(Invalid):
    code = "grant.reason_required"
    template = N_("Please give a reason of 3 to 500 characters.")


class BadStart(Invalid):
    code = "grant.start_in_past"
    template = N_("A role cannot start in the past.")


class BadEnd(Invalid):
    code = "grant.end_in_past"
    template = N_("The end of a role must be in the future, and after its start.")


_PLEDGED = """
SELECT id, role, scope FROM role_grant
 WHERE member = {} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY id
"""
_EXPIRED = """
SELECT id FROM role_grant WHERE member = {} AND role = {} AND scope = {} AND revoked_at IS NULL AND expires_at <= now()
"""
_RENEWED = "It had expired; the role was given anew."
_LAST_ADMINS = f"""
SELECT g.id FROM role_grant g JOIN member m ON m.id = g.member
 WHERE g.role = '{Role.ADMIN}' AND g.scope = '{COMPANY}' AND g.revoked_at IS NULL AND g.expires_at IS NULL
   AND g.starts_at <= now() AND m.state = 'active'
"""  # noqa: S608 - constants only
_LOCK_LAST_ADMINS = f"{_LAST_ADMINS} ORDER BY g.id FOR NO KEY UPDATE OF g"


def check_role(role: str) -> None:
    """Refuse a role that nobody can be given.

    Raises:
        UnknownRole
    """
    if role not in set(Role) or role == Role.PUBLISHER:
        raise UnknownRole(role=role[:32], field="role")


def check_terms(reason: str, starts_at: datetime | None, expires_at: datetime | None, now: datetime) -> None:
    """Refuse a change without a reason, or from or until a time that makes no sense.

    Raises:
        BadReason, BadStart, BadEnd
    """
    if len(check_reason(reason) or "") < MIN_REASON:
        raise BadReason(field="reason")
    if starts_at is not None and starts_at < now:
        raise BadStart(field="starts_at")
    if expires_at is not None and expires_at <= (starts_at or now):
        raise BadEnd(field="expires_at")


async def pledged_to(member: UUID) -> list[tuple[str, str]]:
    """Return what a member holds now or will hold, as pairs of role and scope: a later start may conflict as well."""
    return [(str(row["role"]), str(row["scope"])) for row in rows(await RoleGrant.raw(_PLEDGED, member))]


async def find_last_admins() -> set[UUID]:
    """Return the grants of those who may act as admin of the company without end: one must stay."""
    return {row["id"] for row in rows(await RoleGrant.raw(_LAST_ADMINS))}


async def lock_last_admins() -> set[UUID]:
    """Return the same, locked until the end of the transaction."""
    return {row["id"] for row in rows(await RoleGrant.raw(_LOCK_LAST_ADMINS))}


async def check_admin_stays(*, without: UUID) -> None:
    """Refuse what would leave the company without an admin who may act without end.

    Raises:
        LastAdmin
    """
    admins = await lock_last_admins()
    if admins and admins <= {row["id"] for row in rows(await RoleGrant.raw(_PLEDGED, without))}:
        raise LastAdmin


async def write_grant(
    member: UUID,
    role: str,
    scope: str,
    *,
    reason: str,
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    actor: Actor,
    now: datetime,
    decision: Decision,
) -> UUID:
    """Write a grant and its entry, in the transaction of the use case that decided it.

    An expired one of the same role and scope is closed: only one may stand open, and rows are their own history.
    """
    for row in rows(await RoleGrant.raw(_EXPIRED, member, role, scope)):
        await write_end(row["id"], member, role, scope, reason=_RENEWED, actor=actor, now=now, decision=decision)
    grant = RoleGrant(
        id=uuid7(now),
        member=member,
        role=role,
        scope=scope,
        granted_by=actor.member,
        granted_at=now,
        reason=reason.strip(),
        starts_at=starts_at or now,
        expires_at=expires_at,
    )
    await RoleGrant.insert(grant)
    await audit.record(
        RoleAssigned(member=member, role=role, starts_at=starts_at, expires_at=expires_at, reason=reason.strip()),
        actor=actor,
        now=now,
        object=ObjectRef(kind="grant", id=grant.id),
        refs=(ObjectRef(kind="member", id=member),),
        scope=scope,
        decision=decision,
    )
    return UUID(str(grant.id))


async def write_end(
    grant: UUID,
    member: UUID,
    role: str,
    scope: str,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    decision: Decision,
) -> None:
    """Write the end of a grant and its entry, in the transaction of the use case that decided it."""
    await RoleGrant.update(
        {RoleGrant.revoked_at: now, RoleGrant.revoked_by: actor.member, RoleGrant.revoke_reason: reason.strip()}
    ).where(RoleGrant.id == grant)
    await audit.record(
        RoleRevoked(member=member, role=role, reason=reason.strip()),
        actor=actor,
        now=now,
        object=ObjectRef(kind="grant", id=grant),
        refs=(ObjectRef(kind="member", id=member),),
        scope=scope,
        decision=decision,
    )


async def write_all_ends(member: UUID, *, reason: str, actor: Actor, now: datetime, decision: Decision) -> int:
    """Write the end of every role a member holds or will hold, each with its entry; return how many."""
    pledged = rows(await RoleGrant.raw(_PLEDGED, member))
    for row in pledged:
        await write_end(
            row["id"], member, row["role"], row["scope"], reason=reason, actor=actor, now=now, decision=decision
        )
    return len(pledged)
