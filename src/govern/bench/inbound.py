"""`govern bench inbound`: what a webhook costs, and whether anything written to us is lost or kept twice."""

import asyncio
import subprocess
import sys
from collections.abc import Callable

import asyncpg
import msgspec

from govern import settings
from govern.bench.audit_database import migrated_engines
from govern.bench.inbound_report import Kept, Report, Times, read_measures
from govern.embedded import Engines, Login

_WORK = [sys.executable, "-P", "-m", "govern.bench.inbound_working"]
# By the owner's hand, who may leave the log untold: the company is not what is measured.
_COMPANY = """
SET session_replication_role = replica;
INSERT INTO scope (key, kind, parent) VALUES ('brand:bench', 'brand', 'company'), ('account:Bench', 'account', 'brand:bench');
INSERT INTO brand (id, slug, name, scope, created_at) VALUES (gen_random_uuid(), 'bench', 'Bench', 'brand:bench', now());
INSERT INTO account (id, handle, name, brand, scope, kind, topic, objectives, zone, language, colour, state, x_user_id,
                     length_limit, undo_window_seconds, created_at, version)
SELECT gen_random_uuid(), 'Bench', 'Bench', id, 'account:Bench', 'brand', '', '{}', 'Europe/Paris', 'en', 1, 'connected',
       1000001, 280, 8, now(), 1 FROM brand WHERE slug = 'bench';
"""


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured: requests of each kind, and deliveries of the flood."""

    pairs: int
    deliveries: int


FULL = Effort(pairs=1_000, deliveries=10_000)
QUICK = Effort(pairs=40, deliveries=120)


def run_inbound_bench(effort: Effort, *, say: Callable[[str], None]) -> Report:
    """Measure with engines of their own, of which nothing stays."""
    with migrated_engines() as engines:
        asyncio.run(_make_company(engines))
        say(f"{effort.pairs:,} requests of each kind, then {effort.deliveries:,} deliveries …")
        done = subprocess.run(  # noqa: S603 - our own module
            _WORK,
            env=_told(engines),
            input=msgspec.json.encode(effort),
            stdout=subprocess.PIPE,
            check=True,
            timeout=1_800,
        )
    times, kept = msgspec.json.decode(done.stdout, type=tuple[Times, Kept])
    return Report(pairs=effort.pairs, deliveries=effort.deliveries, measures=tuple(read_measures(times, kept)))


async def _make_company(engines: Engines) -> None:
    owner = await asyncpg.connect(engines.database_url(Login.OWNER))
    try:
        await owner.execute(_COMPANY)
    finally:
        await owner.close()


def _told(engines: Engines) -> dict[str, str]:
    return settings.environment(
        {
            "GOVERN_ENV": settings.Env.DEVELOPMENT,
            "GOVERN_DATABASE_URL": engines.database_url(Login.WEB),
            "GOVERN_MIGRATE_DATABASE_URL": "",
            "GOVERN_REDIS_URL": engines.redis_url,
        }
    )
