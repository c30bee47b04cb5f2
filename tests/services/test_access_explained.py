"""Why a member may do something or not, and who could help: for those who may know."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from govern.access.weighing import Answer
from govern.domain.actions import Reason
from govern.domain.members import Actor
from govern.services.access_questions import (
    OPERATOR,
    BadFact,
    Why,
    explain_access,
)
from govern.services.grants import assign_role
from govern.services.members import UnknownMember
from tests.asserts import assert_denied
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


async def test_explanation_names_rule_and_grant_with_its_story(office: Office) -> None:
    await assign_role(
        email="vera@example.com",
        role="author",
        scope="account:Help",
        reason="Covers the summer.",
        actor=office.people.ada,
        access=office.access,
        now=clock(),
    )
    found = await why(office, "vera", "message.write_post", "account:Help", office.people.cleo)
    decision = found.explanation.decision
    assert (decision.allowed, decision.rule, decision.at, decision.version is not None) == (
        True,
        "author.message.write_post",
        found.at,
        True,
    )
    assert found.grant is not None
    assert (found.grant.role, found.grant.scope, found.grant.granted_by, found.grant.reason) == (
        "author",
        "account:Help",
        "Ada",
        "Covers the summer.",
    )
    assert found.helpers == ()


async def test_denied_explanation_names_who_could_help(office: Office) -> None:
    facts = {"author": "mia@example.com", "editors": ["mia@example.com"], "edit_and_approve": False}
    found = await why(office, "mia", "message.approve", "account:Help", office.people.cleo, facts=facts)
    assert found.explanation.decision.rule == "four_eyes.author"
    assert found.helpers is not None
    assert {each.member.name: each.standing.answer for each in found.helpers} == {
        "Bo": Answer.YES,
        "Cleo": Answer.YES,
        "Max": Answer.YES,
    }


async def test_own_why_is_always_told_but_without_the_names_of_others(office: Office) -> None:
    leo = office.people.leo
    found = await why(office, "Leo", "message.approve", "account:Help", leo)
    assert found.explanation.decision.reason is Reason.CONDITION_ERROR
    found = await why(office, "leo", "message.schedule", "account:Help", leo)
    assert found.helpers is None
    assert found.explanation.unblock is not None
    assert [role.role for role in found.explanation.unblock.roles] == ["brand_manager"]


async def test_the_why_of_others_is_for_readers_of_access(office: Office) -> None:
    leo = office.people.leo
    async with assert_denied(office.owner, leo, "access.read"):
        await why(office, "mia", "message.approve", "account:Help", leo)
    async with assert_denied(office.owner, leo, "access.read"):
        await why(office, "nobody-here", "message.approve", "account:News", leo)
    with pytest.raises(UnknownMember):
        await why(office, "nobody-here", "message.approve", "account:Help", office.people.cleo)
    with pytest.raises(UnknownMember):
        await why(office, "mia", "message.approve", "account:Help", office.people.cleo, facts={"author": "x@y.example"})


async def test_those_who_see_no_names_learn_no_addresses_from_facts(office: Office) -> None:
    facts = {"author": "nobody@example.com", "editors": [], "edit_and_approve": False}
    unknown = await why(office, "leo", "message.approve", "account:Help", office.people.leo, facts=facts)
    known = await why(
        office,
        "leo",
        "message.approve",
        "account:Help",
        office.people.leo,
        facts={**facts, "author": "mia@example.com"},
    )
    assert unknown.explanation.lines == known.explanation.lines


async def test_critical_actions_are_explained_as_if_just_signed_in(office: Office) -> None:
    told = {"member": "vera@example.com", "role": "author"}
    fresh = await why(office, "ada", "role.assign", "account:Help", OPERATOR, facts=told)
    assert fresh.explanation.decision.allowed
    stale = await why(office, "ada", "role.assign", "account:Help", OPERATOR, facts={**told, "fresh": False})
    assert stale.explanation.decision.rule == "fresh.role.assign"
    conflict = await why(
        office, "ada", "role.assign", "account:Help", OPERATOR, facts={"member": "cleo@example.com", "role": "author"}
    )
    assert conflict.explanation.decision.rule == "grant.conflict"


@pytest.mark.parametrize("facts", [{"paused": True}, {"givable": True}, {"shoe_size": 44}])
async def test_facts_the_action_does_not_read_are_refused(office: Office, facts: dict[str, object]) -> None:
    with pytest.raises(BadFact) as refused:
        await why(office, "mia", "message.approve", "account:Help", OPERATOR, facts=facts)
    assert "author, edit_and_approve, editors" in refused.value.detail
