"""A grant source in memory, with the database's clock and versions in the test's hand."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from govern.access import Change, Held
from govern.domain.actions import ChangeKind, Seen
from govern.errors import Unavailable

TREE = {"brand:music": "company", "account:help": "brand:music"}
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


class FakeSource:
    """Keeps grants and tells of each change. `away`: the database does not answer. `transaction`: there is one."""

    def __init__(self, digest: str) -> None:
        self.grants: dict[str, Held] = {}
        self._numbers = count()
        self.tree = dict(TREE)
        self.version, self.now, self.active = 1, NOON, digest
        self.told: list[tuple[int, Change]] = []
        self.kept_since = 0
        self.policies: dict[str, Mapping[str, bytes]] = {}
        self.away = self.transaction = self.is_locked = False
        self.pages = 0

    def give(
        self,
        member: UUID | str,
        role: str,
        scope: str,
        *,
        starts_at: datetime = NOON - timedelta(days=1),
        expires_at: datetime | None = None,
    ) -> str:
        key = f"{role}@{scope}/{next(self._numbers)}"
        self.grants[key] = Held(
            id=key, member=str(member), role=role, scope=scope, starts_at=starts_at, expires_at=expires_at
        )
        self.tell(str(member), ChangeKind.GRANT)
        return key

    def take(self, key: str) -> None:
        self.tell(self.grants.pop(key).member, ChangeKind.GRANT)

    def tell(self, subject: str, kind: ChangeKind) -> None:
        self.version += 1
        self.told.append((self.version, Change(subject, kind)))

    def seen(self) -> Seen:
        return Seen(version=self.version, digest=self.active, at=self.now)

    async def state(self) -> Seen:
        if self.away:
            raise Unavailable
        return self.seen()

    async def hold(self) -> Seen:
        return await self.state()

    async def lock(self) -> None:
        self.is_locked = True

    def deciding(self) -> bool:
        return self.transaction

    def locked(self) -> bool:
        return self.is_locked

    async def changes(self, since: int) -> Sequence[Change] | None:
        return None if since < self.kept_since else [change for version, change in self.told if version > since]

    async def held(
        self, members: frozenset[str] | None, *, at: datetime | None = None
    ) -> AsyncIterator[Sequence[Held]]:
        if self.away:
            raise Unavailable
        found = [held for held in self.grants.values() if members is None or held.member in members]
        for first in range(0, len(found), 2):
            self.pages += 1
            yield found[first : first + 2]

    async def parents(self, *, at: datetime | None = None) -> Mapping[str, str]:
        return dict(self.tree)

    async def digest(self, *, at: datetime) -> str | None:
        return self.active

    async def files(self, digest: str) -> Mapping[str, bytes] | None:
        return self.policies.get(digest)
