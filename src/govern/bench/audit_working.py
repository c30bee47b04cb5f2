"""One of the processes that work on a log while it is measured: creates it, sequences, places a backlog, verifies."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec

from govern import log
from govern.database import pool
from govern.domain.members import system_actor
from govern.jobs.sequence import sequence
from govern.services.audit.creating import create_log
from govern.services.audit.guard import Guard
from govern.services.audit.indexing import index_published
from govern.services.audit.log_key import read_signer
from govern.services.audit.placing import place
from govern.services.audit.publishing import publish
from govern.services.audit.verifying import Question, verify_log
from govern.settings import current

UNTRUE = {"replay"}
"""What is false of a made-up log: the messages it tells of are in no table."""


class LogFalseError(Exception):
    """The log that was measured does not verify."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries something was done to, and how long it took."""

    entries: int
    seconds: float


async def create() -> Done:
    """Create the log."""
    await create_log(settings=current(), actor=system_actor("bench"), now=datetime.now(UTC))
    return Done(entries=1, seconds=0)


async def sequence_until_told() -> Done:
    """Sequence as the sequencer does, until standard input ends."""
    stop, key, guard = asyncio.Event(), read_signer(current().key_file, current().audit_origin), _guard()
    running = asyncio.create_task(sequence(key, guard, stop=stop))
    await asyncio.to_thread(sys.stdin.buffer.read)
    stop.set()
    await running
    return Done(entries=0, seconds=0)


async def place_backlog() -> Done:
    """Place all there is, in the one transaction of one call."""
    return await _timed(place)


async def publish_placed() -> Done:
    """Read back all that was placed since the last checkpoint, and sign it."""
    key = read_signer(current().key_file, current().audit_origin)

    async def work() -> int:
        return int(await publish(key, _guard()) is not None)

    return await _timed(work)


async def index_all() -> Done:
    """Fill what is searched, in steps as the sequencer does."""

    async def work() -> int:
        indexed = 0
        while step := await index_published():
            indexed += step
        return indexed

    return await _timed(work)


async def verify() -> Done:
    """Verify the whole log.

    Raises:
        LogFalseError: something is false that must hold: the time would be that of something else.
    """

    async def work() -> int:
        verdict = await verify_log(Question(full=True), settings=current())
        if {claim.check for claim in verdict.false} - UNTRUE:
            raise LogFalseError(verdict.false)
        return verdict.size

    return await _timed(work)


async def _timed(work: Callable[[], Awaitable[int]]) -> Done:
    begun = time.perf_counter()
    entries = await work()
    return Done(entries=entries, seconds=time.perf_counter() - begun)


def _guard() -> Guard:
    return Guard(current().guard_file)


WORKS: Mapping[str, Callable[[], Awaitable[Done]]] = {
    "create": create,
    "sequence": sequence_until_told,
    "place": place_backlog,
    "publish": publish_placed,
    "index": index_all,
    "verify": verify,
}


async def _work(name: str) -> Done:
    async with pool(size=4):
        return await WORKS[name]()


def main(name: str) -> None:
    """Do one of the works, and print what was done as JSON."""
    log.set_up(json=False, level="ERROR")
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_work(name))))


if __name__ == "__main__":
    main(*sys.argv[1:])
