"""How far the signed log is behind the writers, under all the load there is, and how fast it catches up."""

import asyncio
from collections.abc import Sequence

import asyncpg
import msgspec

from govern.bench.audit_appending import MOST
from govern.bench.audit_database import copy_database, do_work, fill, sequencing
from govern.bench.audit_load import Load, run_load
from govern.bench.audit_working import Done
from govern.embedded import Engines, Login
from govern.embedded.postgres import DATABASE

LAST = 120.0
"""Seconds the sequencer has to sign the last entry."""
LAG_DATABASE = "lag"
# Each entry with an id of its own, and the hash of its own text.
_APPEND = """
INSERT INTO audit.entry (entry, leaf_hash)
SELECT entry, sha256('\\x00'::bytea || convert_to(entry, 'UTF8'))
  FROM (SELECT replace(:entry, :mark, gen_random_uuid()::text) AS entry) AS given;
"""
_LAGS = """
SELECT percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM c.signed_at - e.recorded_at)::float8)
  FROM audit.entry e JOIN audit.leaf l USING (arrival)
  JOIN LATERAL (SELECT signed_at FROM audit.checkpoint WHERE size > l.leaf_index ORDER BY size LIMIT 1) c ON true
 WHERE l.leaf_index >= $1
"""
_UNSIGNED = """
SELECT (SELECT count(*) FROM audit.entry) > coalesce((SELECT max(size) FROM audit.checkpoint), 0)
"""

TABLES = ("entry", "leaf", "tile", "search")
_BYTES = "SELECT pg_total_relation_size('audit.{}')::float8 / count(*) FROM audit.leaf"


class Sequencing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from an entry's commit to its signed checkpoint, under load; and rates in entries a second."""

    load: float
    lag_p50: float
    lag_p99: float
    placing: float
    publishing: float
    indexing: float
    verifying: float
    bytes_per_entry: dict[str, float]
    """On the disk, with indexes, by table."""


def measure_sequencing(engines: Engines, text: str, mark: str, *, length: Sequence[str], backlog: int) -> Sequencing:
    """Sequence while 32 connections append as fast as they can; then place a backlog. Leaves that backlog in the log."""
    copy_database(engines, LAG_DATABASE)
    load, (p50, p99) = _lag(engines, text, mark, length)
    do_work(engines, DATABASE, Login.OWNER, "create", Done)
    fill(engines, DATABASE, backlog)
    placed = do_work(engines, DATABASE, Login.SEQUENCER, "place", Done)
    published = do_work(engines, DATABASE, Login.SEQUENCER, "publish", Done)
    indexed = do_work(engines, DATABASE, Login.SEQUENCER, "index", Done)
    verified = do_work(engines, DATABASE, Login.WORKER, "verify", Done)
    return Sequencing(
        load=load,
        lag_p50=p50,
        lag_p99=p99,
        placing=placed.entries / placed.seconds,
        publishing=placed.entries / published.seconds,
        indexing=indexed.entries / indexed.seconds,
        verifying=verified.entries / verified.seconds,
        bytes_per_entry={name: float(engines.postgres.sql(_BYTES.format(name), DATABASE)) for name in TABLES},
    )


def _lag(engines: Engines, text: str, mark: str, length: Sequence[str]) -> tuple[float, Sequence[float]]:
    do_work(engines, LAG_DATABASE, Login.OWNER, "create", Done)
    url = engines.database_url(Login.OWNER, LAG_DATABASE)
    with sequencing(engines, LAG_DATABASE):
        before = asyncio.run(_until_signed(url))  # it is at work: its start is not what is measured
        rate = run_load(
            engines,
            Load(script=_APPEND, database=LAG_DATABASE),
            values={"entry": text, "mark": mark},
            connections=MOST,
            length=length,
        )
        asyncio.run(_until_signed(url))
    return rate, asyncio.run(_lags(url, before))


async def _until_signed(url: str) -> int:
    """Wait until everything is signed, and return how many entries that are."""
    owner = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(LAST):
            while await owner.fetchval(_UNSIGNED):  # noqa: ASYNC110 - another process signs, and tells no one
                await asyncio.sleep(0.1)
        size: int = await owner.fetchval("SELECT max(size) FROM audit.checkpoint")
        return size
    finally:
        await owner.close()


async def _lags(url: str, begin: int) -> Sequence[float]:
    """Return the median and the 99th of a hundred, of the leaves from `begin` on."""
    owner = await asyncpg.connect(url)
    try:
        found: Sequence[float] = await owner.fetchval(_LAGS, begin)
        return found
    finally:
        await owner.close()
