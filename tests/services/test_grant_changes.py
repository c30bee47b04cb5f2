"""Many changes of roles at once: seen before they are made, then made together or not at all."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from govern.domain.actions import Action, Target
from govern.domain.members import Actor
from govern.errors import GovernError
from govern.services.grant_changes import (
    MOST,
    NoChanges,
    Refusal,
    count_saved,
    list_held,
    preview_changes,
    save_changes,
)
from govern.services.grant_plans import GrantChange, GrantChanged, Kind
from govern.services.grant_writing import AlreadyGranted, BadEnd, BadReason, LastAdmin
from govern.services.grants import GrantView, list_grants
from tests.asserts import actions, assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW, make_member
from tests.services.conftest import Office

HELP, NEWS = "account:Help", "account:News"


def add(who: str, role: str, scope: str) -> GrantChange:
    return GrantChange(kind=Kind.ADD, email=f"{who}@example.com", role=role, scope=scope)


async def end(office: Office, who: str, role: str) -> GrantChange:
    """Take a role away that a person holds."""
    email = f"{who}@example.com"
    held = await list_grants(email=email, actor=office.people.ada, access=office.access, now=NOW)
    grant = next(each for each in held if each.role == role)
    return GrantChange(kind=Kind.REVOKE, email=email, role=role, scope=grant.scope, grant_id=grant.id)


async def save(office: Office, *changes: GrantChange, by: Actor | None = None, **terms: Any) -> list[GrantView]:
    given: dict[str, Any] = {"reason": "The summer.", "access": office.access, "now": NOW, **terms}
    return list(await save_changes(changes, actor=by or office.people.ada, **given))


async def may_write(office: Office, who: Actor, scope: str) -> bool:
    return await office.access.allows(who, Action.MESSAGE_WRITE_POST, Target(scope))


async def test_all_changes_are_made_with_one_reason_and_an_entry_each(office: Office) -> None:
    saved = await save(office, add("leo", "author", NEWS), await end(office, "ana", "author"))
    told = {(each.member_name, each.role, each.scope, each.revoke_reason or each.reason) for each in saved}
    assert told == {("Leo", "author", NEWS, "The summer."), ("Ana", "author", HELP, "The summer.")}
    await assert_audited("role.assigned", actor=office.people.ada.id, role="author")
    await assert_audited("role.revoked", actor=office.people.ada.id, role="author")
    assert await may_write(office, office.people.leo, NEWS)
    assert not await may_write(office, office.people.ana, HELP)


async def test_one_refused_change_stops_all(office: Office) -> None:
    async with assert_denied(office.owner, office.people.ada, "role.assign", rule="grant.conflict"):
        await save(office, add("leo", "author", NEWS), add("leo", "compliance", "company"))


async def test_own_roles_are_not_among_them(office: Office) -> None:
    async with assert_denied(office.owner, office.people.ada, "role.assign", rule="grant.self"):
        await save(office, add("leo", "author", NEWS), add("ada", "viewer", "company"))


async def test_manager_cannot_give_what_only_an_admin_gives(office: Office) -> None:
    async with assert_denied(office.owner, office.people.mia, "role.assign", rule="grant.not_givable"):
        await save(office, add("leo", "brand_manager", HELP), by=office.people.mia)


async def test_taking_away_makes_room_for_a_role_that_excludes_it(office: Office) -> None:
    await save(office, add("ana", "compliance", "company"), await end(office, "ana", "author"))
    assert not await may_write(office, office.people.ana, HELP)
    assert await office.access.allows(office.people.ana, Action.AUDIT_READ, Target("company"))


async def test_changes_of_one_save_exclude_each_other(office: Office) -> None:
    async with assert_denied(office.owner, office.people.ada, "role.assign", rule="grant.conflict"):
        await save(office, add("vera", "author", HELP), add("vera", "compliance", "company"))


async def test_role_given_meanwhile_is_a_conflict(office: Office) -> None:
    await save(office, add("leo", "author", NEWS))
    async with assert_refused(AlreadyGranted, office.owner):
        await save(office, add("ana", "author", NEWS), add("leo", "author", NEWS))


async def test_role_taken_meanwhile_is_a_conflict(office: Office) -> None:
    change = await end(office, "ana", "author")
    await save(office, change)
    async with assert_refused(GrantChanged, office.owner):
        await save(office, add("leo", "author", NEWS), change)


async def test_grant_of_another_person_is_not_taken_by_its_id(office: Office) -> None:
    change = await end(office, "ana", "author")
    other = GrantChange(
        kind=Kind.REVOKE, email="vera@example.com", role="viewer", scope="company", grant_id=change.grant_id
    )
    async with assert_refused(GrantChanged, office.owner):
        await save(office, other)


async def test_two_who_save_the_same_at_once_make_it_once(office: Office) -> None:
    changes = (add("leo", "author", NEWS), add("ana", "author", NEWS))
    results = await race(save(office, *changes), save(office, *changes))
    assert_one_winner(results)
    assert (await actions()).count("role.assigned") == 2


async def test_last_admin_stays(office: Office) -> None:
    await save(office, add("vera", "admin", "company"), expires_at=NOW + timedelta(days=400))
    last = await end(office, "ada", "admin")
    async with assert_refused(LastAdmin, office.owner):
        await save(office, last, by=office.people.vera)


async def test_two_admins_end_together_while_a_third_stays(office: Office) -> None:
    await make_member("eli")
    await save(office, add("vera", "admin", "company"), add("eli", "admin", "company"))
    both = (await end(office, "vera", "admin"), await end(office, "eli", "admin"))
    await save(office, *both)
    held = await list_grants(scope="company", actor=office.people.ada, access=office.access, now=NOW)
    assert [each.member_name for each in held if each.role == "admin"] == ["Ada"]


async def test_dates_are_those_of_the_roles_that_are_given(office: Office) -> None:
    start, until = NOW + timedelta(days=100), NOW + timedelta(days=200)
    saved = await save(office, add("leo", "author", NEWS), starts_at=start, expires_at=until)
    assert [(each.starts_at, each.expires_at) for each in saved] == [(start, until)]
    assert not await may_write(office, office.people.leo, NEWS)


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"reason": "  "}, BadReason),
        ({"expires_at": NOW - timedelta(days=1)}, BadEnd),
        ({"starts_at": NOW + timedelta(days=9), "expires_at": NOW + timedelta(days=2)}, BadEnd),
    ],
)
async def test_bad_terms_change_nothing(office: Office, terms: dict[str, Any], error: type[GovernError]) -> None:
    async with assert_refused(error, office.owner):
        await save(office, add("leo", "author", NEWS), **terms)


@pytest.mark.parametrize("count", [0, MOST + 1])
async def test_number_of_changes_is_limited(office: Office, count: int) -> None:
    async with assert_refused(NoChanges, office.owner):
        await save(office, *([add("leo", "author", NEWS)] * count))


async def test_preview_says_gains_and_losses_by_person_and_saves_nothing(office: Office) -> None:
    changes = [add("leo", "author", NEWS), await end(office, "ana", "author")]
    found = await preview_changes(changes, actor=office.people.ada, access=office.access, now=NOW)
    people = {each.name: each.difference for each in found.people}
    assert "message.write_post" in {line.action for line in people["Leo"].gains}
    assert {line.scope for line in people["Leo"].gains} == {NEWS}
    assert people["Leo"].losses == ()
    assert "message.write_post" in {line.action for line in people["Ana"].losses}
    assert found.refusals == ()
    assert "role.assigned" not in await actions()


async def test_preview_says_what_would_be_refused_and_by_which_rule(office: Office) -> None:
    changes = [add("leo", "compliance", "company"), add("ana", "author", HELP), add("ada", "viewer", "company")]
    found = await preview_changes(changes, actor=office.people.ada, access=office.access, now=NOW)
    said = [why(each) for each in found.refusals]
    assert said == ["grant.conflict", "grant.exists", "grant.self"]
    assert "access.denied" not in await actions()


def why(refusal: Refusal) -> str | None:
    if refusal.error is not None:
        return refusal.error.code
    return None if refusal.decision is None else refusal.decision.rule


async def test_preview_takes_the_sign_in_as_fresh(office: Office) -> None:
    stale = _stale(office.people.ada)
    found = await preview_changes([add("leo", "author", NEWS)], actor=stale, access=office.access, now=NOW)
    assert found.refusals == ()
    async with assert_denied(office.owner, stale, "role.assign", rule="fresh.role.assign"):
        await save(office, add("leo", "author", NEWS), by=stale)


async def test_preview_needs_the_right_to_simulate(office: Office) -> None:
    async with assert_denied(office.owner, office.people.leo, "policy.simulate"):
        await preview_changes([add("ana", "author", NEWS)], actor=office.people.leo, access=office.access, now=NOW)


async def test_held_roles_are_those_of_places_one_may_read(office: Office) -> None:
    every = ("company", "brand:care", HELP, NEWS)
    ada = await list_held(every, actor=office.people.ada, access=office.access, now=NOW)
    mia = await list_held(every, actor=office.people.mia, access=office.access, now=NOW)
    assert {each.scope for each in ada} == {"company", "brand:care", HELP, NEWS}
    assert {each.scope for each in mia} == {"brand:care", HELP}
    assert await list_held(every, actor=office.people.leo, access=office.access, now=NOW) == []


async def test_what_was_saved_last_is_counted_for_a_minute(office: Office) -> None:
    await save(office, add("noa", "viewer", HELP), now=NOW - timedelta(seconds=5))
    await save(office, add("leo", "author", NEWS), await end(office, "ana", "author"))
    assert await count_saved(actor=office.people.ada, now=NOW + timedelta(seconds=20)) == 2
    assert await count_saved(actor=office.people.ada, now=NOW + timedelta(seconds=80)) == 0
    assert await count_saved(actor=office.people.mia, now=NOW) == 0


def _stale(actor: Actor) -> Actor:
    return msgspec.structs.replace(actor, fresh=False)
