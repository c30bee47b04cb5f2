"""The people of the company."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Decision, Target
from govern.domain.audit import MemberCreated, ObjectRef
from govern.domain.drafts import UnknownZone
from govern.domain.ids import uuid7
from govern.domain.members import Actor, EmailTaken, Member, MemberState
from govern.errors import N_, Denied, Invalid, NotFound
from govern.services import audit, passwords
from govern.services.use_case import use_case
from govern.tables import Member as MemberTable

_VIEW = """
SELECT m.id, m.email, m.name, m.state, m.language, m.zone,
       m.password_hash IS NULL AND m.state <> 'left' AS waiting,
       coalesce(array_agg(DISTINCT g.role) FILTER (WHERE g.id IS NOT NULL), ARRAY[]::varchar[]) AS roles
  FROM member m LEFT JOIN role_grant g ON g.member = m.id AND g.revoked_at IS NULL
   AND g.starts_at <= now() AND (g.expires_at IS NULL OR g.expires_at > now())
"""


NOBODY = UUID(int=0)
"""Stands for a person who does not exist: who may not know is refused in the same words as for one who does."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
ERASED_NAME = "(erased)"


class BadEmail(Invalid):
    code = "member.bad_email"
    template = N_("{email} is not an e-mail address.")


class UnknownMember(NotFound):
    code = "member.unknown"
    template = N_("There is no member {name}.")


_ALL = _VIEW + " GROUP BY m.id ORDER BY m.name"
_BY_EMAIL = _VIEW + " WHERE m.email = {} GROUP BY m.id"
_BY_ID = _VIEW + " WHERE m.id = {} GROUP BY m.id"
_LOCK = "SELECT id FROM member WHERE email = {} FOR NO KEY UPDATE"


async def list_members(*, actor: Actor, access: Access, now: datetime) -> list[Member]:
    """Return everybody, for those who may see who may do what."""
    async with use_case(actor=actor, now=now):
        places = await access.where_can(actor, Action.ACCESS_READ)
        if not places:
            await access.require(actor, Action.ACCESS_READ, Target(scope=COMPANY))
        return [_member(row) for row in rows(await MemberTable.raw(_ALL))]


async def get_member(email: str, *, actor: Actor, access: Access, now: datetime) -> Member:
    """Return one member; everybody may read their own.

    Raises:
        UnknownMember: there is nobody with that address, or the actor may not know.
    """
    found = await find_by_email(email)
    if found is None or found.id != actor.member:
        try:
            async with use_case(actor=actor, now=now):
                if not await access.where_can(actor, Action.ACCESS_READ):
                    await access.require(actor, Action.ACCESS_READ, Target(scope=COMPANY))
        except Denied as denied:
            raise UnknownMember(name=email[:80]) from denied
    if found is None:
        raise UnknownMember(name=email[:80])
    return found


async def find_by_email(email: str) -> Member | None:
    """Return the member with this address, however it is written."""
    found = rows(await MemberTable.raw(_BY_EMAIL, email.strip().lower()))
    return _member(found[0]) if found else None


async def find_by_id(member: UUID) -> Member | None:
    """Return the member with this id."""
    found = rows(await MemberTable.raw(_BY_ID, member))
    return _member(found[0]) if found else None


async def lock_member(email: str) -> Member:
    """Lock a member's row until the end of the transaction.

    Raises:
        UnknownMember: there is nobody with that address.
    """
    found = await find_and_lock(email)
    if found is None:
        raise UnknownMember(name=email[:80])
    return found


async def find_and_lock(email: str) -> Member | None:
    """Lock a member's row until the end of the transaction, if there is such a member."""
    await MemberTable.raw(_LOCK, email.strip().lower())
    return await find_by_email(email)


async def forget_member(member: UUID) -> None:
    """Take the name and address of a member who left out of their row, in the caller's transaction."""
    await MemberTable.update(
        {MemberTable.name: ERASED_NAME, MemberTable.email: f"{member}@erased.invalid", MemberTable.password_hash: None}
    ).where(MemberTable.id == member)


async def create_member(
    *,
    email: str,
    name: str,
    password: str,
    language: str = "en",
    zone: str = "Europe/Paris",
    actor: Actor,
    access: Access,
    now: datetime,
) -> Member:
    """Add a person, who can do nothing until somebody gives them a role."""
    hashed = await passwords.hash_password(password)
    async with use_case(actor=actor, now=now):
        decision = await access.require(actor, Action.MEMBER_INVITE, Target(scope=COMPANY))
        return await insert_member(
            email=email, name=name, hashed=hashed, language=language, zone=zone, actor=actor, now=now, decision=decision
        )


async def insert_member(
    *,
    email: str,
    name: str,
    hashed: str | None,
    language: str,
    zone: str,
    actor: Actor,
    now: datetime,
    decision: Decision | None = None,
) -> Member:
    """Write a member and the entry about it, in the caller's transaction."""
    address = _check_email(email)
    _check_name(name)
    check_zone(zone)
    if await MemberTable.exists().where(MemberTable.email == address):
        raise EmailTaken(email=address, field="email")
    row = MemberTable(
        id=uuid7(now),
        email=address,
        name=name.strip(),
        password_hash=hashed,
        language=language if language in {"en", "fr"} else "en",
        zone=zone,
        created_at=now,
    )
    await MemberTable.insert(row)
    await audit.record(
        MemberCreated(name=name.strip(), email=address),
        actor=actor,
        now=now,
        object=ObjectRef(kind="member", id=row.id),
        scope=COMPANY,
        decision=decision,
    )
    return _member({**row.to_dict(), "waiting": hashed is None, "roles": []})


async def change_settings(*, language: str, zone: str, theme: str, single_keys: bool, actor: Actor) -> None:
    """Change how the panel looks for oneself; it is nobody's business, so it is no entry."""
    check_zone(zone)
    if language not in {"en", "fr"} or theme not in {"system", "light", "dark"}:
        raise Invalid(reason="Language or theme is unknown.")
    await MemberTable.update(
        {
            MemberTable.language: language,
            MemberTable.zone: zone,
            MemberTable.theme: theme,
            MemberTable.single_keys: single_keys,
        }
    ).where(MemberTable.id == actor.member)


def check_zone(zone: str) -> str:
    """Return the zone if the time zone database has it.

    Raises:
        UnknownZone
    """
    if zone not in available_timezones():
        raise UnknownZone(zone=zone[:40], field="zone")
    return zone


def _check_email(email: str) -> str:
    address = email.strip().lower()
    if not _EMAIL.fullmatch(address) or len(address) > 254 or not address.isprintable():
        raise BadEmail(email=email[:80], field="email")
    return address


def _check_name(name: str) -> None:
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(reason="A name has 1 to 80 characters.", field="name")


def _member(row: dict[str, Any]) -> Member:
    return msgspec.convert(
        {
            "id": row["id"],
            "email": row["email"],
            "name": row["name"],
            "state": MemberState(str(row["state"])),
            "language": row["language"],
            "zone": row["zone"],
            "waiting": row["waiting"],
            "roles": tuple(sorted(row["roles"])),
        },
        Member,
    )
