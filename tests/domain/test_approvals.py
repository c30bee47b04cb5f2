"""`approval.toml`: which rule a message falls under, what it demands, and which files are refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.approvals import (
    ApprovalFacts,
    ApprovalPolicy,
    ApprovalPolicyError,
    Rule,
    Severity,
    TooLate,
    When,
    approval_deadline,
    find_rule,
    load_approval_policy,
    rule_by_id,
    too_late,
)
from govern.domain.messages import Kind

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SHIPPED = load_approval_policy(Path(__file__).parents[2] / "policies")
WHY = {"en": "Because.", "fr": "Parce que."}


def facts(**changes: object) -> ApprovalFacts:
    values: dict[str, object] = {
        "kind": Kind.POST,
        "account": "Help",
        "brand": "care",
        "author_roles": frozenset({"author"}),
        "severity": None,
        "contains_link": False,
        "plain": False,
    }
    return ApprovalFacts(**(values | changes))  # type: ignore[arg-type]  # each value has its type above


@pytest.mark.parametrize(
    ("given_facts", "rule"),
    [
        (facts(), "broadcast"),
        (facts(kind=Kind.QUOTE), "broadcast"),
        (facts(kind=Kind.REPLY), "answer"),
        (facts(kind=Kind.DM, contains_link=True), "answer"),
        (facts(kind=Kind.REPLY, plain=True), "plain-answer"),
        (facts(kind=Kind.DM, plain=True), "plain-answer"),
        (facts(plain=True), "broadcast"),
        (facts(kind=Kind.REPLY, severity=Severity.MEDIUM), "answer"),
        (facts(kind=Kind.REPLY, plain=True, severity=Severity.HIGH), "flagged"),
        (facts(severity=Severity.HIGH), "flagged"),
    ],
)
def test_shipped_rules_answer_in_their_order(given_facts: ApprovalFacts, rule: str) -> None:
    assert find_rule(SHIPPED, given_facts).id == rule


def test_shipped_rules_let_only_plain_answers_go_directly() -> None:
    assert [rule.id for rule in SHIPPED.rule if rule.direct] == ["plain-answer"]
    assert all(rule.approvals >= 1 for rule in SHIPPED.rule)


@pytest.mark.parametrize(
    ("when", "fitting", "other"),
    [
        (When(kinds=(Kind.POST,)), facts(), facts(kind=Kind.DM)),
        (When(accounts=("Help",)), facts(), facts(account="News")),
        (When(brands=("care",)), facts(), facts(brand="press")),
        (When(author_roles=("agent", "author")), facts(), facts(author_roles=frozenset({"brand_manager"}))),
        (When(author_roles=("author",)), facts(), facts(author_roles=frozenset())),
        (When(severity=Severity.MEDIUM), facts(severity=Severity.HIGH), facts(severity=Severity.LOW)),
        (When(severity=Severity.LOW), facts(severity=Severity.LOW), facts(severity=None)),
        (When(contains_link=False), facts(), facts(contains_link=True)),
        (When(plain=True), facts(plain=True), facts()),
        (When(kinds=(Kind.POST,), plain=True), facts(plain=True), facts(kind=Kind.DM, plain=True)),
    ],
)
def test_each_key_narrows_a_rule(when: When, fitting: ApprovalFacts, other: ApprovalFacts) -> None:
    policy = ApprovalPolicy(
        version=1, rule=(Rule(id="narrow", why=WHY, when=when), Rule(id="rest", why=WHY), Rule(id="never", why=WHY))
    )
    assert find_rule(policy, fitting).id == "narrow"
    assert find_rule(policy, other).id == "rest"


@given(
    st.builds(
        facts,
        kind=st.sampled_from(Kind),
        severity=st.none() | st.sampled_from(Severity),
        contains_link=st.booleans(),
        plain=st.booleans(),
        author_roles=st.frozensets(st.sampled_from(["author", "agent", "brand_manager"])),
    )
)
def test_every_message_finds_a_rule(anything: ApprovalFacts) -> None:
    assert rule_by_id(SHIPPED, find_rule(SHIPPED, anything).id) is not None


def test_rule_that_is_gone_is_found_by_nobody() -> None:
    assert rule_by_id(SHIPPED, "of-last-year") is None
    assert rule_by_id(SHIPPED, None) is None


def test_deadline_is_the_scheduled_time_or_the_rules_own() -> None:
    rule = Rule(id="a", why=WHY, deadline="15m")
    assert approval_deadline(rule, now=NOW, scheduled_at=None) == NOW + timedelta(minutes=15)
    assert approval_deadline(rule, now=NOW, scheduled_at=NOW + timedelta(days=3)) == NOW + timedelta(days=3)


def test_approval_after_its_deadline_is_too_late() -> None:
    assert too_late(None, NOW) is None
    assert too_late(NOW + timedelta(seconds=1), NOW) is None
    for deadline in (NOW, NOW - timedelta(seconds=1)):
        assert isinstance(too_late(deadline, NOW), TooLate)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1m", timedelta(minutes=1)),
        ("24h", timedelta(hours=24)),
        ("2d", timedelta(days=2)),
        ("90m", timedelta(hours=1.5)),
    ],
)
def test_duration_is_a_number_and_a_unit(text: str, limit: timedelta) -> None:
    assert Rule(id="a", why=WHY, deadline=text).time_limit == limit


LAST = '[[rule]]\nid = "rest"\nwhy = { en = "E", fr = "F" }\n'


def write(folder: Path, text: str) -> Path:
    (folder / "approval.toml").write_text(text)
    return folder


def test_smallest_file_is_read_with_its_digest(tmp_path: Path) -> None:
    policy = load_approval_policy(write(tmp_path, "version = 1\n" + LAST))
    assert [rule.id for rule in policy.rule] == ["rest"]
    assert policy.digest.startswith("sha256:")
    other = load_approval_policy(write(tmp_path, "version = 1\n" + LAST + "\n"))
    assert other.digest != policy.digest
    assert msgspec.structs.replace(other, digest=policy.digest) == policy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 1\n[[rule]", "approval.toml"),
        ("version = 1\nrule = []", "last rule"),
        (LAST, "version"),
        ("version = 1\nunknown = 2\n" + LAST, "unknown"),
        ("version = 1\n" + LAST + "approvers = 2\n", "approvers"),
        ("version = 1\n" + LAST + "when = { plain = true }\n", "last rule"),
        ("version = 1\n" + LAST + "when = { planet = true }\n", "planet"),
        ("version = 1\n" + LAST + 'when = { kinds = ["tweet"] }\n', "tweet"),
        ("version = 1\n" + LAST + LAST, "twice"),
        ("version = 1\n" + LAST + 'deadline = "soon"\n', "soon"),
        ("version = 1\n" + LAST + 'deadline = "0h"\n', "0h"),
        ("version = 1\n" + LAST + 'deadline = "-1h"\n', "-1h"),
        ("version = 1\n" + LAST + 'deadline = ""\n', "duration"),
        ("version = 1\n" + LAST + 'deadline = "²h"\n', "duration"),
        ("version = 1\n" + LAST + "approvals = 0\n", "direct"),
        ("version = 1\n" + LAST + "approvals = 6\n", "1 to 5"),
        ("version = 1\n" + LAST + "approvals = true\n", "approvals"),
        ("version = 1\n" + LAST + "from = []\n", "from"),
        ('version = 1\n[[rule]]\nid = "rest"\nwhy = { en = "E" }\n', "en and in fr"),
    ],
)
def test_faulty_file_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ApprovalPolicyError) as refused:
        load_approval_policy(write(tmp_path, text))
    assert said in str(refused.value)
    assert "approval.toml" in str(refused.value)


def test_missing_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ApprovalPolicyError):
        load_approval_policy(tmp_path)
    (tmp_path / "approval.toml").write_bytes(b"version = 1 # \xff\n")
    with pytest.raises(ApprovalPolicyError):
        load_approval_policy(tmp_path)
