"""Text, right to write and policy go in, findings come out. Pure: the same input always gives the same bytes."""

from govern.screening.findings import (
    Decision,
    Direction,
    Finding,
    Input,
    Klass,
    OptOut,
    Screening,
    strictness,
)
from govern.screening.limits import cap_findings, judge_limits, read_limit
from govern.screening.normalise import fold
from govern.screening.permission import judge_permission
from govern.screening.policy import Policy
from govern.screening.promotional import judge
from govern.screening.x_rules import judge_for_x


def screen(given: Input, policy: Policy) -> Screening:
    """Say what may be sent of one text, and why. Any error is the caller's "no": nothing goes out unscreened."""
    klass, findings = Klass.CLEAN, judge_limits(given)
    if given.direction is Direction.OUTBOUND:
        klass, judged = _judge_outbound(given, policy)
        findings += judged
    shown = cap_findings(findings)
    return Screening(
        decision=max((found.decision for found in shown), key=strictness, default=Decision.ALLOW),
        klass=klass,
        optout=OptOut.NO,
        personal_data=(),
        findings=tuple(shown),
        policy_digest=policy.digest,
    )


def _judge_outbound(given: Input, policy: Policy) -> tuple[Klass, list[Finding]]:
    text = given.text[: read_limit(given)]
    view = fold(text)
    verdict = judge(view, policy.matcher.find(view.text), policy.promotional)
    findings = [*verdict.findings, *judge_permission(given, verdict, policy.permission), *judge_for_x(given, text)]
    return verdict.klass, findings
