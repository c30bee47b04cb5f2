"""Who holds what at one moment: a value that is replaced as a whole, never changed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from sys import intern

import msgspec

from govern.access.engine import Engine
from govern.access.source import Held
from govern.domain.actions import COMPANY, Grant, Requester, Role, Seen

Grants = Mapping[str, tuple[Grant, ...]]
"""By scope."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Rules, grants in force and scope tree at one version. `turns`: when a member's grants change by themselves."""

    version: int
    at: datetime
    """The database's time when it was read."""
    engine: Engine
    grants: Mapping[str, Grants]
    """By member, then by scope."""
    parents: Mapping[str, str]
    turns: Mapping[str, datetime]
    valid_until: datetime | None
    """The next moment at which somebody's grant starts or ends."""

    @property
    def digest(self) -> str:
        """The policy's."""
        return self.engine.bundle.digest

    @property
    def scopes(self) -> frozenset[str]:
        """All scopes there are."""
        return frozenset({COMPANY, *self.parents})

    def requester(self, member: str) -> Requester:
        """Return a member as the policy sees them; an unknown one holds nothing."""
        return Requester(id=f"member:{member}", member=member, grants=self.grants.get(member, {}), parents=self.parents)

    def requesters(self) -> Iterator[Requester]:
        """Give every member who holds a grant."""
        return (self.requester(member) for member in self.grants)

    def answers(self, seen: Seen) -> bool:
        """Tell whether nothing happened between this snapshot and what a later question saw."""
        return self.version >= seen.version and (self.valid_until is None or seen.at < self.valid_until)

    def turned(self, at: datetime) -> frozenset[str]:
        """Return the members whose grants started or ended since."""
        if self.valid_until is None or at < self.valid_until:
            return frozenset()
        return frozenset(member for member, turn in self.turns.items() if turn <= at)


class Holdings:
    """Collects the grants of a new snapshot, of these members (None: all); the others keep those of the one before.

    Grants that did not change are shared with the one before: to free 100,000 at once would hold everything up.
    """

    def __init__(self, at: datetime, before: Snapshot | None = None, members: Collection[str] | None = None) -> None:
        self.at = at
        self._before = before.grants if before else {}
        self._grants: dict[str, Grants] = {}
        self._turns: dict[str, datetime] = {}
        self._next: datetime | None = None
        if before is not None and members is not None:
            self._keep(before, members)
        self._new: dict[str, dict[str, tuple[Grant, ...]]] = {}

    def _keep(self, before: Snapshot, members: Collection[str]) -> None:
        self._grants, self._turns = dict(before.grants), dict(before.turns)
        gone = [self._turns.pop(member, None) for member in members]
        for member in members:
            self._grants.pop(member, None)
        self._next = before.valid_until
        if before.valid_until in gone:
            self._next = min(self._turns.values(), default=None)

    def add(self, page: Iterable[Held]) -> None:
        """Take grants of members that are not kept; those not in force only tell when they will be."""
        for held in page:
            if held.role == Role.PUBLISHER:
                continue  # the worker's own: nobody holds it, whatever a row says
            if held.starts_at <= self.at and (held.expires_at is None or self.at < held.expires_at):
                self._hold(held.member, Grant(id=held.id, role=intern(str(held.role)), scope=intern(held.scope)))
            turn = held.starts_at if self.at < held.starts_at else held.expires_at
            if turn is not None and self.at < turn:
                self._turns[held.member] = min(turn, self._turns.get(held.member, turn))
                self._next = turn if self._next is None else min(turn, self._next)

    def _hold(self, member: str, grant: Grant) -> None:
        scopes = self._new.setdefault(member, {})
        held = (*scopes.get(grant.scope, ()), grant)
        known = self._before.get(member, {}).get(grant.scope)
        scopes[grant.scope] = known if known == held else held

    def snapshot(self, *, version: int, engine: Engine, parents: Mapping[str, str]) -> Snapshot:
        """Return the snapshot of all that was collected."""
        self._grants |= self._new
        return Snapshot(
            version=version,
            at=self.at,
            engine=engine,
            grants=self._grants,
            parents=parents,
            turns=self._turns,
            valid_until=self._next,
        )
