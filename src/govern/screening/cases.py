"""Golden cases: texts by other authors than the rules, with what screening must say of them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Decision, Direction, Facts, Input, Klass, OptOut, Screening, strictness
from govern.screening.inline_tests import Failure
from govern.screening.policy import Policy
from govern.screening.policy_source import PolicyError


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold of the answer; what is not named may be anything."""

    decision: Decision | None = None
    min_decision: Decision | None = None
    """The decision may be stricter."""
    klass: Klass | None = msgspec.field(default=None, name="class")
    optout: OptOut | None = None
    optout_in: tuple[OptOut, ...] | None = None
    types: tuple[str, ...] | None = None
    """Of the personal data, each as often as it is there, in any order."""
    rules: tuple[str, ...] | None = None
    """All of these speak, perhaps beside others."""
    no_rules: tuple[str, ...] | None = None
    """No rule speaks whose id begins so."""


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a case file: an input, and what is expected."""

    id: str
    text: str
    kind: Kind
    expect: Expected
    direction: Direction = Direction.OUTBOUND
    permission: PermissionState | None = None
    lang: Literal["en", "fr"] | None = None
    facts: Facts = Facts()

    def given(self) -> Input:
        """Return what is screened."""
        return Input(
            text=self.text,
            kind=self.kind,
            direction=self.direction,
            permission=self.permission,
            lang=self.lang,
            facts=self.facts,
        )


def parse_cases(name: str, text: str) -> list[Case]:
    """Read a case file, one JSON object a line.

    Raises:
        PolicyError: a line is no case, or an id stands twice; the message names file, line and reason, never the text.
    """
    cases: dict[str, Case] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            case = msgspec.json.decode(line, type=Case)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise PolicyError(reason=f"{name}, line {number}: {error}") from error
        if case.id in cases:
            raise PolicyError(reason=f"{name}, line {number}: the id {case.id!r} is used twice")
        cases[case.id] = case
    return list(cases.values())


def run_cases(cases: Iterable[Case], policy: Policy) -> list[Failure]:
    """Screen every case; an empty list means that all came out as expected."""
    return [failure for case in cases for failure in _run(case, policy)]


def _run(case: Case, policy: Policy) -> Iterator[Failure]:
    answer, wanted = screen(case.given(), policy), case.expect
    for expected, got, holds in (*_words(wanted, answer), *_lists(wanted, answer)):
        if not holds:
            yield Failure(case.id, case.text, expected, got)


def _words(wanted: Expected, answer: Screening) -> Iterator[tuple[str, str, bool]]:
    """Yield what is expected in one word, what came, and whether that will do."""
    if wanted.decision is not None:
        yield wanted.decision, answer.decision, answer.decision is wanted.decision
    if wanted.min_decision is not None:
        enough = strictness(answer.decision) >= strictness(wanted.min_decision)
        yield f"{wanted.min_decision} or stricter", answer.decision, enough
    if wanted.klass is not None:
        yield wanted.klass, answer.klass, answer.klass is wanted.klass
    if wanted.optout is not None:
        yield f"opt-out: {wanted.optout}", answer.optout, answer.optout is wanted.optout
    if wanted.optout_in is not None:
        yield f"opt-out: {' or '.join(wanted.optout_in)}", answer.optout, answer.optout in wanted.optout_in


def _lists(wanted: Expected, answer: Screening) -> Iterator[tuple[str, str, bool]]:
    rules = sorted({found.rule for found in answer.findings})
    if wanted.types is not None:
        types = Counter(data.type for data in answer.personal_data)
        yield _listed(wanted.types), _listed(types.elements()), types == Counter(wanted.types)
    if wanted.rules is not None:
        yield _listed(wanted.rules), _listed(rules), set(wanted.rules) <= set(rules)
    if wanted.no_rules is not None:
        bad = [rule for rule in rules if rule.startswith(wanted.no_rules)]
        yield f"none of {_listed(wanted.no_rules)}", _listed(bad), not bad


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
