"""Running the tests of a policy: every case and invariant, and whether each rule and condition was put to the test."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from govern.access.bundle import Bundle, read_bundle
from govern.access.case_files import Place
from govern.access.cases import Probe, Suite, read_suite
from govern.access.conditions import FactFault, when
from govern.access.engine import Engine
from govern.domain.actions import EVERYONE, Decision

ALWAYS = "always"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A case or invariant that came out otherwise."""

    file: str
    line: int
    case: str
    expected: str
    found: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the tests of a policy said. Coverage: rules no case is decided by, conditions never true or never false."""

    digest: str
    rules: int
    cases: int
    decisions: int
    failures: tuple[Failure, ...]
    undecided: tuple[str, ...]
    never_true: tuple[str, ...]
    never_false: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether all held, and nothing is left untested."""
        return not (self.failures or self.undecided or self.never_true or self.never_false)


def run_policy_tests(files: Mapping[str, bytes]) -> Report:
    """Run all tests of a policy's files.

    Raises:
        PolicyFault: a file is not fit to decide by, or a test says something unknown: with file, line, expectation.
    """
    bundle = read_bundle(files)
    return run_suite(bundle, read_suite(files, bundle))


def run_suite(bundle: Bundle, suite: Suite) -> Report:
    """Run tests that were read, on the policy they belong to."""
    engine, failures = Engine(bundle), list[Failure]()
    decided, met = set[str | None](), set[tuple[str, bool]]()
    for probe in suite.cases:
        decision = _ask(engine, probe)
        decided.add(decision.rule)
        met |= _conditions_met(engine, probe)
        if not holds(probe, decision):
            failures.append(_failure(probe, decision))
    failures += _broken(engine, suite.invariants)
    rules = {row.id for rows in bundle.rows.values() for row in rows}
    used = {row.cond for rows in bundle.rows.values() for row in rows}
    return Report(
        digest=bundle.digest,
        rules=len(rules),
        cases=suite.asked,
        decisions=len(suite.cases) + len(suite.invariants),
        failures=tuple(failures),
        undecided=tuple(sorted(rules - decided)),
        never_true=tuple(sorted(name for name in used if (name, True) not in met)),
        never_false=tuple(sorted(name for name in used - {ALWAYS} if (name, False) not in met)),
    )


def holds(probe: Probe, decision: Decision) -> bool:
    """Tell whether a decision is what its probe expects."""
    if decision.allowed or probe.allowed:
        return decision.allowed is probe.allowed
    return probe.because in {None, decision.rule, decision.reason.value}


def _ask(engine: Engine, probe: Probe) -> Decision:
    return engine.decide(probe.requester, probe.action, probe.target)


def _broken(engine: Engine, invariants: Iterable[Probe]) -> Iterator[Failure]:
    """Give the smallest sets of roles that break an invariant; that larger ones do as well says nothing new."""
    known: dict[tuple[Place, str], list[frozenset[str]]] = {}
    for probe in invariants:
        decision = _ask(engine, probe)
        if not holds(probe, decision):
            roles, smaller = _roles(probe), known.setdefault((probe.place, probe.action), [])
            if not any(each <= roles for each in smaller):
                smaller.append(roles)
                yield _failure(probe, decision)


def _failure(probe: Probe, decision: Decision) -> Failure:
    because = f" because {probe.because}" if probe.because else ""
    return Failure(
        file=probe.place.file,
        line=probe.place.line,
        case=f"{probe.asked}: {probe.action}",
        expected="allowed" if probe.allowed else f"denied{because}",
        found=_found(decision),
    )


def _found(decision: Decision) -> str:
    answer = "allowed" if decision.allowed else "denied"
    return f"{answer} by {decision.rule}" if decision.rule else f"{answer} ({decision.reason.value})"


def _conditions_met(engine: Engine, probe: Probe) -> set[tuple[str, bool]]:
    """Return the values of the conditions that this question put to the test."""
    held = {EVERYONE} | _roles(probe)
    try:
        facts = engine.facts(probe.requester, probe.action, probe.target)
        rows = [row for row in engine.bundle.rows[probe.action] if row.role in held]
        return {(row.cond, when(row.cond, probe.requester, facts)) for row in rows}
    except FactFault:
        return set()


def _roles(probe: Probe) -> frozenset[str]:
    above = probe.requester.above(probe.target.scope)
    return frozenset(grant.role for place in above for grant in probe.requester.grants.get(place, ()))
