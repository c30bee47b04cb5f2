"""Roles at scopes: given and taken with a reason, in force at the next decision, never to oneself."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from govern.domain.actions import Action, Target
from govern.domain.drafts import TextTooLong, TextUnstorable
from govern.domain.members import Actor
from govern.errors import Denied, GovernError, NotFound
from govern.services.grant_writing import (
    AlreadyGranted,
    AlreadyRevoked,
    BadEnd,
    BadReason,
    LastAdmin,
    UnknownRole,
)
from govern.services.grants import GrantView, assign_role, list_grants, revoke_role
from govern.services.members import UnknownMember
from govern.services.scope_rights import UnknownScope
from govern.tables import RoleGrant
from tests.asserts import assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW, make_member
from tests.hand import by_hand
from tests.services.conftest import LATER, Office

SOON = NOW + timedelta(hours=1)


async def assign(
    office: Office,
    who: str,
    role: str,
    scope: str,
    by: Actor,
    *,
    reason: str = "Covers the summer.",
    expires_at: datetime | None = None,
) -> GrantView:
    return await assign_role(
        email=f"{who}@example.com",
        role=role,
        scope=scope,
        reason=reason,
        expires_at=expires_at,
        actor=by,
        access=office.access,
        now=NOW,
    )


async def revoke(office: Office, grant: UUID, by: Actor, *, reason: str = "Summer is over.") -> GrantView:
    return await revoke_role(grant, reason=reason, actor=by, access=office.access, now=LATER)


async def grant_of(who: Actor, role: str) -> UUID:
    row = (
        await RoleGrant.select(RoleGrant.id).where((RoleGrant.member == who.member) & (RoleGrant.role == role)).first()
    )
    assert row is not None
    found: UUID = row["id"]
    return found


async def may_write(office: Office, who: Actor, scope: str) -> bool:
    return await office.access.allows(who, Action.MESSAGE_WRITE_POST, Target(scope=scope))


async def test_role_holds_at_its_scope_from_the_next_decision_and_is_recorded(office: Office) -> None:
    vera = office.people.vera
    assert not await may_write(office, vera, "account:Help")
    given = await assign(office, "vera", "author", "account:Help", office.people.ada)
    assert await may_write(office, vera, "account:Help")
    assert not await may_write(office, vera, "account:News")
    assert (given.member_name, given.granted_by_name, given.reason) == ("Vera", "Ada", "Covers the summer.")
    entry = await assert_audited("role.assigned", actor=office.people.ada.id, member=str(vera.member), role="author")
    assert entry["scope"] == "account:Help"
    assert entry["object"]["id"] == str(given.id)
    assert "reason" in entry["commit"]


async def test_role_at_a_brand_holds_for_its_accounts_only(office: Office) -> None:
    await assign(office, "vera", "author", "brand:care", office.people.ada)
    assert await may_write(office, office.people.vera, "account:Help")
    assert not await may_write(office, office.people.vera, "account:News")


async def test_revoked_role_is_gone_at_the_next_decision_and_is_recorded(office: Office) -> None:
    grant = await grant_of(office.people.leo, "agent")
    taken = await revoke(office, grant, office.people.ada)
    assert not await may_write(office, office.people.leo, "account:Help")
    assert (taken.revoked_at, taken.revoked_by_name, taken.revoke_reason) == (LATER, "Ada", "Summer is over.")
    await assert_audited("role.revoked", actor=office.people.ada.id, role="agent", member=str(office.people.leo.member))


async def test_narrow_revocation_leaves_the_wide_role(office: Office) -> None:
    await assign(office, "leo", "agent", "brand:care", office.people.ada)
    await revoke(office, await grant_of(office.people.leo, "agent"), office.people.ada)
    assert await may_write(office, office.people.leo, "account:Help")


async def test_nobody_gives_or_takes_own_roles(office: Office) -> None:
    ada = office.people.ada
    async with assert_denied(office.owner, ada, "role.assign", rule="grant.self"):
        await assign(office, "ada", "author", "account:Help", ada)
    async with assert_denied(office.owner, ada, "role.revoke", rule="grant.self.revoke"):
        await revoke(office, await grant_of(ada, "admin"), ada)


async def test_manager_gives_in_the_own_brand_what_a_manager_may_give(office: Office) -> None:
    mia = office.people.mia
    assert (await assign(office, "vera", "agent", "account:Help", mia)).role == "agent"
    for role, scope in (("brand_manager", "brand:care"), ("compliance", "brand:care"), ("admin", "account:Help")):
        async with assert_denied(office.owner, mia, "role.assign", rule="grant.not_givable"):
            await assign(office, "vera", role, scope, mia)
    for scope, kind in (("account:News", UnknownScope), ("brand:press", UnknownScope), ("company", Denied)):
        with pytest.raises(kind):
            await assign(office, "vera", "agent", scope, mia)


async def test_manager_does_not_take_what_a_manager_may_not_give(office: Office) -> None:
    mia = office.people.mia
    async with assert_denied(office.owner, mia, "role.revoke", rule="grant.not_givable.revoke"):
        await revoke(office, await grant_of(office.people.max, "brand_manager"), mia)
    await revoke(office, await grant_of(office.people.leo, "agent"), mia)


async def test_those_without_the_right_give_nothing(office: Office) -> None:
    people = office.people
    for actor in (people.leo, people.ana, people.vera, people.cleo):
        with pytest.raises(Denied):
            await assign(office, "noa", "viewer", "account:Help", actor)
    await assert_audited("access.denied", outcome="denied", actor=people.cleo.id, action="role.assign")


@pytest.mark.parametrize(
    ("who", "role", "scope"),
    [
        ("leo", "compliance", "company"),
        ("leo", "admin", "account:Help"),
        ("cleo", "author", "account:Help"),
        ("mia", "compliance", "account:Help"),
    ],
)
async def test_roles_that_must_stay_apart_do(office: Office, who: str, role: str, scope: str) -> None:
    async with assert_denied(office.owner, office.people.ada, "role.assign", rule="grant.conflict"):
        await assign(office, who, role, scope, office.people.ada)


async def test_conflict_is_one_of_place_too(office: Office) -> None:
    assert (await assign(office, "leo", "compliance", "brand:press", office.people.ada)).scope == "brand:press"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"role": "king"}, UnknownRole),
        ({"role": "publisher"}, UnknownRole),
        ({"role": "everyone"}, UnknownRole),
        ({"role": ""}, UnknownRole),
        ({"scope": "brand:nothing"}, UnknownScope),
        ({"scope": ""}, UnknownScope),
        ({"scope": "x" * 500}, UnknownScope),
        ({"who": "nobody"}, UnknownMember),
        ({"reason": "no"}, BadReason),
        ({"reason": "   x   "}, BadReason),
        ({"reason": "x" * 501}, TextTooLong),
        ({"reason": "a\0bc"}, TextUnstorable),
        ({"expires_at": NOW}, BadEnd),
        ({"expires_at": NOW - timedelta(days=1)}, BadEnd),
    ],
)
async def test_bad_grant_is_refused(office: Office, change: dict[str, object], kind: type[GovernError]) -> None:
    values: dict[str, object] = {"who": "vera", "role": "author", "scope": "account:Help", "by": office.people.ada}
    async with assert_refused(kind, office.owner):
        await assign(office, **(values | change))  # type: ignore[arg-type]  # one of them is wrong on purpose


async def test_role_is_given_once(office: Office) -> None:
    await assign(office, "vera", "author", "account:Help", office.people.ada)
    async with assert_refused(AlreadyGranted, office.owner):
        await assign(office, "vera", "author", "account:Help", office.people.ada)


async def test_role_given_twice_at_once_is_given_once(office: Office) -> None:
    assert_one_winner(
        await race(*(assign(office, "vera", "author", "account:Help", office.people.ada) for _ in range(2)))
    )
    assert await RoleGrant.count().where(RoleGrant.member == office.people.vera.member) == 2


async def test_role_with_an_end_holds_until_then(office: Office) -> None:
    given = await assign(
        office, "vera", "author", "account:Help", office.people.ada, expires_at=datetime.now(UTC) + timedelta(hours=1)
    )
    assert given.expires_at is not None
    assert await may_write(office, office.people.vera, "account:Help")


async def test_expired_role_gives_nothing_and_can_be_given_anew(office: Office) -> None:
    old = await make_expired(office.people.vera)
    assert not await may_write(office, office.people.vera, "account:Help")
    new = await assign(office, "vera", "author", "account:Help", office.people.ada)
    assert await may_write(office, office.people.vera, "account:Help")
    rows = await list_grants(
        email="vera@example.com",
        scope="account:Help",
        include_revoked=True,
        actor=office.people.ada,
        access=office.access,
        now=NOW,
    )
    assert {row.id: row.revoke_reason is not None for row in rows} == {old: True, new.id: False}
    await assert_audited("role.revoked", actor=office.people.ada.id, role="author")


async def make_expired(who: Actor) -> UUID:
    assert who.member is not None
    grant, long_ago = uuid4(), datetime.now(UTC) - timedelta(days=9)
    await by_hand(
        RoleGrant.insert(
            RoleGrant(
                id=grant,
                member=who.member,
                role="author",
                scope="account:Help",
                granted_at=long_ago,
                reason="for a week",
                starts_at=long_ago,
                expires_at=long_ago + timedelta(days=7),
            )
        )
    )
    return grant


async def test_role_is_revoked_once(office: Office) -> None:
    grant = await grant_of(office.people.leo, "agent")
    await revoke(office, grant, office.people.ada)
    async with assert_refused(AlreadyRevoked, office.owner):
        await revoke(office, grant, office.people.ada)


async def test_role_revoked_twice_at_once_is_revoked_once(office: Office) -> None:
    grant = await grant_of(office.people.leo, "agent")
    assert_one_winner(await race(*(revoke(office, grant, office.people.ada) for _ in range(2))))


async def test_revocation_needs_a_reason_and_a_grant(office: Office) -> None:
    grant = await grant_of(office.people.leo, "agent")
    async with assert_refused(BadReason, office.owner):
        await revoke(office, grant, office.people.ada, reason="")
    async with assert_refused(NotFound, office.owner):
        await revoke(office, uuid4(), office.people.ada)


async def test_last_lasting_admin_stays(office: Office) -> None:
    guest = await make_member("guest")
    assert guest.member is not None
    await by_hand(
        RoleGrant.insert(
            RoleGrant(
                id=uuid4(),
                member=guest.member,
                role="admin",
                scope="company",
                granted_at=NOW - timedelta(days=1),
                reason="for a day",
                starts_at=NOW - timedelta(days=1),
                expires_at=datetime.now(UTC) + timedelta(days=1),
            )
        )
    )
    last = await grant_of(office.people.ada, "admin")
    async with assert_refused(LastAdmin, office.owner):
        await revoke(office, last, guest)
    await assign(office, "vera", "admin", "company", office.people.ada)
    await revoke(office, last, guest)


async def test_two_admins_who_remove_each_other_leave_one(office: Office) -> None:
    eve = await make_member("eve", ("admin", "company"))
    results = await race(
        revoke(office, await grant_of(office.people.ada, "admin"), eve),
        revoke(office, await grant_of(eve, "admin"), office.people.ada),
    )
    assert sum(isinstance(result, GrantView) for result in results) == 1, results
    assert sum(isinstance(result, NotFound | LastAdmin) for result in results) == 1, results


async def test_restriction_takes_rights_away_while_it_stands(office: Office) -> None:
    given = await assign(office, "leo", "suspended", "brand:care", office.people.ada)
    assert not await may_write(office, office.people.leo, "account:Help")
    await revoke(office, given.id, office.people.ada)
    assert await may_write(office, office.people.leo, "account:Help")
