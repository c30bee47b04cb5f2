"""Who holds what at one moment: a value that is replaced as a whole, never changed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

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
        return Requester(
            id=f"member:{member}", member=member, grants=self.grants.get(member, {}), parents=self.parents
        )

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
    """Collects the grants of a new snapshot; `kept` is what stays as it was."""

    def __init__(self, at: datetime, kept: Snapshot | None = None, renewed: Collection[str] = ()) -> None:
        self.at = at
        self._grants: dict[str, Grants] = dict(kept.grants) if kept else {}
        self._turns: dict[str, datetime] = dict(kept.turns) if kept else {}
        for member in renewed:
            self._grants.pop(member, None)
            self._turns.pop(member, None)
        self._new: dict[str, dict[str, list[Grant]]] = {}

    def add(self, page: Iterable[Held]) -> None:
        """Take grants of members that are not kept; those not in force only tell when they will be."""
        for held in page:
            if held.role == Role.PUBLISHER:
                continue  # the worker's own: nobody holds it, whatever a row says
            if held.starts_at <= self.at and (held.expires_at is None or self.at < held.expires_at):
                grant = Grant(id=held.id, role=held.role, scope=held.scope)
                self._new.setdefault(held.member, {}).setdefault(held.scope, []).append(grant)
            turn = held.starts_at if self.at < held.starts_at else held.expires_at
            if turn is not None and self.at < turn < self._turns.get(held.member, datetime.max.replace(tzinfo=turn.tzinfo)):
                self._turns[held.member] = turn

    def snapshot(self, *, version: int, engine: Engine, parents: Mapping[str, str]) -> Snapshot:
        """Return the snapshot of all that was collected."""
        for member, scopes in self._new.items():
            self._grants[member] = {scope: tuple(grants) for scope, grants in scopes.items()}
        return Snapshot(
            version=version,
            at=self.at,
            engine=engine,
            grants=self._grants,
            parents=parents,
            turns=self._turns,
            valid_until=min(self._turns.values(), default=None),
        )
