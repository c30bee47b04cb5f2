"""The engine denies in every doubt, names its rule, keeps no state, and tells nobody the facts."""

import gc
import logging
from collections.abc import Callable, Iterator, Mapping
from uuid import uuid4

import casbin
import pytest
from casbin.util.log import configure_logging

from govern.access.bundle import Bundle
from govern.access.conditions import CONDITIONS
from govern.access.enforcers import ActionEnforcer
from govern.access.engine import Engine
from govern.access.roles import GrantedRoles
from govern.domain.actions import Action, Decision, Grant, Reason, Requester, Role, Target

Make = Callable[..., Requester]
Facts = Mapping[str, object]
TREE = {"brand:music": "company", "account:help": "brand:music", "account:news": "company"}
SCOPES = ["company", *TREE]


def test_a_decision_is_not_a_bool() -> None:
    decision = Decision(allowed=False, reason=Reason.NO_RULE, action="x", scope="company", digest="d")
    with pytest.raises(TypeError, match="allowed"):
        bool(decision)


def test_a_grant_holds_at_its_scope_and_below_only(engine: Engine, make_requester: Make) -> None:
    manager = make_requester(("viewer", "brand:music"))
    allowed = {scope for scope in SCOPES if engine.decide(manager, Action.MESSAGE_READ, Target(scope)).allowed}
    assert allowed == {"brand:music", "account:help"}


def test_an_answer_names_rule_role_scope_grant_and_digest(engine: Engine, bundle: Bundle, make_requester: Make) -> None:
    found = engine.decide(make_requester(("viewer", "company")), Action.MESSAGE_READ, Target("account:help"))
    assert (found.rule, found.via_role, found.via_scope, found.via_grant) == (
        "viewer.message.read",
        "viewer",
        "company",
        "g0",
    )
    assert found.digest == bundle.digest
    assert found.reason is Reason.ALLOWED


def test_a_deny_above_beats_a_nearer_allow(engine: Engine, make_requester: Make) -> None:
    both = make_requester(("agent", "account:help"), ("suspended", "company"))
    decision = engine.decide(both, Action.MESSAGE_WRITE_REPLY, Target("account:help"))
    assert decision.rule == "suspended.message.write_reply"


def test_unknown_action_scope_and_fact_are_denied(engine: Engine, make_requester: Make) -> None:
    admin = make_requester(("admin", "company"))
    assert engine.decide(admin, "message.burn", Target("company")).reason is Reason.UNKNOWN_ACTION
    assert engine.decide(admin, Action.MESSAGE_READ, Target("account:ghost")).reason is Reason.UNKNOWN_SCOPE
    assert engine.decide(admin, Action.MESSAGE_READ, Target("account:HELP")).reason is Reason.UNKNOWN_SCOPE
    typo = engine.decide(admin, Action.MESSAGE_READ, Target("company", {"shoe_size": "x"}))
    assert typo.reason is Reason.CONDITION_ERROR


def test_a_missing_or_mistyped_fact_denies(engine: Engine, make_requester: Make, open_facts: Facts) -> None:
    manager = make_requester(("brand_manager", "company"))
    assert engine.decide(manager, Action.MESSAGE_APPROVE, Target("company", open_facts)).allowed
    for name, wrong in (("author", 7), ("editors", "me"), ("edit_and_approve", 1), ("editors", [None])):
        facts = {**open_facts, name: wrong}
        decision = engine.decide(manager, Action.MESSAGE_APPROVE, Target("company", facts))
        assert decision.reason is Reason.CONDITION_ERROR, name
    assert engine.decide(manager, Action.MESSAGE_APPROVE, Target("company")).reason is Reason.CONDITION_ERROR
    assert engine.decide(manager, Action.ROLE_ASSIGN, Target("company")).reason is Reason.CONDITION_ERROR


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("", Target("company")),
        (None, Target("company")),
        (Action.MESSAGE_READ, Target("")),
        (Action.MESSAGE_READ, Target(None)),  # type: ignore[arg-type]  # what a caller might do
        (Action.MESSAGE_READ, Target("company", [("author", "me")])),  # type: ignore[arg-type]  # the same
        (Action.MESSAGE_READ, "company"),
    ],
)
def test_a_malformed_question_is_a_fault_of_the_caller(
    engine: Engine, make_requester: Make, action: str, target: Target
) -> None:
    with pytest.raises(TypeError):
        engine.decide(make_requester(("admin", "company")), action, target)


