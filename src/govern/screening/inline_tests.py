"""Runs the tests that stand beside the rules, through the whole engine: a rule that another one hides is no rule."""

from collections.abc import Iterator

import msgspec

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Direction, Facts, Finding, Input
from govern.screening.policy import Policy
from govern.screening.policy_files import NEGATIVE, InlineTest, decision_of

# Where a text is taken to stand, by the family of its rule, unless its test says more.
_KINDS = {"PRO": Kind.DM, "DM": Kind.DM, "OPT": Kind.DM}
_DIRECTIONS = {"OPT": Direction.INBOUND}


class Failure(msgspec.Struct, frozen=True):
    """A test that came out otherwise."""

    rule: str
    text: str
    expected: str
    got: str


def run_inline_tests(policy: Policy) -> list[Failure]:
    """Run the tests that stand beside the rules; an empty list means that all passed."""
    return [failure for rule, tests in policy.tests.items() for test in tests for failure in _run(policy, rule, test)]


def _run(policy: Policy, rule: str, test: InlineTest) -> Iterator[Failure]:
    found = [finding for finding in screen(given(rule, test), policy).findings if finding.rule == rule]
    if not _passed(test, found):
        expected = test.expect if test.span is None else f"{test.expect}: {test.span}"
        yield Failure(rule, test.text, expected, _got(test, found))


def given(rule: str, test: InlineTest) -> Input:
    """Return what is screened for a test: where its family usually looks, unless the test says otherwise."""
    family = rule.partition("-")[0]
    return Input(
        text=test.text,
        kind=test.kind or _KINDS.get(family, Kind.POST),
        direction=test.direction or _DIRECTIONS.get(family, Direction.OUTBOUND),
        permission=test.permission or PermissionState.SERVICE_WINDOW,
        facts=test.facts or Facts(),
    )


def _passed(test: InlineTest, found: list[Finding]) -> bool:
    if test.expect in NEGATIVE:
        return not any(test.span is None or test.span == _quote(test, finding) for finding in found)
    decision = decision_of(test)
    return any(
        (decision is None or finding.decision is decision) and (test.span is None or test.span == _quote(test, finding))
        for finding in found
    )


def _quote(test: InlineTest, finding: Finding) -> str | None:
    return test.text[slice(*finding.span)] if finding.span else None


def _got(test: InlineTest, found: list[Finding]) -> str:
    if not found:
        return "miss"
    said = "hit" if decision_of(test) is None else str(found[0].decision)
    quoted = _quote(test, found[0])
    return said if quoted is None else f"{said}: {quoted}"
