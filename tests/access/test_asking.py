"""What services see: a decision or a refusal; members, tokens, the publisher and the rest; grants that come and go."""

from collections.abc import Mapping
from uuid import UUID, uuid4

import msgspec
import pytest

from govern.access import Access, Bundle
from govern.domain.actions import Action, Decision, Grant, Reason, Requester, Role, Target
from govern.domain.members import PUBLISHER, Actor, ActorKind, Via, member_actor, system_actor, token_actor
from govern.errors import Denied, Unavailable

MIA, LEO = uuid4(), uuid4()
TREE = {"brand:music": "company", "account:help": "brand:music"}


class FakeGrants:
    """Grants in memory; `away` is a database that does not answer."""

    def __init__(self, held: dict[UUID, list[tuple[str, str]]]) -> None:
        self.held, self.away = held, False

    async def requester(self, actor_id: str, member: UUID | None) -> Requester:
        if self.away:
            raise Unavailable
        grants: dict[str, tuple[Grant, ...]] = {}
        for role, scope in self.held.get(member, []) if member else []:
            grants[scope] = (*grants.get(scope, ()), Grant(id=f"{role}@{scope}", role=role, scope=scope))
        return Requester(id=actor_id, member=str(member) if member else None, grants=grants, parents=TREE)


@pytest.fixture
def grants() -> FakeGrants:
    return FakeGrants({MIA: [("brand_manager", "brand:music")], LEO: [("agent", "account:help")]})


@pytest.fixture
def access(bundle: Bundle, grants: FakeGrants) -> Access:
    return Access(bundle, grants)


def _message(**facts: object) -> Target:
    return Target("account:help", {"author": LEO, "editors": [LEO], "edit_and_approve": False, **facts})


mia, leo = member_actor(MIA, "Mia", via=Via.API), member_actor(LEO, "Leo", via=Via.API)


async def test_a_right_gives_the_decision_that_goes_into_the_log(access: Access, bundle: Bundle) -> None:
    decision = await access.require(mia, Action.MESSAGE_APPROVE, _message())
    assert decision == Decision(
        allowed=True,
        reason=Reason.ALLOWED,
        action="message.approve",
        scope="account:help",
        digest=bundle.digest,
        rule="brand_manager.message.approve",
        via_role="brand_manager",
        via_scope="brand:music",
        via_grant="brand_manager@brand:music",
    )


async def test_author_cannot_approve_own_message_not_even_with_two_roles(access: Access, grants: FakeGrants) -> None:
    grants.held[MIA].append(("author", "company"))
    with pytest.raises(Denied) as caught:
        await access.require(mia, Action.MESSAGE_APPROVE, _message(author=MIA, editors=[MIA]))
    data = caught.value.data
    assert (data["reason"], data["rule"]) == ("denied_by_rule", "four_eyes.author")
    assert (data["action"], data["scope"]) == ("message.approve", "account:help")
    assert caught.value.detail == "You wrote this message, so another person must approve it."
    assert isinstance(data["decision"], Decision)


async def test_a_missing_right_says_which_role_it_needs(access: Access) -> None:
    with pytest.raises(Denied, match="Approving messages for @help needs the role brand manager or compliance there"):
        await access.require(leo, Action.MESSAGE_APPROVE, _message(author=MIA, editors=[]))


async def test_a_grant_and_its_end_count_for_the_very_next_question(access: Access, grants: FakeGrants) -> None:
    grants.held[LEO].append(("viewer", "company"))
    assert await access.allows(leo, Action.MESSAGE_READ, Target("company"))
    grants.held[LEO].pop()
    assert not await access.allows(leo, Action.MESSAGE_READ, Target("company"))


async def test_revoking_a_narrow_grant_keeps_the_wide_one(access: Access, grants: FakeGrants) -> None:
    grants.held[LEO] = [("agent", "account:help"), ("agent", "company")]
    grants.held[LEO].pop(0)
    assert await access.allows(leo, Action.MESSAGE_WRITE_REPLY, Target("account:help"))


async def test_a_token_has_the_rights_of_its_owner(access: Access, grants: FakeGrants) -> None:
    token = token_actor(uuid4(), "nightly", MIA)
    assert await access.allows(token, Action.MESSAGE_APPROVE, _message())
    decision = await access.decide(token, Action.MESSAGE_APPROVE, _message(author=MIA))
    assert decision.rule == "four_eyes.author"
    grants.held[MIA].clear()
    assert not await access.allows(token, Action.MESSAGE_APPROVE, _message())


PUBLISH = Target(
    "account:help",
    {"approvals_valid": 1, "approvals_required": 1, "author_may_write": True, "paused": False},
)


