"""The shipped policy keeps its promises: cases, invariants, the golden table, and words for every refusal."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
import yaml

from govern.access.bundle import Bundle
from govern.access.cases import possible_sets, run_cases, run_invariants
from govern.access.engine import Engine
from govern.access.matrix import matrix
from govern.access.rows import ALLOW, DENY
from govern.domain.actions import Action, Reason, Requester, Role, Target

CASES = ("roles.yaml", "guards.yaml")


def _read(folder: Path, name: str) -> object:
    return yaml.safe_load((folder / "tests" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_every_case_of_the_policy_holds(engine: Engine, policy_folder: Path, name: str) -> None:
    assert run_cases(engine, _read(policy_folder, name)).failures == []


def test_every_rule_decides_a_case(engine: Engine, bundle: Bundle, policy_folder: Path) -> None:
    decided = set().union(*(run_cases(engine, _read(policy_folder, name)).decided for name in CASES))
    assert {row.id for rows in bundle.rows.values() for row in rows} - decided == set()


def test_every_invariant_holds_over_every_possible_set_of_roles(engine: Engine, policy_folder: Path) -> None:
    assert run_invariants(engine, _read(policy_folder, "invariants.yaml")) == []


def test_possible_sets_leave_out_conflicts_and_keep_author_with_brand_manager(bundle: Bundle) -> None:
    sets = set(possible_sets(bundle))
    assert frozenset({"author", "brand_manager"}) in sets
    for first, second in (("admin", "author"), ("admin", "compliance"), ("compliance", "agent")):
        assert not any({first, second} <= roles for roles in sets)


def test_the_golden_table_is_the_policy(bundle: Bundle, policy_folder: Path) -> None:
    golden = (policy_folder / "tests" / "matrix.csv").read_text(encoding="utf-8")
    assert matrix(bundle) == golden, "read the change, then write the new table"


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.SUSPENDED, Role.OFFICE_HOURS_ONLY}])
def test_the_golden_table_tells_what_is_decided(
    engine: Engine,
    bundle: Bundle,
    open_facts: Mapping[str, object],
    make_requester: Callable[..., Requester],
    role: Role,
) -> None:
    requester = make_requester((role, "brand:music"))
    for action, rows in bundle.rows.items():
        cell = next((row.cond for row in rows if row.role == role), None)
        facts = {**open_facts, "author": "me"} if cell == "is_own" else dict(open_facts)
        facts |= {"member": "me"} if cell == "for_self" else {}
        assert engine.decide(requester, action, Target("account:help", facts)).allowed is (cell is not None), action


def test_restrictions_only_deny_and_suspension_is_complete(bundle: Bundle) -> None:
    writing = {action for action in Action if action.startswith("message.write_")}
    effect = {action for action, spec in bundle.actions.items() if spec.effect}
    denied = {action for action, rows in bundle.rows.items() if any(row.role == Role.SUSPENDED for row in rows)}
    assert denied == writing | effect
    for role, spec in bundle.roles.items():
        efts = {row.eft for rows in bundle.rows.values() for row in rows if row.role == role}
        assert efts == ({DENY} if spec.restriction else {ALLOW})


def test_nobody_may_give_the_publisher_role_and_conflicts_hold_both_ways(bundle: Bundle) -> None:
    assert not any(Role.PUBLISHER in spec.grants for spec in bundle.roles.values())
    assert set(bundle.roles[Role.AUTHOR].conflicts) == {Role.ADMIN, Role.COMPLIANCE}
    assert set(bundle.roles[Role.ADMIN].conflicts) == {"author", "agent", "brand_manager", "compliance"}


@pytest.mark.parametrize("scope", ["company", "brand:music", "account:help"])
@pytest.mark.parametrize("action", list(Action))
def test_every_refusal_says_in_two_languages_what_would_help(
    engine: Engine,
    open_facts: Mapping[str, object],
    make_requester: Callable[..., Requester],
    action: Action,
    scope: str,
) -> None:
    decision = engine.decide(make_requester(), action, Target(scope, open_facts))
    assert not decision.allowed
    for sentence in (decision.sentence, decision.sentence_fr):
        assert sentence.endswith(".")
        assert "{" not in sentence
        assert "_" not in sentence
    assert decision.sentence != decision.sentence_fr


def test_refusals_read_like_sentences(
    engine: Engine, open_facts: Mapping[str, object], make_requester: Callable[..., Requester]
) -> None:
    nobody, manager = make_requester(), make_requester(("brand_manager", "brand:music"))
    missing = engine.decide(nobody, Action.MESSAGE_APPROVE, Target("account:help", open_facts))
    assert missing.reason is Reason.NO_RULE
    assert missing.sentence == "Approving messages for @help needs the role brand manager or compliance there."
    assert missing.sentence_fr == (
        "Valider des messages pour @help demande le rôle responsable de marque ou conformité."  # codespell:ignore
    )
    own = engine.decide(manager, Action.MESSAGE_APPROVE, Target("account:help", {**open_facts, "author": "me"}))
    assert own.rule == "four_eyes.author"
    assert own.sentence == "You wrote this message, so another person must approve it."
    suspended = make_requester(("suspended", "company"), ("agent", "account:help"))
    refused = engine.decide(suspended, Action.MESSAGE_WRITE_POST, Target("account:help", {}))
    assert refused.sentence == "Your rights are suspended here."
    assert refused.via_scope == "company"


@pytest.mark.parametrize(
    "change",
    [
        {"cases": [{"who": "mia", "at": "company", "can": ["message.burn"]}]},
        {"cases": [{"who": "mia", "at": "company", "can": ["message.read"], "on": True}]},
        {"cases": [{"who": "mia", "at": "company", True: ["message.read"]}]},
        {"cases": [{"who": "mia", "at": "account:ghost", "can": ["message.read"]}]},
        {"cases": [{"who": "ghost", "at": "company", "can": ["message.read"]}]},
        {"cases": [{"who": "mia", "at": "company", "cannot": ["message.approve"]}]},
        {"cases": [{"who": "mia", "at": "company"}]},
        {"grants": [["mia", "manager", "company"]]},
        {"grants": [["mia", "viewer", "brand:ghost"]]},
        {"extra": 1},
    ],
)
def test_a_case_that_says_something_unknown_is_refused(engine: Engine, change: dict[str, object]) -> None:
    document = {"scopes": {}, "grants": [["mia", "viewer", "company"]], "cases": [], **change}
    with pytest.raises(msgspec.ValidationError):
        run_cases(engine, document)


def test_a_case_that_fails_says_who_what_and_why(engine: Engine) -> None:
    wrong = [
        {"who": "mia", "at": "company", "can": ["audit.read"]},
        {"who": "mia", "at": "company", "cannot": ["message.read"]},
        {"who": "mia", "at": "company", "cannot": ["audit.read"], "because": "grant.self"},
        {"who_can": "message.read", "at": "company", "expect": []},
    ]
    outcome = run_cases(engine, {"scopes": {}, "grants": [["mia", "viewer", "company"]], "cases": wrong})
    assert outcome.failures == [
        "mia at company: audit.read is no_rule by None, expected allowed",
        "mia at company: message.read is allowed by viewer.message.read, expected denied",
        "mia at company: audit.read is no_rule by None, expected because grant.self",
        "message.read at company: ['mia'] can, expected []",
    ]


def test_a_broken_invariant_names_the_roles(engine: Engine, open_facts: Mapping[str, object]) -> None:
    invariant = {"sentence": "Nobody closes.", "lacks": ["brand_manager"], "never": ["conversation.close"]}
    failures = run_invariants(engine, {"facts": dict(open_facts), "invariants": [invariant]})
    assert "Nobody closes. Yet agent may conversation.close." in failures
    with pytest.raises(msgspec.ValidationError, match=r"no action is called letter\.\*"):
        run_invariants(engine, {"facts": {}, "invariants": [{"sentence": "x", "never": ["letter.*"]}]})
