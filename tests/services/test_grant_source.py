"""What a member holds now, as the access policy reads it, and who may see it."""

from govern.domain.actions import Action, Target
from govern.domain.members import Actor
from govern.services.grant_source import roles_at
from govern.services.grants import (
    list_grants,
    list_scopes,
)
from govern.tables import Member
from tests.asserts import assert_denied
from tests.factories import NOW, make_grant
from tests.hand import by_hand
from tests.services.conftest import Office


async def may_write(office: Office, who: Actor, scope: str) -> bool:
    return await office.access.allows(who, Action.MESSAGE_WRITE_POST, Target(scope=scope))


async def test_suspended_member_holds_nothing(office: Office) -> None:
    await by_hand(Member.update({Member.state: "suspended"}).where(Member.id == office.people.leo.member))
    assert not await may_write(office, office.people.leo, "account:Help")


async def test_everybody_sees_own_grants_and_who_may_sees_others(office: Office) -> None:
    people = office.people
    own = await list_grants(email="LEO@example.com", actor=people.leo, access=office.access, now=NOW)
    assert [(grant.role, grant.scope) for grant in own] == [("agent", "account:Help")]
    async with assert_denied(office.owner, people.leo, "access.read"):
        await list_grants(email="ana@example.com", actor=people.leo, access=office.access, now=NOW)
    at_help = await list_grants(scope="account:Help", actor=people.mia, access=office.access, now=NOW)
    assert {grant.member_name for grant in at_help} == {"Leo", "Ana"}
    async with assert_denied(office.owner, people.mia, "access.read"):
        await list_grants(scope="account:News", actor=people.mia, access=office.access, now=NOW)


async def test_scopes_are_listed_where_access_may_be_read(office: Office) -> None:
    for actor, keys in (
        (office.people.ada, {"company", "brand:care", "brand:press", "account:Help", "account:News"}),
        (office.people.mia, {"brand:care", "account:Help"}),
        (office.people.leo, set()),
    ):
        assert {scope.key for scope in await list_scopes(actor=actor, access=office.access)} == keys


async def test_roles_are_those_held_at_the_named_scopes(office: Office) -> None:
    assert office.people.bo.member is not None
    await make_grant(office.people.bo.member, "viewer", "brand:press")
    chain = ("account:Help", "brand:care", "company")
    assert await roles_at(office.people.bo.member, chain) == {"author", "brand_manager"}
