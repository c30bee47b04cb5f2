"""Text, right to write and policy go in, findings come out. Pure: the same input always gives the same bytes.

A text is read as it stands and, where it is disguised, once more with the disguise taken off; the stricter reading counts.
"""

from collections.abc import Iterable

import msgspec

from govern.screening.duplicates import judge_duplicates
from govern.screening.evasion import judge_evasion, with_via
from govern.screening.findings import (
    Decision,
    Direction,
    Finding,
    Input,
    Klass,
    OptOut,
    PersonalData,
    Screening,
    Span,
    strictness,
)
from govern.screening.limits import cap_findings, judge_limits, read_limit
from govern.screening.normalise import View, fold
from govern.screening.permission import judge_permission
from govern.screening.personal_data.judge import PersonalVerdict
from govern.screening.personal_data.judge import judge as judge_personal_data
from govern.screening.policy import Policy
from govern.screening.promotional import Verdict
from govern.screening.promotional import judge as judge_promotion
from govern.screening.terms import TermHit
from govern.screening.views import Reading, read
from govern.screening.x_rules import judge_for_x

_CLASSES = tuple(Klass)


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the families say of one text."""

    findings: list[Finding]
    klass: Klass = Klass.CLEAN
    optout: OptOut = OptOut.NO
    personal_data: tuple[PersonalData, ...] = ()


class _Read(msgspec.Struct, frozen=True):
    """A view with the hits of its one term pass."""

    view: View
    hits: list[TermHit]


class _Passes:
    """The views of a text, each searched for the terms of all families at once; the further ones where there are any."""

    def __init__(self, reading: Reading, policy: Policy) -> None:
        def find(view: View) -> _Read:
            return _Read(view, policy.matcher.find(view.text))

        self.plain = find(reading.plain)
        self.joined = find(reading.joined) if reading.joined else None
        self.freed = find(reading.decoded) if reading.decoded else self.joined


def screen(given: Input, policy: Policy) -> Screening:
    """Say what may be sent of one text, and why. Any error is the caller's "no": nothing goes out unscreened."""
    text = given.text[: read_limit(given)]
    reading = read(fold(text), policy.words)
    is_outbound = given.direction is Direction.OUTBOUND
    judged = (_judge_outbound if is_outbound else _judge_inbound)(given, text, reading, policy)
    shown = cap_findings([*judge_limits(given), *judged.findings], given.direction)
    return Screening(
        decision=_decision(shown, given.direction),
        klass=judged.klass,
        optout=judged.optout,
        personal_data=judged.personal_data,
        findings=tuple(shown),
        policy_digest=policy.digest,
    )


def _decision(findings: Iterable[Finding], direction: Direction) -> Decision:
    strictest = max((found.decision for found in findings), key=strictness, default=Decision.ALLOW)
    if direction is Direction.INBOUND and strictest is not Decision.ALLOW:
        return Decision.ADVISE
    return strictest


def _judge_outbound(given: Input, text: str, reading: Reading, policy: Policy) -> _Judged:
    passes = _Passes(reading, policy)
    verdict = _promotional(text, passes, policy)
    personal = _personal_data(given, text, passes, policy)
    findings = [*verdict.findings, *personal.findings]
    findings += judge_evasion(text, findings)
    findings += judge_permission(given, verdict, policy.permission)
    findings += judge_duplicates(given, policy.duplicates)
    findings += judge_for_x(given, text, policy.x)
    return _Judged(klass=verdict.klass, findings=findings, personal_data=personal.personal_data)


def _judge_inbound(given: Input, text: str, reading: Reading, policy: Policy) -> _Judged:
    passes = _Passes(reading, policy)
    personal = _personal_data(given, text, passes, policy)
    return _Judged(findings=[*personal.findings], personal_data=personal.personal_data)


def _promotional(text: str, passes: _Passes, policy: Policy) -> Verdict:
    verdict = judge_promotion(passes.plain.view, passes.plain.hits, policy.promotional)
    seen = _named(verdict.findings)
    if freed := passes.freed:
        other = judge_promotion(freed.view, freed.hits, policy.promotional)
        verdict = max(verdict, other, key=lambda each: (_CLASSES.index(each.klass), each.total))
    findings = tuple(with_via(found, text, freed=_name(found) not in seen) for found in verdict.findings)
    return msgspec.structs.replace(verdict, findings=findings)


def _personal_data(given: Input, text: str, passes: _Passes, policy: Policy) -> PersonalVerdict:
    """Numbers may be spelt with blanks, but a digit is never meant as a letter: the leet view is not asked."""
    verdict = judge_personal_data(passes.plain.view, passes.plain.hits, given, policy.personal_data)
    if joined := passes.joined:
        other = judge_personal_data(joined.view, joined.hits, given, policy.personal_data)
        taken = [data.span for data in verdict.personal_data]
        further = tuple(data for data in other.personal_data if not _overlaps(data.span, taken))
        spans = {data.span for data in further}
        freed = [found for found in other.findings if found.span in spans]
        return PersonalVerdict(
            findings=(*verdict.findings, *(with_via(found, text, freed=True) for found in freed)),
            personal_data=tuple(sorted((*verdict.personal_data, *further), key=lambda data: (data.span, data.type))),
        )
    found = tuple(with_via(found, text, freed=False) for found in verdict.findings)
    return msgspec.structs.replace(verdict, findings=found)


def _overlaps(span: Span, others: list[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def _named(findings: Iterable[Finding]) -> frozenset[tuple[object, ...]]:
    return frozenset(map(_name, findings))


def _name(found: Finding) -> tuple[object, ...]:
    return found.rule, found.span


def _united(text: str, plain: list[Finding], freed: list[Finding]) -> list[Finding]:
    """Return the findings of a text as it stands, and those that only its freed view has."""
    seen = _named(plain)
    return [
        *(with_via(found, text, freed=False) for found in plain),
        *(with_via(found, text, freed=True) for found in freed if _name(found) not in seen),
    ]