async def test_only_the_publishing_worker_publishes(access: Access, grants: FakeGrants) -> None:
    decision = await access.require(PUBLISHER, Action.MESSAGE_PUBLISH, PUBLISH)
    assert (decision.via_role, decision.via_scope) == ("publisher", "company")
    grants.held[MIA] += [(role, "company") for role in Role if role != Role.SUSPENDED]
    assert not await access.allows(mia, Action.MESSAGE_PUBLISH, PUBLISH)


@pytest.mark.parametrize(
    "actor",
    [
        Actor(kind=ActorKind.MEMBER, id="worker:publisher", name="x", via=Via.API),
        Actor(kind=ActorKind.MEMBER, id="worker:publisher", name="x", via=Via.API, member=LEO),
        Actor(kind=ActorKind.SYSTEM, id="worker:publisher", name="x", via=Via.JOB),
        Actor(kind=ActorKind.WORKER, id="worker:other", name="x", via=Via.JOB),
        system_actor("publisher"),
    ],
)
async def test_nobody_becomes_the_publisher_by_name(access: Access, actor: Actor) -> None:
    assert not await access.allows(actor, Action.MESSAGE_PUBLISH, PUBLISH)


async def test_the_publisher_does_nothing_else(access: Access) -> None:
    assert await access.where_can(PUBLISHER, Action.MESSAGE_READ) == frozenset()
    assert not await access.allows(PUBLISHER, Action.MESSAGE_WRITE_POST, Target("account:help"))


async def test_the_system_and_nobody_hold_nothing(access: Access) -> None:
    for actor in (system_actor("demo"), Actor(kind=ActorKind.MEMBER, id="member:x", name="x", via=Via.API)):
        assert await access.held(actor) == {}
        decision = await access.decide(actor, Action.MESSAGE_READ, Target("company"))
        assert decision.reason is Reason.NO_RULE


async def test_a_system_actor_cannot_borrow_a_member(access: Access) -> None:
    borrowed = msgspec.structs.replace(system_actor("demo"), member=MIA)
    assert not await access.allows(borrowed, Action.MESSAGE_READ, Target("account:help"))


async def test_grants_that_cannot_be_read_deny_and_say_try_again(access: Access, grants: FakeGrants) -> None:
    grants.away = True
    decision = await access.decide(mia, Action.MESSAGE_READ, Target("account:help"))
    assert (decision.allowed, decision.reason) == (False, Reason.UNAVAILABLE)
    assert decision.sentence
    with pytest.raises(Unavailable):
        await access.require(mia, Action.MESSAGE_READ, Target("account:help"))
    with pytest.raises(Unavailable):
        await access.where_can(mia, Action.MESSAGE_READ)


async def test_lists_are_filtered_by_where_one_can(access: Access) -> None:
    assert await access.where_can(mia, Action.MESSAGE_READ) == {"brand:music", "account:help"}
    assert await access.where_can(leo, Action.MESSAGE_READ) == {"account:help"}
    assert await access.where_can(leo, Action.AUDIT_READ) == frozenset()


async def test_held_shows_the_grants_by_scope(access: Access) -> None:
    held: Mapping[str, tuple[Grant, ...]] = await access.held(mia)
    assert [grant.role for grant in held["brand:music"]] == ["brand_manager"]


async def test_who_may_give_which_role_where(access: Access, grants: FakeGrants) -> None:
    manager = await access.requester(mia)
    assert access.givable_roles(manager, "account:help") == {"viewer", "author", "agent"}
    assert access.givable_roles(manager, "company") == frozenset()
    grants.held[LEO] = [("admin", "company")]
    admin = await access.requester(leo)
    assert access.givable_roles(admin, "account:help") == set(Role) - {Role.PUBLISHER}


async def test_giving_a_role_is_refused_for_oneself_above_oneself_and_in_conflict(
    access: Access, grants: FakeGrants
) -> None:
    grants.held[LEO] = [("admin", "company")]

    async def rule(
        actor: Actor, role: str, member: UUID, *held: tuple[str, str], at: str = "account:help"
    ) -> str | None:
        facts = {"member": member, "role": role, "member_grants": list(held)}
        return (await access.decide(actor, Action.ROLE_ASSIGN, Target(at, facts))).rule

    assert await rule(leo, "viewer", MIA) == "admin.role.assign"
    assert await rule(leo, "brand_manager", LEO, ("admin", "company")) == "grant.self"
    assert await rule(mia, "author", LEO) == "brand_manager.role.assign"
    assert await rule(mia, "brand_manager", LEO) == "grant.not_givable"
    assert await rule(mia, "author", LEO, at="company") == "grant.not_givable"
    assert await rule(leo, "nonsense", MIA) == "grant.not_givable"
    assert await rule(leo, "publisher", MIA) == "grant.not_givable"
    assert await rule(leo, "compliance", MIA, ("agent", "account:help"), at="company") == "grant.conflict"
    assert await rule(leo, "compliance", MIA, ("agent", "company")) == "grant.conflict"
    assert await rule(leo, "brand_manager", MIA, ("author", "company")) == "admin.role.assign"
