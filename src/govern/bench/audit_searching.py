"""Searching the log: over its columns and texts in two tables, against one plain table with the same indexes."""

import asyncio
import random
import statistics
import time
from collections.abc import Mapping, Sequence

import asyncpg
import msgspec

from govern.bench.audit_database import do_work, fill
from govern.bench.audit_texts import (
    ACCOUNTS,
    MEMBERS,
    PER_MESSAGE,
    account_scope,
    member_id,
    message_id,
    time_of,
)
from govern.bench.audit_working import Done
from govern.bench.measuring import turned
from govern.domain.audit import time_text
from govern.embedded import Engines, Login
from govern.embedded.postgres import DATABASE

PAGE = 50
_COLUMNS = (
    "leaf_index, arrival, entry_id, at, action, actor_id, object_kind, object_id, scope, outcome, rule, refs, words"
)
# What the log does by and by, at once: leaves for what was appended, and what is searched read from its text.
_GROW = """
INSERT INTO audit.leaf (leaf_index, arrival, leaf_hash)
  SELECT coalesce((SELECT max(leaf_index) + 1 FROM audit.leaf), 0) + row_number() OVER (ORDER BY arrival) - 1, arrival, leaf_hash
    FROM audit.entry e WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.arrival = e.arrival);
SELECT audit.index_to((SELECT max(leaf_index) + 1 FROM audit.leaf));
"""
_PLAIN = f"""
CREATE SCHEMA bench;
CREATE TABLE bench.found AS
  SELECT {_COLUMNS}, entry FROM audit.search s JOIN audit.entry USING (arrival) ORDER BY leaf_index;
ALTER TABLE bench.found ADD PRIMARY KEY (leaf_index);
CREATE INDEX ON bench.found (entry_id);
CREATE INDEX ON bench.found (at);
CREATE INDEX ON bench.found (actor_id, leaf_index);
CREATE INDEX ON bench.found (object_id, leaf_index);
CREATE INDEX ON bench.found (action, leaf_index);
CREATE INDEX ON bench.found (scope, leaf_index);
CREATE INDEX ON bench.found USING gin (refs);
CREATE INDEX ON bench.found USING gin (words);
VACUUM ANALYZE bench.found; VACUUM ANALYZE audit.entry; VACUUM ANALYZE audit.leaf; VACUUM ANALYZE audit.search;
CHECKPOINT;
"""  # noqa: S608 - constants
_OURS = """
SELECT s.leaf_index, e.entry FROM (SELECT leaf_index, arrival FROM audit.search WHERE {} ORDER BY leaf_index DESC LIMIT 50) s
  JOIN audit.entry e USING (arrival) ORDER BY s.leaf_index DESC
"""
_THEIRS = "SELECT leaf_index, entry FROM bench.found WHERE {} ORDER BY leaf_index DESC LIMIT 50"
CONDITIONS: Mapping[str, str] = {
    "actor": "actor_id = $1",
    "object": "object_id = $1",
    "action": "action = $1",
    "scope": "scope = $1",
    "actor_and_action": "actor_id = $1 AND action = $2",
    "refs": "refs && ARRAY[$1]",
    "words": "words @@ audit.word_query($1)",
    "until": "at < $1",
}


class Searching(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds that 95 of a hundred searches stay below, by kind; `mixed` is of all kinds together."""

    entries: int
    ours: dict[str, float]
    plain: dict[str, float]


def measure_searching(engines: Engines, *, entries: int, queries: int, rounds: int) -> Searching:
    """Let the log grow to so many entries, make the plain table, and ask both the same in turn."""
    owner = engines.postgres
    there = int(owner.sql("SELECT count(*) FROM audit.leaf", DATABASE))
    if there < entries:
        fill(engines, DATABASE, entries - there, first=there)
        owner.sql(_GROW, DATABASE)
    do_work(engines, DATABASE, Login.SEQUENCER, "index", Done)
    for statement in _PLAIN.split(";"):
        owner.sql(statement, DATABASE)
    return asyncio.run(_measure(engines.database_url(Login.OWNER), queries, rounds))


def make_values(kind: str, entries: int, rng: random.Random) -> Sequence[str]:
    """Return what a search of a kind looks for: something that is there."""
    actor = f"member:{member_id(rng.randrange(MEMBERS))}"
    action = rng.choice(("message.approved", "message.drafted", "publication.sent"))
    values: Mapping[str, Sequence[str]] = {
        "actor": (actor,),
        "object": (str(message_id(rng.randrange(entries // PER_MESSAGE + 1))),),
        "action": (action,),
        "scope": (account_scope(rng.randrange(ACCOUNTS)),),
        "actor_and_action": (actor, action),
        "refs": (str(member_id(10_000 + rng.randrange(ACCOUNTS))),),
        "words": (rng.choice(("campaign", "market", "accepted")),),
        "until": (time_text(time_of(rng.randrange(entries))),),
    }
    return values[kind]


async def _measure(url: str, queries: int, rounds: int) -> Searching:
    connection = await asyncpg.connect(url)
    try:
        entries: int = await connection.fetchval("SELECT count(*) FROM audit.leaf")
        found: dict[str, dict[str, list[float]]] = {"ours": {}, "plain": {}}
        rng = random.Random(entries)  # noqa: S311 - no secret
        for kind, condition in CONDITIONS.items():
            asked = [make_values(kind, entries, rng) for _ in range(queries)]
            taken = await _ask(connection, condition, asked, rounds)
            for name, times in taken.items():
                found[name][kind] = times
    finally:
        await connection.close()
    return Searching(
        entries=entries,
        ours=_percentiles(found["ours"]),
        plain=_percentiles(found["plain"]),
    )


async def _ask(
    connection: asyncpg.Connection, condition: str, asked: Sequence[Sequence[str]], rounds: int
) -> dict[str, list[float]]:
    """Return the milliseconds of each search, its median over the rounds; each round asks both in turn."""
    ways = {
        "ours": await connection.prepare(_OURS.format(condition)),
        "plain": await connection.prepare(_THEIRS.format(condition)),
    }
    taken: dict[str, list[list[float]]] = {name: [[] for _ in asked] for name in ways}
    for turn in range(-1, rounds):
        for place, values in enumerate(asked):
            for name in turned(list(ways), turn):
                begun = time.perf_counter()
                await ways[name].fetch(*values)
                if turn >= 0:
                    taken[name][place].append((time.perf_counter() - begun) * 1e3)
    return {name: [statistics.median(times) for times in each] for name, each in taken.items()}


def _percentiles(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    together = [each for kind in times.values() for each in kind]
    return {kind: _p95(each) for kind, each in {**times, "mixed": together}.items()}


def _p95(times: Sequence[float]) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
