"""What a change of rules or grants would do, before it is made. Nothing is sampled.

Every set of roles in use, every action, every truth value of every condition: before against after. Which roles may be
given, and which exclude each other, follows from `roles.toml`, so each such role is looked at by itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

import msgspec

from govern.access.asking import PUBLISHER_ID
from govern.access.bundle import Bundle
from govern.access.conditions import CONDITIONS
from govern.access.engine import Engine
from govern.access.rows import ALLOW, DENY, Row
from govern.access.weighing import RuleLine, Standing, role_label, weigh
from govern.domain.actions import COMPANY, EVERYONE, Grant, Requester, Role

_PUBLISHER = Requester(
    id=PUBLISHER_ID,
    grants={COMPANY: (Grant(id="fixed:publisher", role=Role.PUBLISHER, scope=COMPANY),)},
    parents={},
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one member may do otherwise, from this scope downwards, and by which rules.

    `role`: the role to give or take, where that is what changes; `beside`: the role its future holder has already.
    """

    member: str
    scope: str
    action: str
    before: Standing
    after: Standing
    rules: tuple[str, ...]
    role: str | None = None
    beside: str | None = None


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, or what a role may give and excludes (`roles.<role>`), as it was and as it would be."""

    rule: str
    before: str | None
    after: str | None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Who gains and who loses what. A line in both: allowed in other cases than before."""

    gains: tuple[Line, ...] = ()
    losses: tuple[Line, ...] = ()
    rules: tuple[RuleChange, ...] = ()


class _Turn(NamedTuple):
    """What holders of the same roles may do otherwise: a line that names nobody yet."""

    line: Line
    gains: bool
    loses: bool


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """One question to both sides: an action, what is known of its conditions on each side."""

    action: str
    before: Mapping[str, bool] = {}
    after: Mapping[str, bool] = {}
    role: str | None = None
    beside: str | None = None


def compare_bundles(old: Engine, new: Engine, requesters: Iterable[Requester]) -> Difference:
    """Compare two policies on those who hold grants; the publisher, whose role is fixed, is always among them."""
    comparison = _Comparison(old, new)
    others = (requester for requester in requesters if requester.id != PUBLISHER_ID)
    turns = (turn for each in (_PUBLISHER, *others) for turn in comparison.turns(each, each))
    return _difference(turns, rule_changes(old.bundle, new.bundle))


def compare_grants(engine: Engine, before: Requester, after: Requester) -> Difference:
    """Compare what one member may do with these grants and with those, under the same policy."""
    return _difference(_Comparison(engine, engine).turns(before, after), ())


def rule_changes(old: Bundle, new: Bundle) -> tuple[RuleChange, ...]:
    """Return the rules that differ, and the roles that may give or exclude others than before."""
    before, after = _written(old), _written(new)
    return tuple(
        RuleChange(rule=rule, before=before.get(rule), after=after.get(rule))
        for rule in sorted(before.keys() | after.keys())
        if before.get(rule) != after.get(rule)
    )


class _Comparison:
    """Compares sides that may differ in rules or in roles; each pair of role sets is reckoned once."""

    def __init__(self, old: Engine, new: Engine) -> None:
        self._old, self._new = old, new
        self._known: dict[tuple[frozenset[str], frozenset[str]], tuple[_Turn, ...]] = {}
        self._loosened = [
            (role, other)
            for role in old.bundle.roles
            for other in old.bundle.roles
            if _excluded(old, role, other) != _excluded(new, role, other)
        ]

    def turns(self, before: Requester, after: Requester) -> Iterator[_Turn]:
        """Give what changes for a member, at the highest scope where it does."""
        member, found = after.member or after.id, dict[str, tuple[_Turn, ...]]()
        for scope in _places(before, after):
            above = next((found[place] for place in _tree(before, after, scope).above(scope) if place in found), ())
            found[scope] = self._turns(_roles(before, scope), _roles(after, scope))
            if found[scope] is not above:
                told = frozenset(above)
                for turn in found[scope]:
                    if turn not in told:
                        yield turn._replace(line=msgspec.structs.replace(turn.line, member=member, scope=scope))

    def _turns(self, before: frozenset[str], after: frozenset[str]) -> tuple[_Turn, ...]:
        if (before, after) not in self._known:
            cases = (case for action in self._new.bundle.rows for case in self._cases(action, before, after))
            turns = (self._turn(case, before, after) for case in cases)
            self._known[before, after] = tuple(turn for turn in turns if turn is not None)
        return self._known[before, after]

    def _cases(self, action: str, before: frozenset[str], after: frozenset[str]) -> Iterator[_Case]:
        if "givable" not in self._new.bundle.actions[action].facts:
            yield _Case(action=action)
            return
        given_before, given_after = _givable(self._old, before), _givable(self._new, after)
        for role in sorted(given_before | given_after):
            was, becomes = _follows(givable=role in given_before), _follows(givable=role in given_after)
            yield _Case(action=action, before=was, after=becomes, role=role)
            for other in (other for each, other in self._loosened if each == role):
                yield _Case(
                    action=action,
                    before=was | _follows(conflicts=_excluded(self._old, role, other)),
                    after=becomes | _follows(conflicts=_excluded(self._new, role, other)),
                    role=role,
                    beside=other,
                )

    def _turn(self, case: _Case, before: frozenset[str], after: frozenset[str]) -> _Turn | None:
        was, becomes = _rows(self._old, case.action, before), _rows(self._new, case.action, after)
        if was == becomes and case.before == case.after:
            return None
        names = sorted({row.cond for row in (*was, *becomes)} - {"always"})
        outcomes = {
            (_allows(was, {**guessed, **case.before}), _allows(becomes, {**guessed, **case.after}))
            for values in product((False, True), repeat=len(names))
            for guessed in (dict(zip(names, values, strict=True)),)
        }
        gains, loses = (False, True) in outcomes, (True, False) in outcomes
        if not (gains or loses):
            return None
        line = Line(
            member="",
            scope="",
            action=case.action,
            before=_standing(self._old, was, case.before),
            after=_standing(self._new, becomes, case.after),
            rules=tuple(sorted({row.id for row in set(was) ^ set(becomes)})),
            role=case.role,
            beside=case.beside,
        )
        return _Turn(line, gains, loses)


