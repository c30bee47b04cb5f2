"""What holds for any grants: nothing leaks sideways, restrictions only take away, the order of rules is irrelevant."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from govern.access.bundle import Bundle
from govern.access.enforcers import ActionEnforcer
from govern.access.engine import Engine
from govern.access.rows import Row
from govern.domain.actions import Action, Grant, Requester, Role, Target

Facts = Mapping[str, object]
TREE = {"brand:music": "company", "account:help": "brand:music", "account:news": "company"}
SCOPES = ["company", *TREE]
GRANTS = st.lists(st.tuples(st.sampled_from(list(Role)), st.sampled_from(SCOPES)), max_size=4)


def _requester(held: list[tuple[Role, str]]) -> Requester:
    grants: dict[str, tuple[Grant, ...]] = {}
    for role, scope in held:
        grants[scope] = (*grants.get(scope, ()), Grant(id="g", role=role, scope=scope))
    return Requester(id="member:me", member="me", grants=grants, parents=TREE)


@settings(max_examples=60, deadline=None)
@given(held=GRANTS, extra=GRANTS.filter(bool), action=st.sampled_from(list(Action)), own=st.booleans())
def test_a_grant_adds_nothing_outside_its_subtree_and_a_restriction_adds_nothing(
    engine: Engine,
    open_facts: Facts,
    held: list[tuple[Role, str]],
    extra: list[tuple[Role, str]],
    action: Action,
    own: bool,
) -> None:
    facts = {**open_facts, "author": "me" if own else "other", "member": "me" if own else "other"}
    role, place = extra[0]
    before, after = _requester(held), _requester([*held, (role, place)])
    for scope in SCOPES:
        old = engine.decide(before, action, Target(scope, facts)).allowed
        new = engine.decide(after, action, Target(scope, facts)).allowed
        if place not in set(before.above(scope)):
            assert old == new
        elif role in {Role.SUSPENDED, Role.OFFICE_HOURS_ONLY}:
            assert old or not new
        else:
            assert new or not old


@settings(max_examples=60, deadline=None)
@given(data=st.data(), held=GRANTS, action=st.sampled_from(list(Action)), scope=st.sampled_from(SCOPES))
def test_the_order_of_rules_is_irrelevant(
    engine: Engine,
    bundle: Bundle,
    open_facts: Facts,
    data: st.DataObject,
    held: list[tuple[Role, str]],
    action: Action,
    scope: str,
) -> None:
    shuffled: list[Row] = data.draw(st.permutations(bundle.rows[action]))
    facts = {**open_facts, "givable": True, "conflicts": []}
    requester = _requester(held)
    orderly = ActionEnforcer(bundle.model, bundle.rows[action], twice=False)
    mixed = ActionEnforcer(bundle.model, shuffled, twice=False)
    assert orderly.answer(requester, scope, action, facts)[0] == mixed.answer(requester, scope, action, facts)[0]


@settings(max_examples=80, deadline=None)
@given(held=GRANTS, action=st.sampled_from([action for action in Action if ".read" in action]))
def test_a_list_shows_exactly_what_each_row_would_allow(
    engine: Engine, held: list[tuple[Role, str]], action: Action
) -> None:
    requester = _requester(held)
    rows = {scope for scope in SCOPES if engine.decide(requester, action, Target(scope)).allowed}
    assert engine.where_can(requester, action) == rows
