"""Placing: every committed entry becomes exactly one leaf of the tree, however long its transaction ran.

Which entries are new is asked of PostgreSQL's own snapshots: those that the snapshot of the last time could not see,
and this one can. No number of an entry says that: numbers are given before commits, and commits come in any order.
"""

from collections.abc import Sequence

from asyncpg import SerializationError

from govern import log
from govern.database import rows, transaction
from govern.services.audit.log_state import LogState, Reached, go_on, lock_state, read_state
from govern.tables import AuditEntry, AuditLeaf, AuditLogState, AuditTile
from govern.tlog.canonical import leaf_hash
from govern.tlog.growth import Growth

logger = log.get(__name__)
CHUNK = 5_000
TRIES = 10

_ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
# The statistics may be of a time when the table was small: only the index on `xid` is right, at every size.
_BY_INDEX = "SET LOCAL enable_seqscan = off"
_PATIENT = "SET LOCAL statement_timeout = '10min'"  # for what reads the whole log
_DELTA = """
WITH delta AS MATERIALIZED (
  SELECT arrival FROM audit.entry
   WHERE xid >= pg_snapshot_xmin({}::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, {}::text::pg_snapshot)
) SELECT arrival FROM delta WHERE arrival > {} ORDER BY arrival
"""
_STALE = """
SELECT e.arrival FROM audit.entry e LEFT JOIN audit.leaf l ON l.arrival = e.arrival
 WHERE l.arrival IS NULL AND e.recorded_at < now() - interval '60 seconds' LIMIT 1
"""
_NOW = "SELECT pg_current_snapshot()::text AS snap"
_TEXTS = "SELECT arrival, entry, leaf_hash FROM audit.entry WHERE arrival = ANY({}::bigint[]) ORDER BY arrival"
_PUT_LEAVES = """
INSERT INTO audit.leaf (leaf_index, arrival, leaf_hash)
SELECT {}::bigint + place - 1, arrival, hash
  FROM unnest({}::bigint[], {}::bytea[]) WITH ORDINALITY AS given (arrival, hash, place)
"""
_PUT_TILES = """
INSERT INTO audit.tile (level, n, hashes) SELECT * FROM unnest({}::smallint[], {}::bigint[], {}::bytea[])
ON CONFLICT (level, n) DO UPDATE SET hashes = tile.hashes || excluded.hashes
"""
_PUT_STATE = "UPDATE audit.log_state SET size = {}, frontier = {}, snap = {} WHERE id = 1"
# It locks writers out: nothing is committed between the look at what has no leaf and the new snapshot.
_ADOPT = "SELECT arrival FROM audit.adopt() ORDER BY arrival"
_PUT_ADOPTED = """
UPDATE audit.log_state SET size = {}, frontier = {}, snap = pg_current_snapshot()::text, system_id = {}, timeline = {},
  floor = greatest(floor, (SELECT coalesce(max(arrival), 0) FROM audit.entry))
 WHERE id = 1
"""


async def place(*, reached: Reached = go_on) -> int:
    """Give every entry committed since last time its leaf, in one transaction; returns how many.

    Two at once do no harm: one of them waits, sees what the other did, and begins again.

    Raises:
        NoLog, LogDamaged: there is no log, or its state contradicts itself.
        SerializationError: others were faster ten times in a row.
    """
    for _ in range(TRIES - 1):
        try:
            return await _place_once(reached)
        except SerializationError:
            logger.info("log.placing_again")
    return await _place_once(reached)


async def place_missing(*, reached: Reached = go_on) -> int:
    """Give every entry without a leaf its leaf, whatever the snapshots say; returns how many.

    For a database that was moved, and for an hourly look: it stops writers for its time, and reads the whole log.
    """
    async with transaction():
        await AuditLogState.raw(_PATIENT)
        state = await lock_state()
        missing = [row["arrival"] for row in rows(await AuditEntry.raw(_ADOPT))]
        reached("adopted")
        size, frontier = await _grow(state, missing, reached)
        await AuditLogState.raw(_PUT_ADOPTED, size, frontier, state.server, state.branch)
        logger.warning("log.adopted", placed=len(missing), size=size)
        return len(missing)


async def is_missing() -> bool:
    """Tell whether an entry older than a minute has no leaf, whatever the snapshots say. Reads the whole log."""
    async with transaction():
        await AuditLogState.raw(_PATIENT)
        return bool(rows(await AuditEntry.raw(_STALE)))


async def _place_once(reached: Reached) -> int:
    async with transaction():
        await AuditLogState.raw(_ONE_SNAPSHOT)
        state = await read_state()
        if not state.moved:
            return await _place_delta(state, reached)
    return await place_missing(reached=reached)


async def _place_delta(state: LogState, reached: Reached) -> int:
    """Place what this transaction's snapshot sees and the last one did not."""
    await AuditLogState.raw(_BY_INDEX)
    delta = [row["arrival"] for row in rows(await AuditEntry.raw(_DELTA, state.snap, state.snap, state.floor))]
    if not delta:
        return 0
    await lock_state()  # fails, to begin again, if another placed since our snapshot
    reached("locked")
    size, frontier = await _grow(state, delta, reached)
    snap = rows(await AuditLogState.raw(_NOW))[0]["snap"]  # the one snapshot of this transaction
    await AuditLogState.raw(_PUT_STATE, size, frontier, snap)
    reached("state")
    return len(delta)


async def _grow(state: LogState, arrivals: Sequence[int], reached: Reached) -> tuple[int, bytes]:
    """Add a leaf for each arrival; returns the new size and the new edge."""
    edge = state.edge()
    growth = Growth(edge.size, edge.hashes)
    for first in range(0, len(arrivals), CHUNK):
        await _place_chunk(growth, arrivals[first : first + CHUNK], reached)
    return growth.size, b"".join(growth.frontier)


async def _place_chunk(growth: Growth, arrivals: Sequence[int], reached: Reached) -> None:
    begin, hashes = growth.size, list[bytes]()
    for row in rows(await AuditEntry.raw(_TEXTS, list(arrivals))):
        found = leaf_hash(row["entry"])  # the text decides, whatever its writer said
        if found != row["leaf_hash"]:
            logger.error("log.leaf_mismatch", arrival=row["arrival"], leaf_index=begin + len(hashes))
        growth.append(found)
        hashes.append(found)
    reached("read")
    await AuditLeaf.raw(_PUT_LEAVES, begin, list(arrivals), hashes)
    reached("leaves")
    levels, numbers, gained = zip(*growth.take(), strict=True)
    await AuditTile.raw(_PUT_TILES, list(levels), list(numbers), list(gained))
    reached("tiles")