@pytest.mark.parametrize("subject", ["admin", {"id": "admin"}, casbin.core_enforcer.EnforceContext("r", "p", "e", "m")])
def test_the_subject_must_be_a_requester(engine: Engine, subject: Requester) -> None:
    with pytest.raises(TypeError):
        engine.decide(subject, Action.MESSAGE_READ, Target("company"))


@pytest.mark.parametrize("name", [*Role, "everyone"])
def test_a_subject_named_like_a_role_without_grants_may_do_nothing(
    engine: Engine, make_requester: Make, open_facts: Facts, name: str
) -> None:
    subject = make_requester(member=name, name=name)
    for action in Action:
        facts = {**open_facts, "member": "other"}
        assert not engine.decide(subject, action, Target("company", facts)).allowed, action


def test_the_role_reader_is_truthy_because_casbin_compares_names_for_a_falsy_one() -> None:
    assert bool(GrantedRoles()) is True
    assert not hasattr(GrantedRoles, "__len__")
    assert "__bool__" not in vars(GrantedRoles)
    with pytest.raises(RuntimeError):
        GrantedRoles().add_link("me", "admin", "company")


def test_no_rules_deny(bundle: Bundle, make_requester: Make) -> None:
    empty = ActionEnforcer(bundle.model, [], twice=True)
    assert empty.answer(make_requester(("admin", "company")), "company", "message.read", {}) == (False, None)


def test_a_switched_off_enforcer_denies(bundle: Bundle, make_requester: Make) -> None:
    engine = Engine(bundle)
    engine._enforcers["message.read"]._ours.enable_enforce(False)
    decision = engine.decide(make_requester(("admin", "company")), Action.MESSAGE_READ, Target("company"))
    assert decision.reason is Reason.EVALUATORS_DISAGREE


def test_evaluators_that_disagree_deny(bundle: Bundle, make_requester: Make) -> None:
    engine = Engine(bundle)
    stock = engine._enforcers["pause.set"]._stock
    assert stock is not None
    stock.model["p"]["p"].policy.clear()
    decision = engine.decide(make_requester(("admin", "company")), Action.PAUSE_SET, Target("company"))
    assert (decision.allowed, decision.reason) == (False, Reason.EVALUATORS_DISAGREE)


def test_actions_with_effect_are_decided_by_both_evaluators(engine: Engine, bundle: Bundle) -> None:
    for action, spec in bundle.actions.items():
        assert (engine._enforcers[action]._stock is not None) is spec.effect


def test_each_enforcer_has_a_model_of_its_own(engine: Engine) -> None:
    enforcers = [each for pair in engine._enforcers.values() for each in (pair._ours, pair._stock) if each is not None]
    assert len({id(each.model) for each in enforcers}) == len(enforcers)


def test_denials_leave_nothing_behind(engine: Engine, make_requester: Make) -> None:
    def ask(number: int) -> None:
        stranger = make_requester(name=f"member:{number}", member=str(number))
        engine.decide(stranger, Action.MESSAGE_READ, Target(f"account:{number}" if number % 2 else "account:help"))

    for number in range(100):
        ask(number)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(20_000):
        ask(number)
    gc.collect()
    assert len(gc.get_objects()) - before < 50