def _difference(found: Iterable[_Turn], rules: tuple[RuleChange, ...]) -> Difference:
    turns = tuple(found)
    return Difference(
        gains=tuple(turn.line for turn in turns if turn.gains),
        losses=tuple(turn.line for turn in turns if turn.loses),
        rules=rules,
    )


def _places(before: Requester, after: Requester) -> list[str]:
    """Return the scopes where a member's roles may change on the way down, higher ones first."""
    places = {*before.grants, *after.grants}
    if before.parents is not after.parents:
        known = before.parents.keys() | after.parents.keys()
        places |= {scope for scope in known if before.parents.get(scope) != after.parents.get(scope)}
    return sorted(places, key=lambda scope: (sum(1 for _ in _tree(before, after, scope).above(scope)), scope))


def _tree(before: Requester, after: Requester, scope: str) -> Requester:
    return after if after.knows(scope) else before


def _roles(requester: Requester, scope: str) -> frozenset[str]:
    if not requester.knows(scope):
        return frozenset()
    return frozenset(grant.role for place in requester.above(scope) for grant in requester.grants.get(place, ()))


def _rows(engine: Engine, action: str, roles: frozenset[str]) -> tuple[Row, ...]:
    return tuple(row for row in engine.bundle.rows[action] if row.role == EVERYONE or row.role in roles)


def _givable(engine: Engine, roles: frozenset[str]) -> frozenset[str]:
    return frozenset(str(role) for held in roles for role in engine.bundle.roles[held].grants)


def _excluded(engine: Engine, role: str, other: str) -> frozenset[str]:
    return frozenset({other}) if other in engine.bundle.roles[role].conflicts else frozenset()


def _follows(**facts: object) -> dict[str, bool]:
    """Return the conditions whose value follows from a derived fact alone."""
    of = {"givable": "not_givable", "conflicts": "has_conflict"}
    return {of[name]: CONDITIONS[of[name]](_PUBLISHER, {name: value}) for name, value in facts.items()}


def _allows(rows: Iterable[Row], values: Mapping[str, bool]) -> bool:
    matched = {row.eft for row in rows if values.get(row.cond, True)}
    return ALLOW in matched and DENY not in matched


def _standing(engine: Engine, rows: Iterable[Row], known: Mapping[str, bool]) -> Standing:
    return weigh(
        RuleLine(
            rule=row.id,
            effect=row.eft,
            role=row.role,
            label=role_label(engine, row.role),
            held=True,
            grant=None,
            condition=row.cond,
            sentence=engine.bundle.conditions[row.cond].sentence,
            value=True if row.cond == "always" else known.get(row.cond),
        )
        for row in rows
    )


def _written(bundle: Bundle) -> dict[str, str]:
    rules = {row.id: ", ".join(row[:-1]) for rows in bundle.rows.values() for row in rows}
    roles = {
        f"roles.{name}": f"grants {', '.join(spec.grants) or 'none'}; conflicts {', '.join(spec.conflicts) or 'none'}"
        for name, spec in bundle.roles.items()
    }
    return {**rules, **roles}
