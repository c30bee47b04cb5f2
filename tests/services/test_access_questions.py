"""Who can, where can, what can and why: for those who may know, now, as of a date, and from the log."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from govern.access.weighing import Answer, Standing
from govern.domain.actions import Reason
from govern.domain.members import Actor, system_actor, token_actor
from govern.errors import GovernError
from govern.services.access_questions import (
    OPERATOR,
    BadAction,
    BadMoment,
    BadScope,
    NothingInForce,
    WhoCan,
    Why,
    explain_access,
    read_moment,
    what_can,
    where_can,
    who_can,
)
from govern.services.grants import revoke_role
from govern.services.scope_rights import UnknownScope
from tests.asserts import assert_denied, assert_nothing_changed
from tests.factories import make_grant, make_member
from tests.services.conftest import Office

LAST_YEAR = datetime(2020, 1, 1, tzinfo=UTC)


def clock() -> datetime:
    return datetime.now(UTC)


async def why(
    office: Office,
    who: str,
    action: str,
    scope: str,
    by: Actor,
    *,
    facts: Mapping[str, object] | None = None,
    at: datetime | None = None,
) -> Why:
    return await explain_access(
        email=f"{who}@example.com",
        action=action,
        scope=scope,
        facts=facts,
        at=at,
        actor=by,
        access=office.access,
        now=clock(),
    )


async def who(
    office: Office,
    action: str,
    scope: str,
    by: Actor,
    *,
    facts: Mapping[str, object] | None = None,
    at: datetime | None = None,
) -> WhoCan:
    return await who_can(action=action, scope=scope, facts=facts, at=at, actor=by, access=office.access, now=clock())


def names(found: WhoCan) -> list[str]:
    return [each.member.name for each in found.people]


async def test_who_can_is_exact_with_facts_and_says_depends_without(office: Office) -> None:
    found = await who(office, "message.approve", "account:Help", office.people.ada)
    assert names(found) == ["Bo", "Cleo", "Max", "Mia"]
    assert {each.standing.answer for each in found.people} == {Answer.DEPENDS}
    assert [grant.reason for grant in found.people[1].grants] == ["for a test"]
    facts = {"author": "max@example.com", "editors": ["bo@example.com"], "edit_and_approve": False}
    assert names(await who(office, "message.approve", "account:Help", office.people.ada, facts=facts)) == [
        "Cleo",
        "Mia",
    ]


async def test_who_can_is_for_readers_of_that_scope(office: Office) -> None:
    assert names(await who(office, "message.write_post", "account:Help", office.people.mia)) == [
        "Ana",
        "Bo",
        "Leo",
        "Max",
        "Mia",
    ]
    async with assert_denied(office.owner, office.people.mia, "access.read"):
        await who(office, "message.write_post", "account:News", office.people.mia)
    for place in ("account:ghost", "account:News"):
        with pytest.raises(UnknownScope, match=f"no scope {place}"):
            await who(office, "message.write_post", place, office.people.mia)


async def test_only_the_operator_asks_without_a_right(office: Office) -> None:
    assert names(await who(office, "message.write_post", "account:News", OPERATOR)) == ["Noa"]
    assert names(await who(office, "message.write_post", "account:ghost", OPERATOR)) == []
    for actor in (system_actor("demo"), token_actor(uuid4(), "operator", office.people.leo.member or uuid4())):
        with pytest.raises(UnknownScope):
            await who(office, "message.write_post", "account:News", actor)


async def test_where_can_shows_others_only_where_the_reader_may_look(office: Office) -> None:
    async def where(email: str, action: str, by: Actor) -> dict[str, Standing]:
        found = await where_can(email=email, action=action, actor=by, access=office.access, now=clock())
        return {place.scope: place.standing for place in found.places}

    assert list(await where("vera@example.com", "message.read", office.people.vera)) == [
        "company",
        "brand:care",
        "account:Help",
        "brand:press",
        "account:News",
    ]
    assert list(await where("vera@example.com", "message.read", office.people.mia)) == ["brand:care", "account:Help"]
    withdraw = (await where("leo@example.com", "message.withdraw", OPERATOR))["account:Help"]
    assert [each.condition for each in withdraw.conditions] == ["is_own"]
    async with assert_denied(office.owner, office.people.leo, "access.read"):
        await where("mia@example.com", "message.read", office.people.leo)


async def test_what_can_is_a_table_of_actions_and_scopes(office: Office) -> None:
    async def what(by: Actor, scope: str | None = None) -> tuple[tuple[str, ...], dict[str, list[str]]]:
        found = await what_can(email="leo@example.com", scope=scope, actor=by, access=office.access, now=clock())
        return found.scopes, {row.action: list(row.places) for row in found.actions}

    scopes, actions = await what(office.people.leo)
    assert scopes == ("company", "brand:care", "account:Help", "brand:press", "account:News")
    assert actions["message.write_post"] == ["account:Help"]
    assert "message.approve" not in actions
    assert (await what(office.people.mia))[0] == ("brand:care", "account:Help")
    assert (await what(office.people.cleo, "brand:press")) == (("brand:press", "account:News"), {})


async def test_questions_change_nothing(office: Office) -> None:
    async with assert_nothing_changed(office.owner):
        await why(office, "leo", "message.approve", "account:Help", OPERATOR)
        await who(office, "message.approve", "account:Help", office.people.cleo)


async def test_as_of_a_date_a_grant_taken_since_still_holds(office: Office) -> None:
    zoe = await make_member("zoe")
    assert zoe.member is not None
    grant = await make_grant(zoe.member, "author", "account:News")
    between = clock()
    await revoke_role(grant, reason="Moved on.", actor=office.people.ada, access=office.access, now=clock())
    assert names(await who(office, "message.write_post", "account:News", OPERATOR)) == ["Noa"]
    then = await who(office, "message.write_post", "account:News", OPERATOR, at=between)
    assert names(then) == ["Noa", "Zoe"]
    assert then.people[1].grants[0].revoked_at is not None
    assert then.at == between
    found = await why(office, "zoe", "message.write_post", "account:News", OPERATOR, at=between)
    assert found.explanation.decision.allowed


@pytest.mark.parametrize(
    ("action", "scope", "at", "refusal"),
    [
        ("message", "company", None, BadAction),
        ("message.read; DROP", "company", None, BadAction),
        ("message.read", "Company", None, BadScope),
        ("message.read", "account:" + "x" * 16, None, BadScope),
        ("message.read", "brand:care\n", None, BadScope),
        ("message.read", "company", datetime.max.replace(tzinfo=UTC), BadMoment),
        ("message.read", "company", datetime(2026, 1, 1), BadMoment),
        ("message.read", "company", LAST_YEAR, NothingInForce),
    ],
)
async def test_malformed_questions_are_refused(
    office: Office, action: str, scope: str, at: datetime | None, refusal: type[GovernError]
) -> None:
    with pytest.raises(refusal):
        await why(office, "leo", action, scope, office.people.leo, at=at)
    with pytest.raises(refusal):
        await who(office, action, scope, OPERATOR, at=at)


async def test_well_formed_unknown_names_are_denials_in_an_explanation(office: Office) -> None:
    leo = office.people.leo
    unknown = await why(office, "leo", "message.burn", "company", leo)
    assert unknown.explanation.decision.reason is Reason.UNKNOWN_ACTION
    ghost = await why(office, "leo", "message.read", "account:ghost", leo)
    assert ghost.explanation.decision.reason is Reason.UNKNOWN_SCOPE
    with pytest.raises(BadAction):
        await who(office, "message.burn", "company", OPERATOR)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-03", datetime(2026, 5, 3, tzinfo=UTC)),
        ("2026-05-03T14:30", datetime(2026, 5, 3, 14, 30, tzinfo=UTC)),
        ("2026-05-03T14:30+02:00", datetime(2026, 5, 3, 12, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_read(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "2026-13-01T10:00", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadMoment):
        read_moment(text)
