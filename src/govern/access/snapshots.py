"""Keeping the one snapshot of this process: as new as what the question saw, swapped as a whole, forward only."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime

from govern import log
from govern.access.bundle import Bundle, read_bundle
from govern.access.catalogue import PolicyFault
from govern.access.engine import Engine
from govern.access.snapshot import Holdings, Snapshot
from govern.access.source import GrantSource
from govern.domain.actions import ChangeKind, Seen
from govern.errors import N_, Invalid, Unavailable

logger = log.get(__name__)
SLICE = 0.005
"""Seconds a rebuild may keep the event loop to itself."""
MAX_ENGINES = 4


class NothingThen(Invalid):
    """The history begins later."""

    code = "access.nothing_then"
    template = N_("At {at} there were no rules here yet: the history begins later.")


class Snapshots:
    """The snapshot in force and how to get the next one. Holds no lock while it reads: who needs one makes their own."""

    def __init__(self, bundle: Bundle, source: GrantSource) -> None:
        self._source = source
        self._engines = {bundle.digest: Engine(bundle)}
        self._current: Snapshot | None = None

    @property
    def current(self) -> Snapshot | None:
        """The newest one so far; None before the first question."""
        return self._current

    async def reach(self, seen: Seen) -> Snapshot:
        """Return a snapshot that is not older than what was seen.

        Raises:
            Unavailable: it cannot be read, or the active policy is not fit to decide by.
        """
        current = self._current
        if current is not None and current.answers(seen):
            return current
        reached = await self._next(current, seen) if current is not None else None
        reached = reached or await self._all(seen)
        newest = self._current
        if newest is None or (reached.version, reached.at) > (newest.version, newest.at):
            self._current = reached
        return reached

    async def as_of(self, at: datetime) -> Snapshot:
        """Return the snapshot of a moment in the past, from the history. It answers questions and allows nothing.

        Raises:
            NothingThen: no policy was in force yet.
        """
        digest = await self._source.digest(at=at)
        if digest is None:
            raise NothingThen(at=at.isoformat(timespec="minutes"), field="at")
        holdings, engine = Holdings(at, self._current), await self._engine(digest)
        async for page in self._source.held(None, at=at):
            holdings.add(page)
        return holdings.snapshot(version=0, engine=engine, parents=await self._source.parents(at=at))

    async def engine_of(self, digest: str) -> Engine:
        """Return the rules of a policy that was activated once.

        Raises:
            Unavailable: there is none of that digest, or this version cannot read it.
        """
        return await self._engine(digest)

    async def _next(self, current: Snapshot, seen: Seen) -> Snapshot | None:
        """Read anew only what changed since; None if nobody can tell any more."""
        changes = await self._source.changes(current.version) if seen.version > current.version else ()
        if changes is None or any(change.kind is ChangeKind.ALL for change in changes):
            return None
        kinds = {change.kind for change in changes}
        members = current.turned(seen.at)
        members |= frozenset(change.subject for change in changes if change.kind is ChangeKind.GRANT)
        holdings = Holdings(max(seen.at, current.at), current, members)
        if members:
            await self._collect(holdings, members)
        return holdings.snapshot(
            version=max(seen.version, current.version),
            engine=await self._engine(seen.digest) if ChangeKind.POLICY in kinds else current.engine,
            parents=await self._source.parents() if ChangeKind.SCOPE in kinds else current.parents,
        )

    async def _all(self, seen: Seen) -> Snapshot:
        engine, parents = await self._engine(seen.digest), await self._source.parents()
        holdings = Holdings(seen.at, self._current)
        await self._collect(holdings, None)
        await asyncio.sleep(0)  # what follows takes a moment as well
        return holdings.snapshot(version=seen.version, engine=engine, parents=parents)

    async def _collect(self, holdings: Holdings, members: frozenset[str] | None) -> None:
        """Read page by page, and let others run in between: a process with many members does not stand still."""
        begun = time.perf_counter()
        async for page in self._source.held(members):
            holdings.add(page)
            if time.perf_counter() - begun > SLICE / 2:  # the next page may take as long again
                await asyncio.sleep(0)
                begun = time.perf_counter()

    async def _engine(self, digest: str) -> Engine:
        if digest not in self._engines:
            files = await self._source.files(digest)
            bundle = _read(files, digest)
            await asyncio.sleep(0)  # to read the rules and to build with them takes a moment each
            engine = Engine(bundle)
            while len(self._engines) >= MAX_ENGINES:
                self._engines.pop(next(iter(self._engines)))
            self._engines[digest] = engine
        return self._engines[digest]


def _read(files: Mapping[str, bytes] | None, digest: str) -> Bundle:
    """Read a policy from the database; one that is not there, or that this version cannot read, decides nothing."""
    try:
        bundle = read_bundle(files or {})
    except PolicyFault as fault:
        logger.error("access.policy_unfit", digest=digest, fault=fault.detail)  # noqa: TRY400 - the detail says it all
        raise Unavailable from fault
    if bundle.digest != digest:
        logger.error("access.policy_changed", digest=digest, found=bundle.digest)
        raise Unavailable
    return bundle
