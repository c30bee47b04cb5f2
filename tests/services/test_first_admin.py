import asyncio
import contextvars
from datetime import timedelta

import asyncpg
import pytest

from govern.access import Access
from govern.domain.actions import Action, Target
from govern.domain.members import EmailTaken, Member, Via, WeakPassword, member_actor, system_actor
from govern.services.first_admin import AdminExists, create_first_admin, has_admin
from tests.asserts import assert_audited, assert_nothing_changed
from tests.factories import NOW, make_member

BOOTSTRAP = system_actor("bootstrap")


async def create(email: str = "ada@example.com", password: str = "correct horse 7 battery") -> Member:
    return await create_first_admin(email=email, name="Ada", password=password, actor=BOOTSTRAP, now=NOW)


async def test_first_admin_may_do_at_once_what_admins_may(database: None, access: Access) -> None:
    ada = await create()
    assert ada.roles == ("admin",)
    actor = member_actor(ada.id, ada.name, via=Via.CLI, fresh=True)
    await access.require(actor, Action.MEMBER_INVITE, Target(scope="company"))
    await assert_audited("member.created", actor="system:bootstrap")
    entry = await assert_audited("role.assigned", actor="system:bootstrap", role="admin")
    assert entry["scope"] == "company"


async def test_there_is_no_second_first_admin(database: None, owner: asyncpg.Connection) -> None:
    await create()
    async with assert_nothing_changed(owner):
        with pytest.raises(AdminExists):
            await create("eve@example.com")


async def test_admin_who_left_does_not_count(database: None, owner: asyncpg.Connection) -> None:
    ada = await create()
    await owner.execute("UPDATE member SET state = 'left' WHERE id = $1", ada.id)
    assert not await has_admin(now=NOW + timedelta(days=1))


async def test_faulty_input_makes_nobody(database: None, owner: asyncpg.Connection) -> None:
    await make_member("ada")
    async with assert_nothing_changed(owner):
        with pytest.raises(EmailTaken):
            await create("ADA@example.com")
        with pytest.raises(WeakPassword):
            await create("eve@example.com", "short")


async def test_of_two_at_once_one_becomes_admin(database: None) -> None:
    runs = [
        asyncio.create_task(create(f"{name}@example.com"), context=contextvars.Context()) for name in ("ada", "eve")
    ]
    done = await asyncio.gather(*runs, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["AdminExists", "Member"]
