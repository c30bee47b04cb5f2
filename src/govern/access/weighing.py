"""The rules of an action with what is known of each: who holds its role, whether its condition is true, what follows.

Casbin decides (`engine`); this reads the same rules for people, also where facts are not known yet.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import product

import msgspec

from govern.access.catalogue import Text
from govern.access.conditions import FactFault, Facts, when
from govern.access.engine import Engine
from govern.access.rows import ALLOW, DENY, Row
from govern.domain.actions import EVERYONE, Grant, Requester, Target

FRESH = "not_fresh"
"""The condition anybody can meet by signing in again: it is named, and never makes an answer depend."""
_EVERYONE = Text(en="everyone", fr="tout le monde")


class Answer(StrEnum):
    """What the rules say where facts may be missing."""

    YES = "yes"
    """Allowed, whatever the missing facts are."""
    DEPENDS = "depends"
    """Allowed for some values of the missing facts."""
    NO = "no"
    """Denied, whatever the missing facts are."""


class Dependence(msgspec.Struct, frozen=True, kw_only=True):
    """A condition the answer hangs on: allowed only if it is met (`allow`), or unless it is (`deny`)."""

    condition: str
    effect: str
    sentence: Text


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, and what it depends on. `fresh`: at that moment a fresh sign-in is asked for as well."""

    answer: Answer
    conditions: tuple[Dependence, ...] = ()
    fresh: bool = False


class RuleLine(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of the action, for one requester. `value` is None where a fact is missing or mistyped."""

    rule: str
    effect: str
    role: str
    label: Text
    held: bool
    grant: Grant | None
    """What gives the role here; `everyone` needs none."""
    condition: str
    sentence: Text
    value: bool | None
    matched: bool = False
    """The role is held and the condition true."""
    decided: bool = False
    """Of the rules that matched, the one the decision names."""


def read_rules(engine: Engine, requester: Requester, action: str, target: Target) -> tuple[RuleLine, ...]:
    """Return the rules of the action in the order they are decided; none for an unknown action or scope."""
    rows = engine.bundle.rows.get(action, ())
    if not requester.knows(target.scope):
        return ()
    facts = _facts(engine, requester, action, target) if rows else {}
    values = {name: _value(name, requester, facts) for name in {row.cond for row in rows}}
    return tuple(_line(engine, requester, target.scope, row, values[row.cond]) for row in rows)


def weigh(lines: Iterable[RuleLine]) -> Standing:
    """Try each combination of truth values of the conditions that are not known: at most six, so at most 64."""
    held = [line for line in lines if line.held]
    unknown = {line.condition: line for line in held if line.value is None}
    fresh = unknown.pop(FRESH, None) is not None
    names = sorted(unknown)
    allowed = {
        values: _allows(held, dict(zip(names, values, strict=True)))
        for values in product((False, True), repeat=len(names))
    }
    if not any(allowed.values()):
        return Standing(answer=Answer.NO)
    if all(allowed.values()):
        return Standing(answer=Answer.YES, fresh=fresh)
    decisive = [unknown[name] for place, name in enumerate(names) if _matters(allowed, place)]
    return Standing(
        answer=Answer.DEPENDS,
        conditions=tuple(
            Dependence(condition=line.condition, effect=line.effect, sentence=line.sentence) for line in decisive
        ),
        fresh=fresh,
    )


def role_label(engine: Engine, role: str) -> Text:
    """Return a role's name for people."""
    return _EVERYONE if role == EVERYONE else engine.bundle.roles[role].label


def _facts(engine: Engine, requester: Requester, action: str, target: Target) -> Facts:
    """Return what is known. If nothing can follow from it, that part is missing and its conditions are unknown."""
    try:
        return engine.facts(requester, action, target)
    except FactFault:
        readable = engine.bundle.actions[action].facts
        return {name: value for name, value in target.facts.items() if name in readable}


def _value(name: str, requester: Requester, facts: Facts) -> bool | None:
    try:
        return when(name, requester, facts)
    except Exception:  # noqa: BLE001 - as the engine sees it: any fault in a condition is a doubt
        return None


def _line(engine: Engine, requester: Requester, scope: str, row: Row, value: bool | None) -> RuleLine:
    grant = None if row.role == EVERYONE else requester.grant_of(row.role, scope)
    held = row.role == EVERYONE or grant is not None
    return RuleLine(
        rule=row.id,
        effect=row.eft,
        role=row.role,
        label=role_label(engine, row.role),
        held=held,
        grant=grant,
        condition=row.cond,
        sentence=engine.bundle.conditions[row.cond].sentence,
        value=value,
        matched=held and value is True,
    )


def _allows(held: Iterable[RuleLine], guessed: Mapping[str, bool]) -> bool:
    """Tell the outcome if the unknown conditions had these values, and the sign-in were fresh."""
    matched = {
        line.effect for line in held if (guessed.get(line.condition, False) if line.value is None else line.value)
    }
    return ALLOW in matched and DENY not in matched


def _matters(allowed: Mapping[tuple[bool, ...], bool], place: int) -> bool:
    """Tell whether the condition at this place changes the outcome anywhere, all others being equal."""
    return any(
        outcome != allowed[(*values[:place], not values[place], *values[place + 1 :])]
        for values, outcome in allowed.items()
    )
