"""Tests of the policy, written as data: named cases, and invariants over every possible set of roles."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import combinations

import msgspec

from govern.access.bundle import Bundle
from govern.access.engine import Engine
from govern.domain.actions import COMPANY, EVERYONE, Action, Grant, Reason, Requester, Role, Target

EFFECT = "@effect"


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What someone can and cannot do at a scope, or who can. `because` is a rule id or a reason."""

    at: str
    who: str | None = None
    facts: Mapping[str, object] = {}
    can: tuple[Action, ...] = ()
    cannot: tuple[Action, ...] = ()
    because: str | None = None
    who_can: Action | None = None
    expect: tuple[str, ...] = ()


class CaseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cases over one small company: `scopes` (scope to the one above), `grants` (who, role, scope), common `facts`."""

    scopes: Mapping[str, str]
    grants: tuple[tuple[str, Role, str], ...]
    cases: tuple[Case, ...]
    facts: Mapping[str, object] = {}


class Invariant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What no set of roles may ever do: sets with `has` and without `lacks`; `never` are patterns or `@effect`."""

    sentence: str
    never: tuple[str, ...]
    has: tuple[Role, ...] = ()
    lacks: tuple[Role, ...] = ()
    facts: Mapping[str, object] = {}


class InvariantFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Invariants, with `facts` that open every door the invariant does not speak of."""

    facts: Mapping[str, object]
    invariants: tuple[Invariant, ...]


class Outcome(msgspec.Struct):
    """What failed, in words, and which rules decided a case."""

    failures: list[str] = []
    decided: set[str] = set()


def run_cases(engine: Engine, document: object) -> Outcome:
    """Run the parsed cases of one file.

    Raises:
        msgspec.ValidationError: for an unknown key, action or role, or a case that says too little.
    """
    file, outcome = msgspec.convert(document, CaseFile), Outcome()
    people = _people(file)
    for case in file.cases:
        _check(engine.bundle, file, case)
        facts = {**file.facts, **case.facts}
        if case.who_can is not None:
            _run_who_can(engine, people, case, facts, outcome)
        else:
            _run_case(engine, people[case.who or ""], case, facts, outcome)
    return outcome


def run_invariants(engine: Engine, document: object) -> list[str]:
    """Try each invariant on every set of roles a person may hold at once; return what failed, in words."""
    file = msgspec.convert(document, InvariantFile)
    return [
        f"{invariant.sentence} Yet {', '.join(sorted(roles))} may {action}."
        for invariant in file.invariants
        for roles in possible_sets(engine.bundle)
        if set(invariant.has) <= roles and not set(invariant.lacks) & roles
        for action in _actions(engine.bundle, invariant.never)
        if _may(engine, roles, action, {**file.facts, **invariant.facts})
    ]


def possible_sets(bundle: Bundle) -> Iterator[frozenset[str]]:
    """Give every set of roles without a conflict, the empty one and the publisher's included."""
    for size in range(len(bundle.roles) + 1):
        for chosen in combinations(sorted(bundle.roles), size):
            roles = frozenset(chosen)
            if not any(roles & {str(other) for other in bundle.roles[role].conflicts} for role in roles):
                yield roles


def _people(file: CaseFile) -> dict[str, Requester]:
    held: dict[str, dict[str, list[Grant]]] = {}
    for number, (who, role, scope) in enumerate(file.grants):
        if scope != COMPANY and scope not in file.scopes:
            raise msgspec.ValidationError(f"grants name the unknown scope {scope}")
        held.setdefault(who, {}).setdefault(scope, []).append(Grant(id=f"g{number}", role=role, scope=scope))
    return {
        who: Requester(
            id=f"member:{who}",
            member=who,
            grants={scope: tuple(grants) for scope, grants in scopes.items()},
            parents=file.scopes,
        )
        for who, scopes in held.items()
    }


def _check(bundle: Bundle, file: CaseFile, case: Case) -> None:
    guarded = {action for action in case.cannot if any(row.role == EVERYONE for row in bundle.rows[action])}
    asks = case.who_can is not None
    if asks == (case.who is not None) or (asks and (case.can or case.cannot)) or not (asks or case.can or case.cannot):
        raise msgspec.ValidationError(f"a case asks either who_can, or what one person can and cannot do: {case}")
    if guarded and case.because is None:
        raise msgspec.ValidationError(f"say because of which rule: {sorted(guarded)} are guarded")
    if case.who is not None and case.who not in {who for who, _, _ in file.grants}:
        raise msgspec.ValidationError(f"{case.who} holds no grant in this file")
    if case.because == Reason.UNKNOWN_SCOPE:
        return
    if case.at != COMPANY and case.at not in file.scopes:
        raise msgspec.ValidationError(f"the case names the unknown scope {case.at}")


def _run_case(engine: Engine, who: Requester, case: Case, facts: Mapping[str, object], outcome: Outcome) -> None:
    for action in (*case.can, *case.cannot):
        decision = engine.decide(who, action, Target(case.at, facts))
        wanted = action in case.can
        if decision.rule is not None:
            outcome.decided.add(decision.rule)
        said = f"{case.who} at {case.at}: {action} is {decision.reason} by {decision.rule}"
        if decision.allowed != wanted:
            outcome.failures.append(f"{said}, expected {'allowed' if wanted else 'denied'}")
        elif not wanted and case.because not in {None, decision.rule, decision.reason.value}:
            outcome.failures.append(f"{said}, expected because {case.because}")


def _run_who_can(
    engine: Engine, people: Mapping[str, Requester], case: Case, facts: Mapping[str, object], outcome: Outcome
) -> None:
    assert case.who_can is not None  # noqa: S101 - chosen by the caller
    able = {who for who, each in people.items() if engine.decide(each, case.who_can, Target(case.at, facts)).allowed}
    if able != set(case.expect):
        outcome.failures.append(f"{case.who_can} at {case.at}: {sorted(able)} can, expected {sorted(case.expect)}")


def _actions(bundle: Bundle, patterns: tuple[str, ...]) -> list[str]:
    chosen = [
        action
        for action, spec in bundle.actions.items()
        if any((pattern == EFFECT and spec.effect) or fnmatchcase(action, pattern) for pattern in patterns)
    ]
    unused = [each for each in patterns if each != EFFECT and not any(fnmatchcase(a, each) for a in bundle.actions)]
    if unused:
        raise msgspec.ValidationError(f"no action is called {unused[0]}")
    return chosen


def _may(engine: Engine, roles: frozenset[str], action: str, facts: Mapping[str, object]) -> bool:
    scope = "account:one"
    grants = tuple(Grant(id=role, role=role, scope=scope) for role in sorted(roles))
    requester = Requester(id="member:me", member="me", grants={scope: grants}, parents={scope: COMPANY})
    return engine.decide(requester, action, Target(scope, facts)).allowed
