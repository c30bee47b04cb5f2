"""A sequencer in a process of its own, for tests that kill it: at a named step of its work, or whenever they like."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping

from govern.database import pool
from govern.jobs.sequence import sequence
from govern.services.audit.guard import Guard
from govern.services.audit.log_key import read_signer
from govern.services.audit.placing import place, place_missing
from govern.services.audit.publishing import publish
from govern.settings import current

Work = Callable[[Callable[[str], None]], Awaitable[object]]
AFTER = "after"
"""The step after the last one: the work is committed."""


async def _publish(reached: Callable[[str], None]) -> None:
    settings = current()
    key = read_signer(settings.key_file, settings.audit_origin)
    await publish(key, Guard(settings.guard_file), reached=reached)


async def _sequence(_reached: Callable[[str], None]) -> None:
    settings = current()
    key = read_signer(settings.key_file, settings.audit_origin)
    await sequence(key, Guard(settings.guard_file), stop=asyncio.Event(), every=0.01)


WORKS: Mapping[str, Work] = {
    "place": lambda reached: place(reached=reached),
    "adopt": lambda reached: place_missing(reached=reached),
    "publish": _publish,
    "sequence": _sequence,
}


async def work_until(name: str, step: str) -> None:
    """Do the work, and die at the step as by `kill -9`."""

    def reached(at: str) -> None:
        if at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    async with pool(size=3):
        await WORKS[name](reached)
        reached(AFTER)


if __name__ == "__main__":
    asyncio.run(work_until(*sys.argv[1:]))
