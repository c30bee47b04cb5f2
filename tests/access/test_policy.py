"""The shipped policy keeps its promises: cases, invariants, the golden table, and words for every refusal."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from govern.access import PolicyFault
from govern.access.bundle import Bundle
from govern.access.cases import possible_sets
from govern.access.engine import Engine
from govern.access.matrix import matrix
from govern.access.rows import ALLOW, DENY
from govern.access.testing import run_policy_tests
from govern.domain.actions import Action, Reason, Requester, Role, Target

Files = Mapping[str, bytes]


def _with_cases(files: Files, document: object, name: str = "tests/more.yaml") -> dict[str, bytes]:
    return {**files, name: yaml.safe_dump(document).encode()}


def test_every_case_and_invariant_holds_and_nothing_is_left_untested(policy_files: Files) -> None:
    report = run_policy_tests(policy_files)
    assert report.failures == ()
    assert (report.undecided, report.never_true, report.never_false) == ((), (), ())
    assert report.passed
    assert report.cases > 100


def test_rule_without_a_case_and_condition_that_was_never_put_to_the_test_are_named(policy_files: Files) -> None:
    only = {name: content for name, content in policy_files.items() if not name.startswith("tests/")}
    cases = {"scopes": {}, "grants": [["mia", "viewer", "company"]]}
    report = run_policy_tests(
        _with_cases(only, {**cases, "cases": [{"who": "mia", "at": "company", "can": ["message.read"]}]})
    )
    assert report.failures == ()
    assert not report.passed
    assert "viewer.message.read" not in report.undecided
    assert "pause.publish" in report.undecided
    assert "always" not in report.never_true + report.never_false
    assert {"is_paused", "not_fresh"} <= set(report.never_true) & set(report.never_false)


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


PERSON = {"scopes": {}, "grants": [["mia", "viewer", "company"]]}


@pytest.mark.parametrize(
    "change",
    [
        {"cases": [{"who": "mia", "at": "company", "can": ["message.burn"]}]},
        {"cases": [{"who": "mia", "at": "company", "can": ["message.read"], "on": True}]},
        {"cases": [{"who": "mia", "at": "company", True: ["message.read"]}]},
        {"cases": [{"who": "mia", "at": "account:ghost", "can": ["message.read"]}]},
        {"cases": [{"who": "ghost", "at": "company", "can": ["message.read"]}]},
        {"cases": [{"who_can": "message.read", "at": "company", "expect": ["ghost"]}]},
        {"cases": [{"who_can": "message.read", "at": "company", "can": ["message.read"]}]},
        {"cases": [{"who": "mia", "who_can": "message.read", "at": "company"}]},
        {"cases": [{"who": "mia", "at": "company", "can": ["message.read"], "expect": ["mia"]}]},
        {"cases": [{"who": "mia", "at": "company", "can": ["message.read"], "because": "no_rule"}]},
        {"cases": [{"who": "mia", "at": "company", "cannot": ["message.approve"]}]},
        {"cases": [{"who": "mia", "at": "company"}]},
        {"grants": [["mia", "manager", "company"]]},
        {"grants": [["mia", "viewer", "brand:ghost"]]},
        {"extra": 1},
    ],
)
def test_a_case_that_says_something_unknown_is_refused(policy_files: Files, change: dict[str, object]) -> None:
    with pytest.raises(PolicyFault) as caught:
        run_policy_tests(_with_cases(policy_files, {**PERSON, "cases": [], **change}))
    assert caught.value.data["file"] == "tests/more.yaml"


@pytest.mark.parametrize(
    ("written", "line", "expected"),
    [
        ("scopes: {}\ngrants: []\ncases:\n  - {who: mia, at: company, can: [message.burn]}\n", 4, "message.burn"),
        ("scopes: {}\ngrants: []\ncases:\n  - {who: mia, at: company, can: [message.read]}\n", 4, "not mia"),
        ("scopes: {}\ngrants: []\ncases: []\ngrants: []\n", 4, "grants once"),
        ("scopes: {}\ngrants: []\ncases:\n  - {who: mia, at: company, can: [], can: []}\n", 4, "can once"),
        ("scopes: {}\ngrants: [\n", 3, "YAML"),
        ("", 1, "object"),
        ("- 1\n", 1, "object"),
        ("a: &a [*a]\n", 1, "unknown field"),
    ],
)
def test_a_faulty_case_file_is_refused_at_its_line(policy_files: Files, written: str, line: int, expected: str) -> None:
    with pytest.raises(PolicyFault) as caught:
        run_policy_tests({**policy_files, "tests/more.yaml": written.encode()})
    assert (caught.value.data["file"], caught.value.data["line"]) == ("tests/more.yaml", line)
    assert expected in str(caught.value.data["expected"])


def test_case_file_that_is_no_text_is_refused(policy_files: Files) -> None:
    with pytest.raises(PolicyFault, match="YAML"):
        run_policy_tests({**policy_files, "tests/more.yaml": b"\xff\xfe\x00"})


def test_a_case_that_fails_says_where_who_and_why(policy_files: Files) -> None:
    wrong = [
        {"who": "mia", "at": "company", "can": ["audit.read"]},
        {"who": "mia", "at": "company", "cannot": ["message.read"]},
        {"who": "mia", "at": "company", "cannot": ["audit.read"], "because": "grant.self"},
        {"who_can": "message.read", "at": "company", "expect": []},
    ]
    report = run_policy_tests(_with_cases(policy_files, {**PERSON, "cases": wrong}))
    assert not report.passed
    assert {failure.file for failure in report.failures} == {"tests/more.yaml"}
    assert len({failure.line for failure in report.failures}) == len(wrong)
    assert [(failure.case, failure.expected, failure.found) for failure in report.failures] == [
        ("mia at company: audit.read", "allowed", "denied (no_rule)"),
        ("mia at company: message.read", "denied", "allowed by viewer.message.read"),
        ("mia at company: audit.read", "denied because grant.self", "denied (no_rule)"),
        ("mia at company: message.read", "denied", "allowed by viewer.message.read"),
    ]


def test_a_broken_invariant_names_the_smallest_sets_of_roles(
    policy_files: Files, open_facts: Mapping[str, object]
) -> None:
    invariant = {"sentence": "Nobody closes.", "lacks": ["brand_manager"], "never": ["conversation.close"]}
    document = {"facts": dict(open_facts), "invariants": [invariant]}
    report = run_policy_tests(_with_cases(policy_files, document, "tests/invariants.yaml"))
    (failure,) = report.failures
    assert failure.case == "Nobody closes. With agent: conversation.close"
    document["invariants"] = [{"sentence": "x", "never": ["letter.*"]}]
    with pytest.raises(PolicyFault, match=r"not letter\.\*"):
        run_policy_tests(_with_cases(policy_files, document, "tests/invariants.yaml"))
