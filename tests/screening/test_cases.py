"""Golden cases: how they are read, and what the runner says of them."""

import pytest

from govern.screening.cases import parse_cases, run_cases
from govern.screening.policy import Policy
from govern.screening.policy_source import PolicyError

SALE = '"text":"Vente privée : -20 % avec le code ETE20 !","kind":"dm","permission":"service_window"'


def run(policy: Policy, expect: str, given: str = SALE) -> list[tuple[str, str]]:
    cases = parse_cases("cases.jsonl", f'{{"id":"a",{given},"expect":{expect}}}')
    return [(failure.expected, failure.got) for failure in run_cases(cases, policy)]


@pytest.mark.parametrize(
    "expect",
    [
        "{}",
        '{"decision":"block"}',
        '{"min_decision":"needs_approval"}',
        '{"class":"promotional","optout":"no","optout_in":["no","doubtful"],"types":[]}',
        '{"rules":["PRO-CLASS"],"no_rules":["EVA-","DM-"]}',
    ],
)
def test_what_holds_is_no_failure(policy: Policy, expect: str) -> None:
    assert run(policy, expect) == []


@pytest.mark.parametrize(
    ("expect", "expected", "got"),
    [
        ('{"decision":"allow"}', "allow", "block"),
        ('{"class":"clean"}', "clean", "promotional"),
        ('{"optout":"yes"}', "opt-out: yes", "no"),
        ('{"optout_in":["yes","doubtful"]}', "opt-out: yes or doubtful", "no"),
        ('{"types":["phone","iban"]}', "iban, phone", "none"),
        ('{"no_rules":["PRO-CLA"]}', "none of PRO-CLA", "PRO-CLASS"),
    ],
)
def test_what_does_not_hold_is_said(policy: Policy, expect: str, expected: str, got: str) -> None:
    assert run(policy, expect) == [(expected, got)]


def test_decision_below_the_least_one_fails(policy: Policy) -> None:
    given = '"text":"Il pleut à Brest ce matin.","kind":"dm","permission":"service_window"'
    assert run(policy, '{"min_decision":"warn","rules":["PRO-CLASS"]}', given) == [
        ("warn or stricter", "allow"),
        ("PRO-CLASS", "none"),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("{", "cases.jsonl, line 1: "),
        ('\n{"id":"a","text":"secret words","kind":"dm","expects":{}}', "cases.jsonl, line 2: "),
        ('{"id":"a","text":"x","kind":"dm","expect":{"klass":"clean"}}', "unknown field `klass`"),
        (f'{{"id":"a",{SALE},"expect":{{}}}}\n{{"id":"a",{SALE},"expect":{{}}}}', "line 2: the id 'a' is used twice"),
    ],
)
def test_faulty_case_is_refused_by_line_without_its_text(lines: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_cases("cases.jsonl", lines)
    assert said in refused.value.detail
    assert "secret words" not in refused.value.detail
