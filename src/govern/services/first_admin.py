"""The first admin, whom nobody could have appointed: made by the command line, once, while there is no admin."""

from datetime import datetime

from govern.database import rows
from govern.domain.actions import COMPANY, Role
from govern.domain.audit import ObjectRef, RoleAssigned
from govern.domain.ids import uuid7
from govern.domain.members import Actor, Member
from govern.errors import N_, Conflict
from govern.services import audit, passwords
from govern.services.gate import close_gate
from govern.services.members import find_by_email, insert_member
from govern.services.use_case import use_case
from govern.tables import RoleGrant

REASON = "first admin of this company"

_ADMINS = """
SELECT 1 FROM role_grant g JOIN member m ON m.id = g.member
 WHERE g.role = 'admin' AND g.scope = 'company' AND g.revoked_at IS NULL AND m.state <> 'left'
   AND (g.expires_at IS NULL OR g.expires_at > {}) LIMIT 1
"""


class AdminExists(Conflict):
    code = "member.admin_exists"
    template = N_("This company has an admin already; an admin adds further people and gives them roles.")


async def create_first_admin(
    *,
    email: str,
    name: str,
    password: str,
    language: str = "en",
    zone: str = "Europe/Paris",
    actor: Actor,
    now: datetime,
) -> Member:
    """Add a member and make them admin of the whole company; no policy is asked, since nobody holds a right yet.

    Raises:
        AdminExists: somebody could be asked instead.
        EmailTaken, BadEmail, WeakPassword, UnknownZone
    """
    hashed = await passwords.hash_password(password)
    async with use_case(actor=actor, now=now):
        await close_gate()  # of two commands at once, the second finds the first one's admin
        if await has_admin(now=now):
            raise AdminExists
        member = await insert_member(
            email=email, name=name, hashed=hashed, language=language, zone=zone, actor=actor, now=now
        )
        await _appoint(member, actor=actor, now=now)
        return await find_by_email(email) or member


async def has_admin(*, now: datetime) -> bool:
    """Tell whether anybody holds the role admin for the whole company."""
    return bool(rows(await RoleGrant.raw(_ADMINS, now)))


async def _appoint(member: Member, *, actor: Actor, now: datetime) -> None:
    grant = RoleGrant(
        id=uuid7(now),
        member=member.id,
        role=Role.ADMIN.value,
        scope=COMPANY,
        granted_by=None,
        granted_at=now,
        reason=REASON,
        starts_at=now,
    )
    await RoleGrant.insert(grant)
    await audit.record(
        RoleAssigned(member=member.id, role=Role.ADMIN.value, reason=REASON),
        actor=actor,
        now=now,
        object=ObjectRef(kind="grant", id=grant.id),
        refs=(ObjectRef(kind="member", id=member.id),),
        scope=COMPANY,
    )
