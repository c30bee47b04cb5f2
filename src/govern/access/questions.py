"""Who can, where can, what can: exact with facts; without them yes, no, or what it depends on."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

import msgspec

from govern.access.engine import Engine
from govern.access.rows import ALLOW
from govern.access.weighing import Answer, Standing, read_rules, weigh
from govern.domain.actions import COMPANY, Grant, Requester, Target

Facts = Mapping[str, object]


class Moment(Protocol):
    """Rules and grants at one moment: what `Access.snapshot` and `Access.as_of` return."""

    @property
    def engine(self) -> Engine:
        """The rules."""

    def requesters(self) -> Iterator[Requester]:
        """Give every member who holds a grant."""


class Able(msgspec.Struct, frozen=True, kw_only=True):
    """A member who can, or can under conditions, and the grants that allow it."""

    member: str
    standing: Standing
    grants: tuple[Grant, ...]


class Judge:
    """Answers many questions about one policy; without facts, equal roles get one answer, reckoned once."""

    def __init__(self, engine: Engine, facts: Facts | None = None) -> None:
        self._engine, self._facts = engine, dict(facts or {})
        self._known: dict[tuple[str, frozenset[str]], Standing] = {}

    def standing(self, requester: Requester, action: str, scope: str) -> Standing:
        """Return yes, depends or no; an unknown action or scope is no."""
        if self._facts:
            return self._weigh(requester, action, scope)
        held = frozenset(grant.role for place in requester.above(scope) for grant in requester.grants.get(place, ()))
        if not held or not requester.knows(scope):
            return Standing(answer=Answer.NO)
        if (action, held) not in self._known:
            self._known[action, held] = self._weigh(requester, action, scope)
        return self._known[action, held]

    def able(self, requester: Requester, action: str, scope: str) -> Able | None:
        """Return how the requester can, with the grants that allow it; None if not."""
        standing = self.standing(requester, action, scope)
        if standing.answer is Answer.NO:
            return None
        lines = read_rules(self._engine, requester, action, Target(scope, self._facts))
        grants = tuple(line.grant for line in lines if line.grant and line.effect == ALLOW and line.value is not False)
        return Able(member=requester.member or requester.id, standing=standing, grants=grants)

    def _weigh(self, requester: Requester, action: str, scope: str) -> Standing:
        return weigh(read_rules(self._engine, requester, action, Target(scope, self._facts)))


def who_can(snapshot: Moment, action: str, scope: str, facts: Facts | None = None) -> tuple[Able, ...]:
    """Return every member who can do the action at the scope, at least under conditions."""
    judge = Judge(snapshot.engine, facts)
    found = (judge.able(requester, action, scope) for requester in snapshot.requesters())
    return tuple(able for able in found if able is not None)


def where_can(engine: Engine, requester: Requester, action: str, facts: Facts | None = None) -> dict[str, Able]:
    """Return the scopes where the requester can do the action, at least under conditions, in the order of the tree."""
    judge = Judge(engine, facts)
    found = {scope: judge.able(requester, action, scope) for scope in in_order(requester.parents)}
    return {scope: able for scope, able in found.items() if able is not None}


def what_can(
    engine: Engine, requester: Requester, scopes: Iterable[str], facts: Facts | None = None
) -> dict[str, dict[str, Standing]]:
    """Return, for each action the requester can do somewhere, the answer at each of these scopes where it is not no."""
    judge, places = Judge(engine, facts), tuple(scopes)
    table = {}
    for action in engine.bundle.actions:
        found = {scope: judge.standing(requester, action, scope) for scope in places}
        row = {scope: standing for scope, standing in found.items() if standing.answer is not Answer.NO}
        if row:
            table[action] = row
    return table


def in_order(parents: Mapping[str, str]) -> list[str]:
    """Return all scopes: the company, then each brand with its accounts, by name; what hangs in the air comes last."""
    below: dict[str, list[str]] = {}
    for scope, parent in sorted(parents.items()):
        below.setdefault(parent, []).append(scope)
    found, waiting = [], [COMPANY]
    while waiting:
        place = waiting.pop()
        found.append(place)
        waiting += reversed(below.pop(place, []))
    return found + sorted(set(parents) - set(found))
