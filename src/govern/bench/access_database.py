"""Access on a real PostgreSQL of its own, in a folder that is gone afterwards: what the lock costs, and whether it holds."""

import asyncio
import mmap
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg
import msgspec

from govern import settings
from govern.bench.access_deciding import END, Tally, phases
from govern.bench.access_transacting import Throughput
from govern.embedded import Engines, Login, start_engines

PROCESSES = 4
CONNECTIONS = 32
PAUSE = 0.04
"""The longest wait between two changes, in seconds."""
STARTING = 60.0
"""Seconds the deciding processes have to start."""
_MODULE = [sys.executable, "-P", "-m"]
# Rows are changed by hand here: as their owner could, the check for entries is put aside in this database.
_SCENE = """
ALTER TABLE brand DISABLE TRIGGER brand_told;
ALTER TABLE account DISABLE TRIGGER account_told;
ALTER TABLE member DISABLE TRIGGER member_told;
ALTER TABLE scope_parent DISABLE TRIGGER scope_parent_told;
ALTER TABLE role_grant DISABLE TRIGGER role_grant_told;
INSERT INTO scope (key, kind, parent) VALUES ('brand:care', 'brand', 'company'), ('account:Help', 'account', 'brand:care');
INSERT INTO brand (id, slug, name, scope, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'care', 'Care', 'brand:care', now());
INSERT INTO account (id, handle, name, brand, scope, kind, state, created_at)
VALUES ('00000000-0000-7000-8000-000000000002', 'Help', 'Help', '00000000-0000-7000-8000-000000000001', 'account:Help',
        'brand', 'connected', now());
INSERT INTO member (id, email, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000003', 'leo@example.com', 'Leo', now()),
       ('00000000-0000-7000-8000-000000000004', 'ana@example.com', 'Ana', now());
INSERT INTO role_grant (id, member, role, scope, granted_at, reason, starts_at)
VALUES (gen_random_uuid(), '00000000-0000-7000-8000-000000000003', 'agent', 'account:Help', now(), 'to measure', now())
"""
_GIVE = """
INSERT INTO role_grant (id, member, role, scope, granted_at, reason, starts_at)
VALUES (gen_random_uuid(), '00000000-0000-7000-8000-000000000004', 'agent', 'account:Help', now(), 'to measure', now())
RETURNING id
"""
_TAKE = "UPDATE role_grant SET revoked_at = now(), revoke_reason = 'to measure' WHERE id = $1"
_LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'govern access listener'"
_KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE application_name = 'govern access listener' ORDER BY random() LIMIT 1
"""


class Staleness(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding processes saw of so many revocations, with so many listeners killed meanwhile."""

    stale: int
    asked: int
    allowed: int
    revocations: int
    killed: int


@contextmanager
def running_engines() -> Iterator[Engines]:
    """Give engines with an empty, migrated database and a small company in it."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="govern-"))
        engines = start_engines(Path(folder) / "data", fast=True)
        stack.callback(engines.stop)
        subprocess.run(  # noqa: S603 - our own command
            [*_MODULE, "govern.cli", "migrate"],
            env=_told(engines, Login.OWNER),
            check=True,
            capture_output=True,
            timeout=120,
        )
        asyncio.run(_set_the_scene(engines.database_url(Login.OWNER)))
        yield engines


def measure_throughput(engines: Engines, *, rounds: int, seconds: float) -> Throughput:
    """Let a process do the same effect, decided under the lock and without it, in turn."""
    command = [*_MODULE, "govern.bench.access_transacting", str(CONNECTIONS), str(rounds), str(seconds)]
    limit = 60 + rounds * seconds * 4
    done = subprocess.run(command, env=_told(engines, Login.WEB), check=True, stdout=subprocess.PIPE, timeout=limit)  # noqa: S603 - our own module
    return msgspec.json.decode(done.stdout, type=Throughput)


def measure_staleness(engines: Engines, *, seconds: float, seed: int) -> Staleness:
    """Give and take a role again and again while other processes decide, and kill their listeners at random."""
    file = engines.folder.path / "phase"
    file.write_bytes(bytes(mmap.PAGESIZE))
    command = [*_MODULE, "govern.bench.access_deciding", str(file)]
    with phases(file) as phase, ExitStack() as stack:
        deciders = []
        for _ in range(PROCESSES):
            decider = subprocess.Popen(command, env=_told(engines, Login.WEB), stdout=subprocess.PIPE)  # noqa: S603 - our own module
            stack.callback(decider.kill)
            deciders.append(decider)
        try:
            revocations, killed = asyncio.run(
                _change_for(seconds, engines.database_url(Login.OWNER), phase, random.Random(seed))  # noqa: S311 - no secret
            )
        finally:
            phase[0] = END
        tallies = [msgspec.json.decode(decider.communicate(timeout=60)[0], type=Tally) for decider in deciders]
    return _sum(tallies, revocations, killed)


def _sum(tallies: Sequence[Tally], revocations: int, killed: int) -> Staleness:
    return Staleness(
        stale=sum(each.stale for each in tallies),
        asked=sum(each.asked for each in tallies),
        allowed=sum(each.allowed for each in tallies),
        revocations=revocations,
        killed=killed,
    )


async def _change_for(seconds: float, url: str, phase: memoryview, rng: random.Random) -> tuple[int, int]:
    """Return how often the role was taken and how many listeners were killed."""
    owner, taken, killed = await asyncpg.connect(url), 0, 0
    try:
        async with asyncio.timeout(STARTING):
            while await owner.fetchval(_LISTENING) < PROCESSES:  # noqa: ASYNC110 - others start, and tell no one
                await asyncio.sleep(PAUSE)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            phase[0] += 1  # from now on it may be allowed
            grant = await owner.fetchval(_GIVE)
            await asyncio.sleep(rng.uniform(0, PAUSE))
            if rng.random() < 0.3:
                killed += 1 if await owner.fetchval(_KILL) else 0
            await owner.execute(_TAKE, grant)
            phase[0] += 1  # it is committed: from now on it must not
            taken += 1
            await asyncio.sleep(rng.uniform(0, PAUSE))
    finally:
        await owner.close()
    return taken, killed


async def _set_the_scene(url: str) -> None:
    owner = await asyncpg.connect(url)
    try:
        await owner.execute(_SCENE)
    finally:
        await owner.close()


def _told(engines: Engines, login: Login) -> dict[str, str]:
    url = engines.database_url(login)
    return settings.environment(
        {
            "GOVERN_ENV": settings.Env.DEVELOPMENT,
            "GOVERN_DATABASE_URL": url,
            "GOVERN_MIGRATE_DATABASE_URL": url if login is Login.OWNER else "",
            "GOVERN_REDIS_URL": engines.redis_url,
        }
    )
