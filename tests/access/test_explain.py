"""Why: each rule with what is known of it, the one that decided, and who or what could help."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.access.bundle import Bundle
from govern.access.engine import Engine
from govern.access.explain import Explanation, decided_sentence, explain, find_rule, unblock_denial
from govern.access.rows import ALLOW, DENY
from govern.access.weighing import Answer, RuleLine
from govern.domain.actions import Action, Decision, Grant, Reason, Requester, Role, Target

Make = Callable[..., Requester]
Facts = Mapping[str, object]
TREE = {"brand:music": "company", "account:help": "brand:music", "account:news": "company"}
SCOPES = ["company", *TREE]
GRANTS = st.lists(st.tuples(st.sampled_from(list(Role)), st.sampled_from(SCOPES)), max_size=4)
PERSON = st.sampled_from(["me", "other", None, 7])
FLAG = st.sampled_from([True, False, None, "yes"])
COUNT = st.sampled_from([0, 1, 2, None, True])
VALUES: Mapping[str, st.SearchStrategy[object]] = {
    "author": PERSON,
    "editors": st.sampled_from([["me"], ["other"], [], None, "me"]),
    "edit_and_approve": FLAG,
    "approvals_valid": COUNT,
    "approvals_required": COUNT,
    "author_may_write": FLAG,
    "paused": FLAG,
    "pause_set_by": PERSON,
    "plain_reply": FLAG,
    "direct_allowed": FLAG,
    "within_hours": FLAG,
    "member": PERSON,
    "role": st.sampled_from(["viewer", "admin", "author", None, 7]),
    "member_grants": st.sampled_from([[], [["compliance", "company"]], None, "none"]),
    "fresh": FLAG,
}
FACTS = st.fixed_dictionaries({}, optional=VALUES)


def requester(held: list[tuple[Role, str]]) -> Requester:
    grants: dict[str, tuple[Grant, ...]] = {}
    for number, (role, scope) in enumerate(held):
        grants[scope] = (*grants.get(scope, ()), Grant(id=f"g{number}", role=role, scope=scope))
    return Requester(id="member:me", member="me", grants=grants, parents=TREE)


def expected_rule(lines: tuple[RuleLine, ...]) -> tuple[bool, str | None]:
    """The first deny that matches; without one the last allow, as Casbin names it."""
    denies = [line.rule for line in lines if line.matched and line.effect == DENY]
    allows = [line.rule for line in lines if line.matched and line.effect == ALLOW]
    return (False, denies[0]) if denies else (bool(allows), allows[-1] if allows else None)


def decided(found: Explanation) -> list[str]:
    return [line.rule for line in found.lines if line.decided]


@settings(max_examples=400, deadline=None)
@given(
    held=GRANTS, action=st.sampled_from(list(Action)), scope=st.sampled_from([*SCOPES, "account:ghost"]), facts=FACTS
)
def test_explanation_says_exactly_what_the_engine_decided(
    engine: Engine, held: list[tuple[Role, str]], action: Action, scope: str, facts: Facts
) -> None:
    found = explain(engine, requester(held), action, Target(scope, facts))
    decision = engine.decide(requester(held), action, Target(scope, facts))
    assert found.decision == decision
    assert decided(found) == ([decision.rule] if decision.rule else [])
    if decision.reason in {Reason.ALLOWED, Reason.DENIED_BY_RULE, Reason.NO_RULE}:
        assert expected_rule(found.lines) == (decision.allowed, decision.rule)
    if decision.reason is Reason.CONDITION_ERROR:
        assert any(line.held and line.value is None for line in found.lines)
    assert (found.unblock is None) or not decision.allowed


@settings(max_examples=400, deadline=None)
@given(held=GRANTS, action=st.sampled_from(list(Action)), scope=st.sampled_from(SCOPES), facts=FACTS)
def test_standing_agrees_with_every_decision(
    engine: Engine, held: list[tuple[Role, str]], action: Action, scope: str, facts: Facts
) -> None:
    found = explain(engine, requester(held), action, Target(scope, facts))
    if found.standing.answer is Answer.YES and not found.standing.fresh:
        assert found.decision.allowed or found.decision.reason is Reason.CONDITION_ERROR
    if found.standing.answer is Answer.NO:
        assert not found.decision.allowed
    if found.decision.allowed:
        assert found.standing.answer is Answer.YES


def test_each_rule_of_the_action_is_told_in_the_order_decided(
    engine: Engine, bundle: Bundle, make_requester: Make, open_facts: Facts
) -> None:
    manager = make_requester(("brand_manager", "brand:music"))
    found = explain(engine, manager, Action.MESSAGE_APPROVE, Target("account:help", {**open_facts, "author": "me"}))
    assert [line.rule for line in found.lines] == [row.id for row in bundle.rows["message.approve"]]
    author = next(line for line in found.lines if line.decided)
    assert (author.rule, author.effect, author.role, author.held, author.grant) == (
        "four_eyes.author",
        "deny",
        "everyone",
        True,
        None,
    )
    assert (author.condition, author.value, author.matched, author.label.fr) == (
        "is_author",
        True,
        True,
        "tout le monde",
    )
    assert author.sentence.en.startswith("You wrote this message")
    mine = next(line for line in found.lines if line.role == "brand_manager")
    assert mine.grant == Grant(id="g0", role="brand_manager", scope="brand:music")
    assert (mine.matched, mine.decided) == (True, False)
    theirs = next(line for line in found.lines if line.role == "compliance")
    assert (theirs.held, theirs.grant, theirs.matched) == (False, None, False)


def test_denied_by_four_eyes_names_the_roles_that_could_approve(
    engine: Engine, make_requester: Make, open_facts: Facts
) -> None:
    manager = make_requester(("brand_manager", "brand:music"))
    found = explain(engine, manager, Action.MESSAGE_APPROVE, Target("account:help", {**open_facts, "author": "me"}))
    assert found.unblock is not None
    assert (found.unblock.action, found.unblock.scope) == ("message.approve", "account:help")
    assert found.unblock.scopes == ("account:help", "brand:music", "company")
    assert [role.role for role in found.unblock.roles] == ["brand_manager", "compliance"]
    assert found.unblock.facts["author"] == "me"


def test_without_a_rule_the_roles_that_would_allow_it_are_named_with_their_limits(
    engine: Engine, make_requester: Make
) -> None:
    viewer = make_requester(("viewer", "company"))
    own = explain(engine, viewer, Action.MESSAGE_WITHDRAW, Target("account:help", {"author": "me"})).unblock
    other = explain(engine, viewer, Action.MESSAGE_WITHDRAW, Target("account:help", {"author": "other"})).unblock
    assert own is not None
    assert other is not None
    assert [(role.role, role.only.en if role.only else None) for role in own.roles] == [
        ("author", "own messages"),
        ("agent", "own messages"),
        ("brand_manager", None),
        ("compliance", None),
    ]
    assert [role.role for role in other.roles] == ["brand_manager", "compliance"]


def test_nobody_is_told_to_become_the_publisher(engine: Engine, make_requester: Make, open_facts: Facts) -> None:
    found = explain(engine, make_requester(("admin", "company")), Action.MESSAGE_PUBLISH, Target("company", open_facts))
    assert found.decision.reason is Reason.NO_RULE
    assert found.unblock is not None
    assert found.unblock.roles == ()


def test_a_restriction_is_lifted_by_who_may_take_that_very_role(engine: Engine, make_requester: Make) -> None:
    agent = make_requester(("agent", "account:help"), ("suspended", "brand:music"))
    found = explain(engine, agent, Action.MESSAGE_WRITE_POST, Target("account:help"))
    assert found.decision.rule == "suspended.message.write_post"
    assert found.unblock is not None
    assert (found.unblock.action, found.unblock.scope) == ("role.revoke", "brand:music")
    assert [role.role for role in found.unblock.roles] == ["admin"]  # a brand manager does not give `suspended`


def test_a_restriction_with_a_condition_is_passed_by_its_own_way(
    engine: Engine, make_requester: Make, open_facts: Facts
) -> None:
    late = make_requester(("brand_manager", "account:help"), ("office_hours_only", "company"))
    found = explain(
        engine, late, Action.MESSAGE_DIRECT_POST, Target("account:help", {**open_facts, "within_hours": False})
    )
    assert found.unblock is not None
    assert found.unblock.action == "message.approve"


def test_a_stale_sign_in_is_helped_by_signing_in(engine: Engine, make_requester: Make, open_facts: Facts) -> None:
    officer = make_requester(("compliance", "company"))
    found = explain(engine, officer, Action.PAUSE_LIFT, Target("company", {**open_facts, "fresh": False}))
    assert found.decision.rule == "fresh.pause.lift"
    assert found.unblock is not None
    assert (found.unblock.sign_in, found.unblock.action) == (True, None)


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ({"author": "other"}, ("edit_and_approve", "editors")),
        ({"author": "other", "editors": ["other"]}, ("edit_and_approve",)),
        ({"author": 7, "editors": ["other"], "edit_and_approve": False}, ("author",)),
    ],
)
def test_facts_nobody_told_are_named(
    engine: Engine, make_requester: Make, facts: Facts, missing: tuple[str, ...]
) -> None:
    found = explain(
        engine, make_requester(("brand_manager", "company")), Action.MESSAGE_APPROVE, Target("company", facts)
    )
    assert found.decision.reason is Reason.CONDITION_ERROR
    assert found.unblock is not None
    assert found.unblock.missing == missing
    assert found.standing.answer is Answer.DEPENDS


def test_a_question_with_missing_facts_is_no_warning(
    engine: Engine, make_requester: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    explain(engine, make_requester(("brand_manager", "company")), Action.MESSAGE_APPROVE, Target("company"))
    assert "warning" not in "".join(capsys.readouterr())
    engine.decide(make_requester(("brand_manager", "company")), Action.MESSAGE_APPROVE, Target("company"))
    assert "warning" in "".join(capsys.readouterr())


def test_facts_from_which_others_follow_are_named_instead(engine: Engine, make_requester: Make) -> None:
    admin = make_requester(("admin", "company"))
    found = explain(engine, admin, Action.ROLE_ASSIGN, Target("company", {"member": "other", "fresh": True}))
    assert found.unblock is not None
    assert found.unblock.missing == ("member_grants", "role")


def test_unknown_action_and_scope_have_no_rules_and_no_help(engine: Engine, make_requester: Make) -> None:
    admin = make_requester(("admin", "company"))
    for action, scope in (("message.burn", "company"), (Action.MESSAGE_READ, "account:ghost")):
        found = explain(engine, admin, action, Target(scope))
        assert (found.lines, found.unblock, found.standing.answer) == ((), None, Answer.NO)


def test_rules_are_found_by_id_with_their_words(engine: Engine, bundle: Bundle) -> None:
    for rows in bundle.rows.values():
        for row in rows:
            found = find_rule(engine, row.id)
            assert found is not None
            assert (found.effect, found.role, found.action) == (row.eft, row.role, row.act)
            assert found.sentence.en
            assert found.sentence.fr
    plain = find_rule(engine, "agent.message.direct_reply")
    assert plain is not None
    assert plain.sentence.en == "The role agent allows: Send replies without approval (only plain replies)."
    assert find_rule(engine, "no.such.rule") is None


def test_a_recorded_denial_is_helped_without_its_facts(engine: Engine, make_requester: Make) -> None:
    decision = Decision(
        allowed=False,
        reason=Reason.DENIED_BY_RULE,
        action="message.approve",
        scope="account:help",
        digest="d",
        rule="four_eyes.author",
    )
    found = unblock_denial(engine, make_requester(), decision)
    assert found is not None
    assert [role.role for role in found.roles] == ["brand_manager", "compliance"]


def test_a_denial_without_a_rule_still_has_a_sentence(engine: Engine) -> None:
    def sentence(reason: Reason, action: str) -> str | None:
        decision = Decision(allowed=False, reason=reason, action=action, scope="company", digest="d")
        found = decided_sentence(engine, decision)
        return found.en if found else None

    assert (
        sentence(Reason.NO_RULE, "audit.read")
        == "Reading the audit log of the company needs the role compliance or admin there."
    )
    assert sentence(Reason.TOKEN_LIMIT, "audit.read") == "This API token may not do that."
    assert sentence(Reason.NO_RULE, "message.burn") is None
