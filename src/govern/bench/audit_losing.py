"""Writers that commit late and out of order, sequencers that are killed: each committed entry is to be placed once."""

import asyncio
import random
import time
from collections.abc import Callable

import asyncpg
import msgspec

from govern.bench.audit_database import copy_database, do_work, sequencing
from govern.bench.audit_texts import make_texts
from govern.bench.audit_working import Done
from govern.embedded import Engines, Login
from govern.tlog.canonical import leaf_hash

WRITERS = 24
LONGEST = 1.0
"""Seconds between an entry and its commit, at most."""
ROLLED_BACK = 0.1
SAVEPOINT = 0.3
HALF = 0.5
LOSS_DATABASE = "loss"
_APPEND = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, $2) RETURNING arrival"
_PLACED = "SELECT arrival, count(*) AS times FROM audit.leaf GROUP BY arrival"


class Losses(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the entries whose writers know that they were committed, and of those rolled back."""

    committed: int
    rolled_back: int
    killed: int
    lost: int
    twice: int
    invented: int
    """Leaves of what was rolled back."""


class Late:
    """Writers that append until it ended: with delays before the commit, savepoints and rollbacks."""

    def __init__(self, origin: str, ended: Callable[[], bool], *, longest: float = LONGEST) -> None:
        self.committed = set[int]()
        """The arrivals that were committed, as far as the writers know."""
        self.taken_back = set[int]()
        self._origin = origin
        self._ended = ended
        self._longest = longest

    async def write(self, url: str, *, seed: int, writers: int = WRITERS) -> None:
        """Append on so many connections."""
        async with asyncio.TaskGroup() as group:
            for number in range(writers):
                group.create_task(self._write(url, random.Random(seed * 1_000 + number)))  # noqa: S311 - no secret

    async def _write(self, url: str, rng: random.Random) -> None:
        connection = await asyncpg.connect(url)
        try:
            while not self._ended():
                await self._one(connection, rng)
        finally:
            await connection.close()

    async def _one(self, connection: asyncpg.Connection, rng: random.Random) -> None:
        """Do one transaction with an entry; sometimes a savepoint has another, kept or not."""
        whole = connection.transaction()  # lint: allow transaction: a stranger's own connection, not Piccolo's
        await whole.start()
        kept, lost = {await self._append(connection, rng)}, set[int]()
        if rng.random() < SAVEPOINT:
            part = connection.transaction()  # lint: allow transaction: a savepoint of it
            await part.start()
            inner = await self._append(connection, rng)
            if rng.random() < HALF:
                await part.rollback()
                lost.add(inner)
            else:
                await part.commit()
                kept.add(inner)
        await asyncio.sleep(rng.random() ** 3 * self._longest)  # most are quick, some are not
        if rng.random() < ROLLED_BACK:
            await whole.rollback()
            kept, lost = set(), kept | lost
        else:
            await whole.commit()
        self.committed |= kept
        self.taken_back |= lost

    async def _append(self, connection: asyncpg.Connection, rng: random.Random) -> int:
        text = next(make_texts(1, origin=self._origin, seed=rng.randrange(2**32), first=rng.randrange(10**6)))
        arrival: int = await connection.fetchval(_APPEND, text, leaf_hash(text))
        return arrival


def measure_losses(engines: Engines, *, origin: str, seconds: float, seed: int) -> Losses:
    """Write for so long while two sequencers at once are killed and started again; then let one place the rest."""
    copy_database(engines, LOSS_DATABASE)
    do_work(engines, LOSS_DATABASE, Login.OWNER, "create", Done)
    written, killed = asyncio.run(_write_and_kill(engines, origin, seconds, seed))
    while do_work(engines, LOSS_DATABASE, Login.SEQUENCER, "place", Done).entries:
        pass
    do_work(engines, LOSS_DATABASE, Login.SEQUENCER, "publish", Done)
    return asyncio.run(_count(engines.database_url(Login.OWNER, LOSS_DATABASE), written, killed))


async def _write_and_kill(engines: Engines, origin: str, seconds: float, seed: int) -> tuple[Late, int]:
    until = time.monotonic() + seconds
    rng = random.Random(seed)  # noqa: S311 - no secret

    def ended() -> bool:
        return time.monotonic() > until

    def work_and_die(after: float) -> None:
        with sequencing(engines, LOSS_DATABASE) as process:
            time.sleep(after)
            process.kill()

    async def kill_again() -> int:
        killed = 0
        while not ended():
            await asyncio.to_thread(work_and_die, rng.uniform(1, 3))  # it takes about a second to start
            killed += 1
        return killed

    late = Late(origin, ended)
    async with asyncio.TaskGroup() as group:
        killing = [group.create_task(kill_again()) for _ in range(2)]
        url = engines.database_url(Login.WEB, LOSS_DATABASE)
        await late.write(url, seed=seed)
    return late, sum(each.result() for each in killing)


async def _count(url: str, written: Late, killed: int) -> Losses:
    owner = await asyncpg.connect(url)
    try:
        placed = {row["arrival"]: row["times"] for row in await owner.fetch(_PLACED)}
    finally:
        await owner.close()
    return Losses(
        committed=len(written.committed),
        rolled_back=len(written.taken_back),
        killed=killed,
        lost=len(written.committed - placed.keys()),
        twice=sum(times > 1 for times in placed.values()),
        invented=len(written.taken_back & placed.keys()),
    )
