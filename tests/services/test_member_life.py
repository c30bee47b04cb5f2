"""Suspending, reinstating and removing people: at once, everywhere, and never oneself or the last admin."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from govern.access import Access
from govern.database import transaction
from govern.domain.actions import Action, Target
from govern.domain.members import Actor, Member, MemberState
from govern.domain.messages import State
from govern.errors import Denied, GovernError, NotFound
from govern.services.grant_writing import BadReason, LastAdmin
from govern.services.grants import assign_role, list_grants
from govern.services.member_life import (
    HasLeft,
    NotActive,
    NotSuspended,
    Oneself,
    reinstate_member,
    remove_member,
    suspend_member,
)
from govern.services.members import UnknownMember
from govern.services.message_views import load_message
from govern.services.passing import Passed
from govern.services.sessions import find_session, open_session
from govern.services.tokens import OwnerNotActive, find_token, issue_token
from govern.settings import Settings
from govern.xapi.vault import Vault
from tests.asserts import actions, assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW, make_member
from tests.sending import Desk, connect
from tests.services.conftest import LATER, Office

Deed = Callable[..., Awaitable[Member]]
GATE = 0x67617465
HELP = Target(scope="account:Help")
every_deed = pytest.mark.parametrize("deed", [suspend_member, reinstate_member, remove_member])


async def do(deed: Deed, office: Office, who: str = "leo", *, by: Actor | None = None, **more: Any) -> Member:
    values = {"email": f"{who}@example.com", "reason": "It is agreed", "now": LATER, **more}
    return await deed(**values, actor=by or office.people.ada, access=office.access)


async def sign_in(who: Actor) -> str:
    assert who.member is not None
    async with transaction():
        return await open_session(who.member, who.name, factors=("password",), user_agent="", now=NOW)


async def token_of(who: Actor, access: Access) -> str:
    email = f"{who.name}@example.com"
    return (await issue_token(email=email, name="CI", actor=who, access=access, now=NOW)).text


async def test_suspended_member_may_do_nothing_from_the_next_decision_on(office: Office) -> None:
    leo = office.people.leo
    cookie, token = await sign_in(leo), await token_of(leo, office.access)
    assert await office.access.allows(leo, Action.MESSAGE_READ, HELP)
    assert (await do(suspend_member, office)).state is MemberState.SUSPENDED
    assert not await office.access.allows(leo, Action.MESSAGE_READ, HELP)
    assert await find_session(cookie, now=LATER) is None
    assert await find_token(token, now=LATER) is None
    entry = await assert_audited("member.suspended", actor=office.people.ada.id, sessions=1)
    assert entry["change"] == {"state": {"before": "active", "after": "suspended"}}


async def test_actor_of_a_request_under_way_is_denied_after_the_suspension(office: Office) -> None:
    actor = await find_token(await token_of(office.people.leo, office.access), now=LATER)
    assert actor is not None
    await do(suspend_member, office)
    with pytest.raises(NotFound):  # who may do nothing may not even know of the account
        await office.write(actor)


async def test_reinstated_member_has_the_old_roles_and_tokens_and_signs_in_anew(office: Office) -> None:
    leo = office.people.leo
    cookie, token = await sign_in(leo), await token_of(leo, office.access)
    await do(suspend_member, office)
    begun_meanwhile = await sign_in(leo)
    assert (await do(reinstate_member, office)).state is MemberState.ACTIVE
    assert await office.access.allows(leo, Action.MESSAGE_READ, HELP)
    assert await find_token(token, now=LATER) is not None
    assert await find_session(cookie, now=LATER) is None
    assert await find_session(begun_meanwhile, now=LATER) is None
    entry = await assert_audited("member.reinstated", actor=office.people.ada.id)
    assert entry["change"] == {"state": {"before": "suspended", "after": "active"}}


async def test_removed_member_loses_roles_sessions_and_tokens_in_one_go(office: Office) -> None:
    bo = office.people.bo
    cookie, token = await sign_in(bo), await token_of(bo, office.access)
    gone = await do(remove_member, office, "bo")
    assert (gone.state, gone.roles, gone.waiting) == (MemberState.LEFT, (), False)
    assert await find_session(cookie, now=LATER) is None
    assert await find_token(token, now=LATER) is None
    await assert_audited("member.removed", actor=office.people.ada.id, roles=2, sessions=1, tokens=1)
    recorded = await actions()
    assert (recorded.count("role.revoked"), recorded.count("token.revoked")) == (2, 1)
    grants = await list_grants(
        email="bo@example.com", include_revoked=True, actor=office.people.ada, access=office.access, now=LATER
    )
    assert {(each.revoke_reason, each.revoked_by_name) for each in grants} == {("It is agreed", "Ada")}
    kept = await office.owner.fetchrow("SELECT name, password_hash FROM member WHERE id = $1", bo.member)
    assert tuple(kept) == ("Bo", None)


@pytest.mark.parametrize("deed", [suspend_member, remove_member])
@pytest.mark.parametrize("who", ["ana", "mia"])
async def test_messages_of_an_author_or_approver_who_is_away_are_not_sent(
    deed: Deed, who: str, office: Office, config: Settings
) -> None:
    vault = Vault.from_settings(config)
    await connect(office.people.help, office.owner, vault)
    desk = Desk(office.people, office.access, office.policies, vault, config)
    message = await desk.write()
    await do(deed, office, who)
    assert await desk.claim() == Passed(reason="access")
    assert (await load_message(message.id)).hold == "access"


@every_deed
async def test_only_admins_do_it(deed: Deed, office: Office) -> None:
    action = "member.remove" if deed is remove_member else "member.suspend"
    for actor in (office.people.mia, office.people.cleo, office.people.leo):
        async with assert_denied(office.owner, actor, action):
            await do(deed, office, "ana", by=actor)


@every_deed
async def test_refusal_does_not_tell_whether_there_is_such_a_person(deed: Deed, office: Office) -> None:
    told = []
    for who in ("ana", "nobody"):
        with pytest.raises(Denied) as denied:
            await do(deed, office, who, by=office.people.leo)
        told.append((denied.value.detail, denied.value.data["rule"], denied.value.data["reason"]))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("deed", "who", "kind"),
    [
        (suspend_member, "nobody", UnknownMember),
        (reinstate_member, "nobody", UnknownMember),
        (remove_member, "nobody", UnknownMember),
        (suspend_member, "ada", Oneself),
        (remove_member, "ada", Oneself),
        (reinstate_member, "leo", NotSuspended),
    ],
)
async def test_impossible_change_is_refused(deed: Deed, who: str, kind: type[GovernError], office: Office) -> None:
    async with assert_refused(kind, office.owner):
        await do(deed, office, who)


@every_deed
async def test_reason_is_needed(deed: Deed, office: Office) -> None:
    async with assert_refused(BadReason, office.owner):
        await do(deed, office, reason="  x ")


async def test_who_has_left_stays_away(office: Office) -> None:
    await do(remove_member, office)
    for deed, kind in ((suspend_member, NotActive), (reinstate_member, NotSuspended), (remove_member, HasLeft)):
        async with assert_refused(kind, office.owner):
            await do(deed, office)
    async with assert_refused(OwnerNotActive, office.owner):
        await issue_token(email="leo@example.com", name="CI", actor=office.people.ada, access=office.access, now=LATER)


async def test_suspended_member_can_be_removed(office: Office) -> None:
    await do(suspend_member, office)
    assert (await do(remove_member, office)).state is MemberState.LEFT


async def test_last_admin_without_end_is_neither_suspended_nor_removed(office: Office) -> None:
    deputy = await make_member("deputy")
    await assign_role(
        email="deputy@example.com",
        role="admin",
        scope="company",
        reason="Stands in",
        expires_at=datetime.now(UTC) + timedelta(days=1),
        actor=office.people.ada,
        access=office.access,
        now=NOW,
    )
    for deed in (suspend_member, remove_member):
        async with assert_refused(LastAdmin, office.owner):
            await do(deed, office, "ada", by=deputy)
    await make_member("second", ("admin", "company"))
    assert (await do(suspend_member, office, "ada", by=deputy)).state is MemberState.SUSPENDED
    async with assert_refused(LastAdmin, office.owner):
        await do(remove_member, office, "second", by=deputy)


async def test_of_two_admins_who_remove_each_other_one_stays(office: Office) -> None:
    await make_member("second", ("admin", "company"))
    second = await make_member("third", ("admin", "company"))
    results = await race(do(remove_member, office, "third"), do(remove_member, office, "ada", by=second))
    assert sorted(type(each).__name__ for each in results) == ["Denied", "Member"]


async def test_member_removed_twice_at_once_is_removed_once(office: Office) -> None:
    assert_one_winner(await race(do(remove_member, office), do(remove_member, office)))
    assert (await actions()).count("member.removed") == 1


async def waiting_at_the_gate(owner: asyncpg.Connection, number: int) -> None:
    """Wait until so many transactions stand before the gate."""
    async with asyncio.timeout(10):
        while True:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"
            if await owner.fetchval(waiting, GATE) >= number:
                return


async def test_decision_that_waits_for_a_suspension_is_denied(office: Office, owner_url: str) -> None:
    message = await office.write(office.people.leo)
    decider = await asyncpg.connect(owner_url)
    try:
        transaction_before = decider.transaction()
        await transaction_before.start()
        await decider.execute("SELECT pg_advisory_xact_lock_shared($1)", GATE)
        suspension = asyncio.create_task(do(suspend_member, office, "mia"), context=Context())
        await waiting_at_the_gate(office.owner, 1)
        approval = asyncio.create_task(office.approve(message, office.people.mia), context=Context())
        await waiting_at_the_gate(office.owner, 2)
        await transaction_before.commit()
        assert (await suspension).state is MemberState.SUSPENDED
        with pytest.raises(NotFound) as refused:
            await approval
        assert isinstance(refused.value.__cause__, Denied)
    finally:
        await decider.close()


async def test_decisions_and_suspensions_at_once_never_disagree_with_the_log(office: Office) -> None:
    messages = [await office.write(office.people.leo) for _ in range(4)]
    results = await race(
        *(office.approve(each, office.people.mia) for each in messages[:2]),
        do(suspend_member, office, "mia"),
        *(office.approve(each, office.people.mia) for each in messages[2:]),
    )
    recorded = await actions()
    after = recorded[recorded.index("member.suspended") :]
    assert "message.approved" not in after
    assert recorded.count("message.approved") == sum(getattr(each, "state", None) is State.APPROVED for each in results)


async def test_suspension_ends_no_more_than_it_says(office: Office) -> None:
    cookie = await sign_in(office.people.ana)
    await do(suspend_member, office)
    assert await find_session(cookie, now=NOW + timedelta(minutes=2)) is not None
    assert await office.access.allows(office.people.ana, Action.MESSAGE_READ, HELP)
