"""`govern bench audit`: what the log costs its writers, how fast it catches up, and what it is searched in, all in one run."""

from collections.abc import Callable, Sequence

import msgspec

from govern.bench.audit_appending import measure_appends
from govern.bench.audit_database import ORIGIN, migrated_engines
from govern.bench.audit_losing import measure_losses
from govern.bench.audit_memory import measure_memory
from govern.bench.audit_report import Found, Report, read_measures
from govern.bench.audit_searching import measure_searching
from govern.bench.audit_sequencing import measure_sequencing
from govern.bench.audit_texts import make_texts, mean_bytes

SEED = 20_261_122


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured.

    `pairs`: rounds of appends; `length` of each, and `load` of the sequencer's: pgbench's own options. `losing`: seconds.
    `backlog` entries are placed at once, and `searched` more or less are searched `queries` times a kind.
    """

    texts: int = 20_000
    rounds: int = 9
    pairs: int = 7
    length: Sequence[str] = ("-T", "1")
    load: Sequence[str] = ("-T", "10")
    losing: float = 12.0
    backlog: int = 200_000
    queries: int = 40
    asked: int = 3


FULL = Effort()
QUICK = Effort(
    texts=500,
    rounds=3,
    pairs=1,
    length=("-t", "5"),
    load=("-t", "10"),
    losing=2.0,
    backlog=1_000,
    queries=4,
    asked=1,
)


def run_audit_bench(entries: int, *, effort: Effort, say: Callable[[str], None]) -> Report:
    """Measure everything; `entries` are searched, or the backlog that was placed if that is more."""
    say("Hashing and reading in memory …")
    texts = list(make_texts(effort.texts, origin=ORIGIN, seed=SEED))
    memory = measure_memory(texts, rounds=effort.rounds)
    with migrated_engines() as engines:
        say("Appends by 1, 8 and 32 at once, in turn …")
        appends = measure_appends(engines, texts[0], pairs=effort.pairs, length=effort.length)
        say("Late writers, and sequencers that are killed …")
        losses = measure_losses(engines, origin=ORIGIN, seconds=effort.losing, seed=SEED)
        say(f"The sequencer under load, and a backlog of {effort.backlog:,} …")
        mark = str(msgspec.json.decode(texts[0])["id"])
        sequencing = measure_sequencing(engines, texts[0], mark, length=effort.load, backlog=effort.backlog)
        say(f"Searching {entries:,} entries …")
        searching = measure_searching(engines, entries=entries, queries=effort.queries, rounds=effort.asked)
    found = Found(memory=memory, appends=appends, sequencing=sequencing, losses=losses, searching=searching)
    return Report(
        entries=searching.entries,
        text_bytes=mean_bytes(texts),
        pairs=effort.pairs,
        measures=tuple(read_measures(found, text_bytes=mean_bytes(texts), backlog=effort.backlog)),
    )
