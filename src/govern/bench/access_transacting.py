"""One use case with an effect by many at once: decided under the gate and the lock, and without either, in turn."""

import asyncio
import statistics
import sys
import time
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import msgspec

from govern import database, log, settings
from govern.access import Access, load_bundle
from govern.bench.measuring import turned
from govern.domain.actions import Seen
from govern.domain.members import Via, member_actor
from govern.services.consent import EVIDENCE, record_opt_in
from govern.services.grant_source import PostgresGrants

_LEO = member_actor(UUID("00000000-0000-7000-8000-000000000003"), "Leo", via=Via.API)
_EVIDENCE = {**dict.fromkeys(EVIDENCE, "to measure"), "captured_at": "2026-01-01"}


class Throughput(msgspec.Struct, frozen=True, kw_only=True):
    """Use cases done in a second; medians."""

    locked: float
    free: float


class Ungated(PostgresGrants):
    """Trusts the version seen first, as nobody may: takes neither gate nor lock, and asks nothing."""

    _seen: Seen | None = None

    async def hold(self) -> Seen:
        if self._seen is None:
            self._seen = await self.state()
        return self._seen


async def compare(connections: int, rounds: int, seconds: float) -> Throughput:
    """Record consent on so many connections, each way for so many seconds a round."""
    bundle = load_bundle(settings.current().policies / "access")
    ways = {"locked": Access(bundle, PostgresGrants()), "free": Access(bundle, Ungated())}
    done: dict[str, list[float]] = {name: [] for name in ways}
    numbers = count()
    async with database.pool(size=connections):
        for turn in range(-1, rounds):  # the first round only warms up
            for name in turned(list(ways), turn):
                rate = await _rate(ways[name], numbers, connections, seconds)
                if turn >= 0:
                    done[name].append(rate)
    return Throughput(locked=statistics.median(done["locked"]), free=statistics.median(done["free"]))


async def _rate(access: Access, numbers: "count[int]", connections: int, seconds: float) -> float:
    begun = time.perf_counter()

    async def work() -> int:
        done = 0
        while time.perf_counter() - begun < seconds:
            await record_opt_in(
                account="Help",
                contact=f"c{next(numbers)}",
                evidence=_EVIDENCE,
                actor=_LEO,
                access=access,
                now=datetime.now(UTC),
            )
            done += 1
        return done

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(connections)]
    return sum(task.result() for task in tasks) / (time.perf_counter() - begun)


def main(connections: str, rounds: str, seconds: str) -> None:
    """Compare, and print the throughputs as JSON."""
    log.set_up(json=False, level="ERROR")
    found = asyncio.run(compare(int(connections), int(rounds), float(seconds)))
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
