"""One of the processes that decide while a role comes and goes: counts how often it was allowed after the role was gone."""

import asyncio
import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import msgspec

from govern import log, settings
from govern.access import Access, load_bundle
from govern.database import pool, transaction
from govern.domain.actions import Action, Target
from govern.domain.members import Via, member_actor
from govern.services.access_listener import follow_access
from govern.services.grant_source import PostgresGrants

END = 2**64 - 1
"""The phase that ends all."""
_ANA = member_actor(UUID("00000000-0000-7000-8000-000000000004"), "Ana", via=Via.API)
_HERE = Target("account:Help")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """`stale`: allowed although the role was gone before it was asked, and was not given again meanwhile."""

    asked: int
    allowed: int
    stale: int


@contextmanager
def phases(file: Path) -> Iterator[memoryview]:
    """Share numbers between processes. The first is odd while the role may be there, even when it is gone for good."""
    with (
        file.open("r+b") as opened,
        mmap.mmap(opened.fileno(), mmap.PAGESIZE) as shared,
        memoryview(shared) as raw,
        raw.cast("Q") as numbers,
    ):
        yield numbers


async def decide_until_the_end(phase: memoryview) -> Tally:
    """Ask in turn as reads ask and, under the lock, as acts do."""
    access = Access(load_bundle(settings.current().policies / "access"), PostgresGrants())
    asked = allowed = stale = 0
    async with pool(size=2):
        following = asyncio.create_task(follow_access(access, url=settings.current().database_url))
        while (before := phase[0]) != END:
            said = await (_under_lock(access) if asked % 2 else _without(access))
            asked, allowed = asked + 1, allowed + said
            stale += said and before % 2 == 0 and phase[0] == before
        following.cancel()
    return Tally(asked=asked, allowed=allowed, stale=stale)


async def _under_lock(access: Access) -> bool:
    async with transaction():
        return (await access.decide(_ANA, Action.CONSENT_RECORD, _HERE)).allowed


async def _without(access: Access) -> bool:
    return (await access.decide(_ANA, Action.MESSAGE_WRITE_POST, _HERE)).allowed


def main(file: str) -> None:
    """Decide until told to end, and print the tally as JSON."""
    log.set_up(json=False, level="ERROR")
    with phases(Path(file)) as phase:
        tally = asyncio.run(decide_until_the_end(phase))
    sys.stdout.buffer.write(msgspec.json.encode(tally))


if __name__ == "__main__":
    main(sys.argv[1])