def test_a_changed_answer_does_not_change_the_rules(engine: Engine, bundle: Bundle, make_requester: Make) -> None:
    _, matched = engine._enforcers["message.read"].answer(
        make_requester(("viewer", "company")), "company", "message.read", {}
    )
    assert isinstance(matched, tuple)
    assert matched in bundle.rows["message.read"]


@pytest.fixture
def casbin_loggers() -> Iterator[list[logging.Logger]]:
    """Casbin's loggers, put back as they were."""
    names = ["casbin", "casbin.policy", "casbin.enforcer", "casbin.role", "casbin.silent"]
    loggers = [logging.getLogger(name) for name in names]
    kept = [(each.handlers[:], each.level, each.disabled, each.propagate) for each in loggers]
    yield loggers
    for each, (handlers, level, disabled, propagate) in zip(loggers, kept, strict=True):
        each.handlers[:] = handlers
        each.setLevel(level)
        each.disabled, each.propagate = disabled, propagate


@pytest.mark.parametrize("logging_first", [True, False])
def test_facts_never_reach_a_log(
    bundle: Bundle,
    make_requester: Make,
    open_facts: Facts,
    casbin_loggers: list[logging.Logger],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    logging_first: bool,
) -> None:
    if logging_first:
        configure_logging()
    engine = Engine(bundle)
    if not logging_first:
        configure_logging()
    for each in casbin_loggers:
        each.disabled, each.propagate = False, True
        each.setLevel(logging.DEBUG)
    marker = "secret-marker"
    manager = make_requester(("brand_manager", "company"), member=marker)
    for wrong in ({"author": marker}, {"editors": marker}, {"edit_and_approve": marker}, {"approvals_valid": marker}):
        engine.decide(manager, Action.MESSAGE_APPROVE, Target("company", {**open_facts, **wrong}))
    told = capsys.readouterr()
    assert marker not in told.out + told.err + caplog.text


def test_derived_facts_cannot_be_given(engine: Engine, make_requester: Make, open_facts: Facts) -> None:
    manager = make_requester(("brand_manager", "company"))
    facts = {**open_facts, "role": "admin", "givable": True}
    assert engine.decide(manager, Action.ROLE_ASSIGN, Target("company", facts)).reason is Reason.CONDITION_ERROR


def test_members_may_be_named_by_uuid_or_text(engine: Engine, make_requester: Make, open_facts: Facts) -> None:
    me = uuid4()
    manager = make_requester(("brand_manager", "company"), member=str(me))
    for author in (me, str(me)):
        facts = {**open_facts, "author": author}
        assert engine.decide(manager, Action.MESSAGE_APPROVE, Target("company", facts)).rule == "four_eyes.author"


def test_where_can_lists_scopes_with_those_below_and_without_restricted_ones(
    engine: Engine, make_requester: Make
) -> None:
    assert engine.where_can(make_requester(("viewer", "brand:music")), Action.MESSAGE_READ) == {
        "brand:music",
        "account:help",
    }
    restricted = make_requester(("agent", "company"), ("suspended", "brand:music"))
    assert engine.where_can(restricted, Action.MESSAGE_WRITE_POST) == {"company", "account:news"}
    assert engine.where_can(make_requester(), Action.MESSAGE_READ) == frozenset()
    assert engine.where_can(make_requester(("agent", "company")), Action.MESSAGE_WITHDRAW) == frozenset()
    assert engine.where_can(make_requester(("admin", "company")), "message.burn") == frozenset()


def test_a_broken_scope_tree_ends_and_denies(engine: Engine) -> None:
    circle = {"account:a": "brand:b", "brand:b": "account:a"}
    grant = Grant(id="g", role="admin", scope="company")
    lost = Requester(id="member:me", member="me", grants={"company": (grant,)}, parents=circle)
    assert engine.decide(lost, Action.AUDIT_READ, Target("account:a")).reason is Reason.NO_RULE


def test_every_condition_is_named_by_a_rule(bundle: Bundle) -> None:
    assert {row.cond for rows in bundle.rows.values() for row in rows} == set(CONDITIONS)
