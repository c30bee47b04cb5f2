"""What a change costs a process: one grant among 10,000 members, and everything anew, beside other work."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from datetime import datetime

import msgspec

from govern.access import Bundle, Change, Held
from govern.access.snapshots import Snapshots
from govern.bench.access_company import NOON, Company
from govern.domain.actions import ChangeKind, Role, Seen

PAGE = 1_000
"""Grants in a page, as the database gives them."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of computing. `block`: the longest stretch in which nothing else could run on the event loop."""

    change: float
    rebuild: float
    block: float


class InMemory:
    """A grant source without a database: what is left is the process's own work."""

    def __init__(self, company: Company, digest: str) -> None:
        self._pages = [rows[first : first + PAGE] for rows in [company.rows()] for first in range(0, len(rows), PAGE)]
        self._held = dict(company.held)
        self._parents = company.parents
        self._digest = digest
        self._version = 1
        self._told: list[Change] = []

    def change(self, member: str) -> None:
        """Give a member one more role, or take it back."""
        held = self._held[member]
        more = msgspec.structs.replace(held[0], id="one more", role=str(Role.VIEWER), expires_at=None)
        self._held[member] = held[:-1] if held[-1].id == more.id else (*held, more)
        self._version += 1
        self._told = [Change(member, ChangeKind.GRANT)]

    def forget(self) -> None:
        """Let so much happen that nobody can tell what."""
        self._version += 1
        self._told = [Change("*", ChangeKind.ALL)]

    async def state(self) -> Seen:
        return Seen(version=self._version, digest=self._digest, at=NOON)

    async def hold(self) -> Seen:
        return await self.state()

    async def lock(self) -> None:
        """There is nobody to wait for."""

    def deciding(self) -> bool:
        return False

    def locked(self) -> bool:
        return False

    async def changes(self, since: int) -> Sequence[Change]:
        return self._told if since == self._version - 1 else [Change("*", ChangeKind.ALL)]

    async def held(
        self,
        members: frozenset[str] | None,
        *,
        at: datetime | None = None,  # noqa: ARG002 - there is no past here
    ) -> AsyncIterator[Sequence[Held]]:
        for page in self._pages if members is None else [self._held[member] for member in members]:
            yield page

    async def parents(self, *, at: datetime | None = None) -> Mapping[str, str]:  # noqa: ARG002
        return self._parents

    async def digest(self, *, at: datetime) -> str | None:  # noqa: ARG002
        return self._digest

    async def files(self, digest: str) -> Mapping[str, bytes] | None:  # noqa: ARG002 - the rules are known
        return None


async def measure_changes(company: Company, bundle: Bundle, *, rounds: int) -> Cost:
    """Change one member's grants, then read everything anew, so many times: medians, and the longest block of all."""
    source = InMemory(company, bundle.digest)
    snapshots, members = Snapshots(bundle, source), list(company.held)
    await snapshots.reach(await source.state())
    changes, rebuilds, blocks = [], [], []
    for turn in range(rounds):
        source.change(members[turn % len(members)])
        changes.append((await _watched(_reach(snapshots, source)))[0])
        source.forget()
        taken, block = await _watched(_reach(snapshots, source))
        rebuilds.append(taken)
        blocks.append(block)
    return Cost(change=statistics.median(changes), rebuild=statistics.median(rebuilds), block=max(blocks))


async def _reach(snapshots: Snapshots, source: InMemory) -> None:
    await snapshots.reach(await source.state())


async def _watched(work: Awaitable[None]) -> tuple[float, float]:
    """Return how long the work took, and the longest time it kept the event loop from another task."""
    longest, done = 0.0, False

    async def tick() -> None:
        nonlocal longest
        while not done:
            begun = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - begun)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    begun = time.thread_time()
    await work
    taken, done = time.thread_time() - begun, True
    await ticking
    return taken, longest
