"""What services see: a decision or a refusal; members, tokens, the publisher and the rest; grants that come and go."""

from collections.abc import Mapping
from uuid import UUID, uuid4

import msgspec
import pytest

from govern.access import Access, Bundle
from govern.domain.actions import Action, Decision, Grant, Reason, Role, Target, TokenLimit
from govern.domain.members import PUBLISHER, Actor, ActorKind, Via, member_actor, system_actor, token_actor
from govern.errors import Denied, Unavailable
from tests.access.fakes import FakeSource

MIA, LEO = uuid4(), uuid4()


@pytest.fixture
def grants(bundle: Bundle) -> FakeSource:
    source = FakeSource(bundle.digest)
    source.give(MIA, "brand_manager", "brand:music")
    source.give(LEO, "agent", "account:help")
    return source


@pytest.fixture
def access(bundle: Bundle, grants: FakeSource) -> Access:
    return Access(bundle, grants)


def _message(**facts: object) -> Target:
    return Target("account:help", {"author": LEO, "editors": [LEO], "edit_and_approve": False, **facts})


mia = member_actor(MIA, "Mia", via=Via.API, fresh=True)
leo = member_actor(LEO, "Leo", via=Via.API, fresh=True)


async def test_a_right_gives_the_decision_that_goes_into_the_log(
    access: Access, bundle: Bundle, grants: FakeSource
) -> None:
    grants.transaction = True
    decision = await access.require(mia, Action.MESSAGE_APPROVE, _message())
    assert decision == Decision(
        allowed=True,
        reason=Reason.ALLOWED,
        action="message.approve",
        scope="account:help",
        digest=bundle.digest,
        version=grants.version,
        at=grants.now,
        rule="brand_manager.message.approve",
        via_role="brand_manager",
        via_scope="brand:music",
        via_grant="brand_manager@brand:music/0",
    )


async def test_author_cannot_approve_own_message_not_even_with_two_roles(access: Access, grants: FakeSource) -> None:
    grants.transaction = True
    grants.give(MIA, "author", "company")
    with pytest.raises(Denied) as caught:
        await access.require(mia, Action.MESSAGE_APPROVE, _message(author=MIA, editors=[MIA]))
    data = caught.value.data
    assert (data["reason"], data["rule"]) == ("denied_by_rule", "four_eyes.author")
    assert (data["action"], data["scope"]) == ("message.approve", "account:help")
    assert caught.value.detail == "You wrote this message, so another person must approve it."
    assert isinstance(data["decision"], Decision)


async def test_a_missing_right_says_which_role_it_needs(access: Access, grants: FakeSource) -> None:
    grants.transaction = True
    with pytest.raises(Denied, match="Approving messages for @help needs the role brand manager or compliance there"):
        await access.require(leo, Action.MESSAGE_APPROVE, _message(author=MIA, editors=[]))


async def test_a_grant_and_its_end_count_for_the_very_next_question(access: Access, grants: FakeSource) -> None:
    given = grants.give(LEO, "viewer", "company")
    assert await access.allows(leo, Action.MESSAGE_READ, Target("company"))
    grants.take(given)
    assert not await access.allows(leo, Action.MESSAGE_READ, Target("company"))


async def test_revoking_a_narrow_grant_keeps_the_wide_one(access: Access, grants: FakeSource) -> None:
    grants.give(LEO, "agent", "company")
    grants.take("agent@account:help/1")
    assert await access.allows(leo, Action.MESSAGE_WRITE_REPLY, Target("account:help"))


async def test_a_token_has_the_rights_of_its_owner(access: Access, grants: FakeSource) -> None:
    token = token_actor(uuid4(), "nightly", MIA)
    assert await access.allows(token, Action.MESSAGE_APPROVE, _message())
    decision = await access.decide(token, Action.MESSAGE_APPROVE, _message(author=MIA))
    assert decision.rule == "four_eyes.author"
    grants.take("brand_manager@brand:music/0")
    assert not await access.allows(token, Action.MESSAGE_APPROVE, _message())


PUBLISH = Target(
    "account:help",
    {"approvals_valid": 1, "approvals_required": 1, "author_may_write": True, "paused": False},
)


