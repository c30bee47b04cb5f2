"""Tests of the policy, written as data beside it: named cases, and invariants over every possible set of roles.

A case asks many questions at once; each becomes a `Probe`: one decision and the answer it must have.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import combinations
from typing import NamedTuple

import msgspec

from govern.access.bundle import Bundle
from govern.access.case_files import Place, read_cases
from govern.access.catalogue import PolicyFault
from govern.domain.actions import COMPANY, EVERYONE, Action, Grant, Reason, Requester, Role, Target

EFFECT = "@effect"
INVARIANTS = "tests/invariants.yaml"
_SCOPE = "account:one"


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


class Probe(NamedTuple):
    """One question and the answer it must have. `because`: the rule or reason a denial must give."""

    place: Place
    asked: str
    requester: Requester
    action: str
    target: Target
    allowed: bool
    because: str | None = None


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """All tests of a policy, as single questions; `asked` counts the cases and invariants as they are written."""

    cases: tuple[Probe, ...]
    invariants: tuple[Probe, ...]
    asked: int


def read_suite(files: Mapping[str, bytes], bundle: Bundle) -> Suite:
    """Read `tests/*.yaml` of a policy.

    Raises:
        PolicyFault: for an unknown key, action, role, scope or person, or a case that says too little: with its line.
    """
    cases, invariants, places = list[Probe](), list[Probe](), set[Place]()
    for name in sorted(each for each in files if each.startswith("tests/") and each.endswith(".yaml")):
        if name == INVARIANTS:
            invariants += _invariants(name, files[name], bundle)
        else:
            cases += _cases(name, files[name], bundle)
    places = {probe.place for probe in (*cases, *invariants)}
    return Suite(cases=tuple(cases), invariants=tuple(invariants), asked=len(places))


def possible_sets(bundle: Bundle) -> Iterator[frozenset[str]]:
    """Give every set of roles without a conflict, the empty one and the publisher's included."""
    for size in range(len(bundle.roles) + 1):
        for chosen in combinations(sorted(bundle.roles), size):
            roles = frozenset(chosen)
            if not any(roles & {str(other) for other in bundle.roles[role].conflicts} for role in roles):
                yield roles


def _cases(name: str, text: bytes, bundle: Bundle) -> Iterator[Probe]:
    file, places = read_cases(name, text, "cases", CaseFile)
    people = _people(name, file)
    for case, place in zip(file.cases, places, strict=True):
        fault = _fault(bundle, file, case)
        if fault:
            raise PolicyFault(file=place.file, line=place.line, expected=fault)
        yield from _questions(case, place, people, Target(case.at, {**file.facts, **case.facts}))


def _questions(case: Case, place: Place, people: Mapping[str, Requester], target: Target) -> Iterator[Probe]:
    if case.who_can is not None:
        for who, requester in people.items():
            yield Probe(place, f"{who} at {case.at}", requester, case.who_can, target, who in case.expect)
    for action in (*case.can, *case.cannot):
        denied = action in case.cannot
        because = case.because if denied else None
        asked = f"{case.who} at {case.at}"
        yield Probe(place, asked, people[case.who or ""], action, target, allowed=not denied, because=because)


def _people(name: str, file: CaseFile) -> dict[str, Requester]:
    held: dict[str, dict[str, list[Grant]]] = {}
    for number, (who, role, scope) in enumerate(file.grants):
        if scope != COMPANY and scope not in file.scopes:
            raise PolicyFault(file=name, line=1, expected=f"grants at scopes of this file, not {scope}")
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


def _fault(bundle: Bundle, file: CaseFile, case: Case) -> str | None:
    """Say what a case lacks or names in vain."""
    guarded = sorted(action for action in case.cannot if any(row.role == EVERYONE for row in bundle.rows[action]))
    known = {who for who, _, _ in file.grants}
    people = {*case.expect, *([] if case.who is None else [case.who])}
    asks = case.who_can is not None
    said = bool(case.can or case.cannot)
    checks = (
        (asks != (case.who is not None), "either `who` or `who_can`"),
        (asks != said, "`can` and `cannot` for `who`, `expect` for `who_can`"),
        (asks or not case.expect, "`expect` only for `who_can`"),
        (case.because is None or bool(case.cannot), "`because` only for `cannot`"),
        (not guarded or case.because is not None, f"because of which rule: {', '.join(guarded)} has guards"),
        (people <= known, f"people with grants in this file, not {', '.join(sorted(people - known))}"),
        (
            case.because == Reason.UNKNOWN_SCOPE or case.at == COMPANY or case.at in file.scopes,
            f"a scope of this file, not {case.at}",
        ),
    )
    return next((expected for holds, expected in checks if not holds), None)


def _invariants(name: str, text: bytes, bundle: Bundle) -> Iterator[Probe]:
    """Ask what an invariant forbids of every set of roles a person may hold at once."""
    file, places = read_cases(name, text, "invariants", InvariantFile)
    people = {roles: _holder(roles) for roles in possible_sets(bundle)}
    for invariant, place in zip(file.invariants, places, strict=True):
        target = Target(_SCOPE, {**file.facts, **invariant.facts})
        actions = _actions(bundle, invariant.never, place)
        for roles, requester in people.items():
            if set(invariant.has) <= roles and not set(invariant.lacks) & roles:
                asked = f"{invariant.sentence} With {', '.join(sorted(roles)) or 'no role'}"
                for action in actions:
                    yield Probe(place, asked, requester, action, target, allowed=False)


def _actions(bundle: Bundle, patterns: tuple[str, ...], place: Place) -> list[str]:
    unused = [each for each in patterns if each != EFFECT and not any(fnmatchcase(a, each) for a in bundle.actions)]
    if unused:
        raise PolicyFault(file=place.file, line=place.line, expected=f"patterns of actions, not {unused[0]}")
    return [
        action
        for action, spec in bundle.actions.items()
        if any((pattern == EFFECT and spec.effect) or fnmatchcase(action, pattern) for pattern in patterns)
    ]


def _holder(roles: frozenset[str]) -> Requester:
    grants = tuple(Grant(id=role, role=role, scope=_SCOPE) for role in sorted(roles))
    return Requester(id="member:me", member="me", grants={_SCOPE: grants}, parents={_SCOPE: COMPANY})
