"""API tokens: shown once, never above their owner, ended at once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from govern.domain.actions import Action, Reason, Target, TokenLimit
from govern.domain.members import Actor, ActorKind
from govern.domain.messages import State
from govern.errors import Denied, GovernError, NotFound
from govern.services.members import UnknownMember
from govern.services.scope_rights import UnknownScope
from govern.services.tokens import (
    BadTokenActions,
    BadTokenName,
    IssuedToken,
    TokenInfo,
    find_token,
    issue_token,
    list_tokens,
    list_tokens_of,
    revoke_token,
)
from govern.tables import Member, RoleGrant
from tests.asserts import actions, assert_audited, assert_denied, assert_nothing_changed, assert_refused, race
from tests.factories import NOW, make_member
from tests.hand import by_hand
from tests.services.conftest import LATER, Office


async def issue(office: Office, by: Actor, *, who: str | None = None, **more: Any) -> IssuedToken:
    values = {"email": f"{who or by.name}@example.com", "name": "Night shift", "now": NOW, **more}
    return await issue_token(**values, actor=by, access=office.access)


async def found(token: IssuedToken) -> Actor:
    actor = await find_token(token.text, now=LATER)
    assert actor is not None
    return actor


async def test_token_acts_for_its_owner_and_is_recorded(office: Office) -> None:
    token = await issue(office, office.people.leo)
    actor = await found(token)
    assert (actor.kind, actor.id, actor.member) == (ActorKind.TOKEN, f"token:{token.id}", office.people.leo.member)
    assert (token.expires_at - NOW, actor.factors) == (timedelta(days=90), ("token",))
    await assert_audited("token.issued", actor=office.people.leo.id, member=str(office.people.leo.member))
    message = await office.write(actor)
    assert (message.state, message.author) == (State.PENDING_APPROVAL, office.people.leo.member)
    entry = await assert_audited("message.drafted", actor=actor.id)
    assert str(office.people.leo.member) in [ref["id"] for ref in entry["refs"]]


async def test_text_of_a_token_is_kept_nowhere_and_shown_once(office: Office) -> None:
    token = await issue(office, office.people.leo)
    assert token.text not in repr(token)
    kept = await office.owner.fetchval("SELECT string_agg(t::text, '') FROM api_token t")
    assert token.text not in kept
    assert token.text not in await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry")
    assert [each.name for each in await list_tokens(actor=office.people.leo, now=NOW)] == ["Night shift"]


async def test_token_loses_what_its_owner_loses_with_the_next_call(office: Office) -> None:
    token, here = await issue(office, office.people.leo), Target(scope="account:Help")
    assert await office.access.allows(await found(token), Action.MESSAGE_WRITE_POST, here)
    await by_hand(
        RoleGrant.update(
            {
                RoleGrant.revoked_at: LATER,
                RoleGrant.revoked_by: office.people.ada.member,
                RoleGrant.revoke_reason: "gone",
            }
        ).where(RoleGrant.member == office.people.leo.member)
    )
    assert not await office.access.allows(await found(token), Action.MESSAGE_WRITE_POST, here)


async def test_token_of_a_suspended_owner_is_nobody(office: Office) -> None:
    token = await issue(office, office.people.leo)
    await by_hand(Member.update({Member.state: "suspended"}).where(Member.id == office.people.leo.member))
    assert await find_token(token.text, now=LATER) is None


async def test_token_may_do_only_what_it_names(office: Office) -> None:
    token = await issue(office, office.people.leo, actions=["message.write_post", "message.read"])
    actor, here = await found(token), Target(scope="account:Help")
    assert actor.limit == TokenLimit(actions=frozenset({"message.read", "message.write_post"}))
    await assert_audited("token.issued", actions=["message.read", "message.write_post"])
    assert await office.access.allows(actor, Action.MESSAGE_READ, here)
    refused = await office.access.decide(actor, Action.MESSAGE_WRITE_REPLY, here)
    assert (refused.allowed, refused.reason) == (False, Reason.TOKEN_LIMIT)
    assert await office.access.allows(office.people.leo, Action.MESSAGE_WRITE_REPLY, here)
    assert await office.access.where_can(actor, Action.MESSAGE_WRITE_REPLY) == frozenset()


async def test_token_acts_only_where_it_may(office: Office) -> None:
    token = await issue(office, office.people.vera, scope="brand:care")
    actor = await found(token)
    assert actor.limit == TokenLimit(scope="brand:care")
    await assert_audited("token.issued", where="brand:care")
    assert await office.access.allows(actor, Action.MESSAGE_READ, Target(scope="account:Help"))
    assert not await office.access.allows(actor, Action.MESSAGE_READ, Target(scope="account:News"))
    assert await office.access.where_can(actor, Action.MESSAGE_READ) == {"brand:care", "account:Help"}


async def test_limit_does_not_tell_of_places_one_may_not_know(office: Office) -> None:
    for scope in ("account:News", "account:Nowhere"):
        async with assert_refused(UnknownScope, office.owner):
            await issue(office, office.people.leo, scope=scope)
    assert (await issue(office, office.people.leo, scope="brand:care")).name == "Night shift"


async def test_limit_gives_no_right_its_owner_lacks(office: Office) -> None:
    token = await issue(office, office.people.leo, actions=["message.approve"], scope="company")
    assert not await office.access.allows(await found(token), Action.MESSAGE_APPROVE, Target(scope="account:Help"))


async def test_token_makes_no_token(office: Office) -> None:
    actor = await found(await issue(office, office.people.ada))
    async with assert_denied(office.owner, actor, "token.issue"):
        await issue(office, actor, who="ada")


async def test_token_is_made_after_a_fresh_sign_in_only(office: Office) -> None:
    stale = msgspec.structs.replace(office.people.leo, fresh=False)
    async with assert_denied(office.owner, stale, "token.issue", rule="fresh.token.issue"):
        await issue(office, stale)


async def test_token_ends_with_its_days(office: Office) -> None:
    token = await issue(office, office.people.leo, days=1)
    assert await find_token(token.text, now=NOW + timedelta(hours=23)) is not None
    assert await find_token(token.text, now=NOW + timedelta(days=1)) is None
    assert await list_tokens(actor=office.people.leo, now=NOW + timedelta(days=1)) == []


@pytest.mark.parametrize("text", ["", "gov_", "gov_" + "x" * 43, "Bearer x", "é", "x" * 100_000])
async def test_forged_token_is_nobody(office: Office, text: str) -> None:
    await issue(office, office.people.leo)
    assert await find_token(text, now=NOW) is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"name": " "}, BadTokenName),
        ({"name": "x" * 61}, BadTokenName),
        ({"days": 0}, BadTokenName),
        ({"days": 366}, BadTokenName),
        ({"who": "nobody"}, UnknownMember),
        ({"actions": []}, BadTokenActions),
        ({"actions": ["message.fly"]}, BadTokenActions),
        ({"actions": ["message.read", "role.assign"]}, BadTokenActions),
        ({"scope": "brand:nothing"}, UnknownScope),
    ],
)
async def test_bad_token_is_refused(office: Office, change: dict[str, Any], kind: type[GovernError]) -> None:
    async with assert_refused(kind, office.owner):
        await issue(office, office.people.ada, **change)


async def test_only_admins_make_and_end_tokens_of_others(office: Office) -> None:
    async with assert_denied(office.owner, office.people.mia, "token.issue"):
        await issue(office, office.people.mia, who="leo")
    token = await issue(office, office.people.ada, who="leo")
    assert (await found(token)).member == office.people.leo.member
    async with assert_denied(office.owner, office.people.mia, "token.revoke"):
        await revoke_token(token.id, actor=office.people.mia, access=office.access, now=LATER)
    await revoke_token(token.id, actor=office.people.ada, access=office.access, now=LATER)
    assert await find_token(token.text, now=LATER) is None


async def test_tokens_of_others_are_listed_for_who_may_end_them(office: Office) -> None:
    await issue(office, office.people.leo, actions=["message.read"], scope="account:Help")

    async def listed(by: Actor, who: str = "leo") -> list[TokenInfo]:
        return await list_tokens_of(f"{who}@example.com", actor=by, access=office.access, now=LATER)

    (token,) = await listed(office.people.ada)
    assert (token.name, token.actions, token.scope) == ("Night shift", ("message.read",), "account:Help")
    assert await listed(office.people.leo) == [token]
    assert await listed(office.people.ana, "ana") == []
    told = []
    for who in ("leo", "nobody"):
        with pytest.raises(Denied) as denied:
            await listed(office.people.mia, who)
        told.append(denied.value.detail)
    assert told[0] == told[1]
    async with assert_refused(UnknownMember, office.owner):
        await listed(office.people.ada, "nobody")


async def test_member_without_a_role_makes_no_token(office: Office) -> None:
    guest = await make_member("guest")
    async with assert_denied(office.owner, guest, "token.issue"):
        await issue(office, guest)


async def test_ended_token_is_nobody_and_ends_once(office: Office) -> None:
    leo = office.people.leo
    token = await issue(office, leo)
    await race(*(revoke_token(token.id, actor=leo, access=office.access, now=LATER) for _ in range(3)))
    assert await find_token(token.text, now=LATER) is None
    assert (await actions()).count("token.revoked") == 1
    await assert_audited("token.revoked", actor=leo.id, member=str(leo.member))
    async with assert_nothing_changed(office.owner):
        await revoke_token(token.id, actor=leo, access=office.access, now=LATER)
    async with assert_refused(NotFound, office.owner):
        await revoke_token(uuid4(), actor=office.people.ada, access=office.access, now=LATER)
