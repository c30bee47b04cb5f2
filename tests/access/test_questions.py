"""Who can, where can, what can: exact with facts, else yes, no or what it depends on."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from govern.access.engine import Engine
from govern.access.questions import Judge, in_order, what_can, where_can, who_can
from govern.access.weighing import Answer, Standing
from govern.domain.actions import Action, Grant, Requester, Role, Target

Make = Callable[..., Requester]
Facts = Mapping[str, object]
TREE = {"brand:music": "company", "account:help": "brand:music", "account:news": "company"}


class Moment(NamedTuple):
    engine: Engine
    people: tuple[Requester, ...]

    def requesters(self) -> Iterator[Requester]:
        return iter(self.people)


def person(name: str, *held: tuple[str, str]) -> Requester:
    grants: dict[str, tuple[Grant, ...]] = {}
    for role, scope in held:
        grants[scope] = (*grants.get(scope, ()), Grant(id=f"{name}-{role}", role=role, scope=scope))
    return Requester(id=f"member:{name}", member=name, grants=grants, parents=TREE)


LEO = person("leo", ("agent", "account:help"))
MIA = person("mia", ("brand_manager", "brand:music"))
COL = person("col", ("compliance", "company"))
SUE = person("sue", ("brand_manager", "brand:music"), ("suspended", "company"))
PEOPLE = (LEO, MIA, COL, SUE)


def said(standing: Standing) -> tuple[str, list[str], bool]:
    return standing.answer.value, [each.condition for each in standing.conditions], standing.fresh


def test_without_facts_the_answer_names_the_conditions_it_depends_on(engine: Engine) -> None:
    found = {
        each.member: said(each.standing) for each in who_can(Moment(engine, PEOPLE), "message.approve", "account:help")
    }
    assert found == {
        "mia": ("depends", ["is_author", "is_editor"], False),
        "col": ("depends", ["is_author", "is_editor"], False),
    }


def test_with_facts_the_answer_is_exact(engine: Engine, open_facts: Facts) -> None:
    facts = {**open_facts, "author": "mia"}
    found = who_can(Moment(engine, PEOPLE), "message.approve", "account:help", facts)
    assert [(each.member, said(each.standing)) for each in found] == [("col", ("yes", [], False))]


def test_who_can_names_the_grants_that_allow_it(engine: Engine) -> None:
    both = person("bo", ("author", "account:help"), ("agent", "brand:music"), ("viewer", "company"))
    (found,) = who_can(Moment(engine, (both,)), "message.write_post", "account:help")
    assert {grant.id for grant in found.grants} == {"bo-author", "bo-agent"}


def test_a_fresh_sign_in_is_named_and_never_makes_an_answer_depend(engine: Engine) -> None:
    judge = Judge(engine)
    ada = person("ada", ("admin", "company"))
    assert said(judge.standing(ada, "account.connect", "company")) == ("yes", [], True)
    assert said(judge.standing(COL, "pause.lift", "company")) == ("depends", ["own_pause"], True)
    assert said(judge.standing(LEO, "account.connect", "company")) == ("no", [], False)
    assert said(Judge(engine, {"fresh": False}).standing(ada, "account.connect", "company")) == ("no", [], False)


def test_a_condition_that_changes_nothing_is_not_named(engine: Engine) -> None:
    both = person("bo", ("agent", "account:help"), ("brand_manager", "account:help"))
    assert said(Judge(engine).standing(LEO, "message.withdraw", "account:help"))[1] == ["is_own"]
    assert said(Judge(engine).standing(both, "message.withdraw", "account:help")) == ("yes", [], False)
    assert said(Judge(engine).standing(SUE, "message.approve", "account:help")) == ("no", [], False)


def test_known_facts_narrow_what_it_depends_on(engine: Engine) -> None:
    judge = Judge(engine, {"author": "other"})
    assert said(judge.standing(MIA, "message.approve", "account:help")) == ("depends", ["is_editor"], False)


def test_where_can_follows_the_tree_and_stops_at_restrictions(engine: Engine) -> None:
    agent = person("ann", ("agent", "company"), ("suspended", "brand:music"))
    assert list(where_can(engine, agent, "message.write_post")) == ["company", "account:news"]
    assert list(where_can(engine, agent, "message.read")) == ["company", "account:news", "brand:music", "account:help"]
    assert where_can(engine, agent, "message.burn") == {}


def test_unknown_scope_is_nobody(engine: Engine, open_facts: Facts) -> None:
    ghost = person("gus", ("admin", "account:ghost"))
    assert who_can(Moment(engine, (ghost,)), "message.read", "account:ghost") == ()
    assert who_can(Moment(engine, (ghost,)), "pause.set", "account:ghost", open_facts) == ()


def test_what_can_is_a_table_of_what_is_possible(engine: Engine) -> None:
    table = what_can(engine, LEO, ["company", "account:help"])
    assert "message.approve" not in table
    assert {scope: said(each) for scope, each in table["message.direct_reply"].items()} == {
        "account:help": ("depends", ["is_plain_reply", "not_direct"], False)
    }
    assert what_can(engine, person("nil"), ["company"]) == {}


def test_scopes_come_in_the_order_of_the_tree_also_a_broken_one() -> None:
    assert in_order(
        {"account:b": "brand:x", "brand:x": "company", "account:a": "company", "account:c": "account:c"}
    ) == [
        "company",
        "account:a",
        "brand:x",
        "account:b",
        "account:c",
    ]


ROLES = st.lists(
    st.tuples(st.sampled_from([role for role in Role if role != Role.PUBLISHER]), st.sampled_from(["company", *TREE])),
    max_size=4,
)
# Values that make each condition of these actions true or false, independently.
POSSIBLE: Mapping[str, tuple[Facts, ...]] = {
    "message.approve": tuple(
        {"author": author, "editors": [editor], "edit_and_approve": False}
        for author, editor in product(("me", "other"), repeat=2)
    ),
    "message.withdraw": ({"author": "me"}, {"author": "other"}),
    "message.direct_reply": tuple(
        {"plain_reply": plain, "direct_allowed": direct, "within_hours": within}
        for plain, direct, within in product((True, False), repeat=3)
    ),
    "message.publish": tuple(
        {"approvals_valid": valid, "approvals_required": 1, "author_may_write": may, "paused": paused}
        for valid, may, paused in product((0, 1), (True, False), (True, False))
    ),
    "pause.lift": ({"pause_set_by": "me", "fresh": True}, {"pause_set_by": "other", "fresh": True}),
    "token.revoke": ({"member": "me"}, {"member": "other"}),
    "message.read": ({},),
    "audit.export": ({"fresh": True},),
}


@settings(max_examples=300, deadline=None)
@given(held=ROLES, action=st.sampled_from(sorted(POSSIBLE)), scope=st.sampled_from(["company", *TREE]))
def test_depends_is_exactly_allowed_for_some_facts_and_denied_for_others(
    engine: Engine, held: list[tuple[Role, str]], action: str, scope: str
) -> None:
    me = person("me", *held)
    outcomes = {engine.decide(me, action, Target(scope, facts)).allowed for facts in POSSIBLE[action]}
    expected = {frozenset({True}): Answer.YES, frozenset({False}): Answer.NO}.get(frozenset(outcomes), Answer.DEPENDS)
    standing = Judge(engine).standing(me, action, scope)
    assert standing.answer is expected
    assert bool(standing.conditions) == (expected is Answer.DEPENDS)


@settings(max_examples=200, deadline=None)
@given(held=ROLES, action=st.sampled_from([a for a in Action if ".read" in a]))
def test_reading_is_allowed_exactly_where_lists_show_it(
    engine: Engine, held: list[tuple[Role, str]], action: str
) -> None:
    me = person("me", *held)
    assert frozenset(where_can(engine, me, action)) == engine.where_can(me, action)