async def test_only_the_publishing_worker_publishes(access: Access, grants: FakeSource) -> None:
    grants.transaction = True
    decision = await access.require(PUBLISHER, Action.MESSAGE_PUBLISH, PUBLISH)
    assert (decision.via_role, decision.via_scope) == ("publisher", "company")
    for role in Role:
        if role != Role.SUSPENDED:
            grants.give(MIA, role, "company")
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


async def test_grants_that_cannot_be_read_deny_and_say_try_again(access: Access, grants: FakeSource) -> None:
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


async def test_who_may_give_which_role_where(access: Access, grants: FakeSource) -> None:
    manager = await access.requester(mia)
    assert access.givable_roles(manager, "account:help") == {"viewer", "author", "agent"}
    assert access.givable_roles(manager, "company") == frozenset()
    grants.take("agent@account:help/1")
    grants.give(LEO, "admin", "company")
    admin = await access.requester(leo)
    assert access.givable_roles(admin, "account:help") == set(Role) - {Role.PUBLISHER}


async def test_giving_a_role_is_refused_for_oneself_above_oneself_and_in_conflict(
    access: Access, grants: FakeSource
) -> None:
    grants.take("agent@account:help/1")
    grants.give(LEO, "admin", "company")

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


async def test_an_action_with_effect_is_decided_in_the_transaction_that_does_it(access: Access) -> None:
    with pytest.raises(RuntimeError, match="in the transaction that does it"):
        await access.require(mia, Action.MESSAGE_APPROVE, _message())


async def test_changing_access_begins_with_the_lock(access: Access, grants: FakeSource) -> None:
    grants.transaction = True
    target = Target("account:help", {"member": LEO, "role": "viewer", "member_grants": []})
    with pytest.raises(RuntimeError, match=r"begins with access\.lock"):
        await access.require(mia, Action.ROLE_ASSIGN, target)
    await access.lock()
    assert (await access.require(mia, Action.ROLE_ASSIGN, target)).allowed


async def test_a_critical_action_needs_a_fresh_sign_in_whatever_the_facts_say(
    access: Access, grants: FakeSource
) -> None:
    stale = member_actor(MIA, "Mia", via=Via.PANEL)
    target = Target("account:help", {"member": LEO, "role": "viewer", "member_grants": [], "fresh": True})
    assert (await access.decide(stale, Action.ROLE_ASSIGN, target)).rule == "fresh.role.assign"
    assert (await access.decide(mia, Action.ROLE_ASSIGN, target)).allowed
    assert await access.allows(stale, Action.ROLE_ASSIGN, target), "the button is there; the form asks for the proof"


async def test_a_token_stays_within_its_limit_and_its_owner(access: Access, grants: FakeSource) -> None:
    grants.give(MIA, "viewer", "company")

    def token(*actions: str, scope: str = "company") -> Actor:
        limit = TokenLimit(actions=frozenset(actions) or None, scope=scope)
        return token_actor(uuid4(), "nightly", MIA, limit=limit)

    read, here = Action.MESSAGE_READ, Target("account:help")
    assert await access.allows(token("message.read"), read, here)
    assert (await access.decide(token("report.read"), read, here)).reason is Reason.TOKEN_LIMIT
    assert (await access.decide(token(scope="account:help"), read, Target("brand:music"))).reason is Reason.TOKEN_LIMIT
    assert await access.allows(token(scope="brand:music"), read, here)
    assert await access.where_can(token(scope="brand:music"), read) == {"brand:music", "account:help"}
    assert await access.where_can(token("report.read"), read) == frozenset()
    assert (await access.decide(token("audit.read"), Action.AUDIT_READ, Target("company"))).reason is Reason.NO_RULE


async def test_a_token_never_does_what_is_critical(access: Access) -> None:
    for action, spec in access.bundle.actions.items():
        if spec.risk == "critical":
            decision = await access.decide(token_actor(uuid4(), "nightly", MIA), Action(action), Target("account:help"))
            assert decision.reason is Reason.TOKEN_LIMIT, action
