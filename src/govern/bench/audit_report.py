"""What `govern bench audit` found: every figure beside its goal."""

import statistics
from collections.abc import Iterator, Sequence

import msgspec

from govern.bench.audit_appending import FEW, MANY, MOST, Appends
from govern.bench.audit_load import ratio
from govern.bench.audit_losing import WRITERS, Losses
from govern.bench.audit_memory import Rates
from govern.bench.audit_searching import CONDITIONS, Searching
from govern.bench.audit_sequencing import Sequencing
from govern.bench.measuring import Measure, measure

MILLION = 1_000_000
"""At this many entries the goals of searching are meant."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Everything as it was measured."""

    memory: Rates
    appends: Appends
    sequencing: Sequencing
    losses: Losses
    searching: Searching


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures, in the order they are shown."""

    entries: int
    """How many were searched."""
    text_bytes: float
    """How long an entry's text is, on average."""
    pairs: int
    measures: tuple[Measure, ...]

    @property
    def missed(self) -> tuple[Measure, ...]:
        """The figures that miss their goals."""
        return tuple(each for each in self.measures if each.met is False)


def read_measures(found: Found, *, text_bytes: float, backlog: int) -> Iterator[Measure]:
    """Compare the figures with the goals of `audit.md` 15."""
    yield from _approvals(found.appends)
    yield from _inserts(found.appends)
    yield from _sequencing(found.sequencing, statistics.median(found.appends.inserts["log"][MOST]), backlog)
    yield from _memory(found.memory, found.sequencing)
    yield from _searching(found.searching)
    yield from _sizes(found.sequencing, text_bytes)
    yield _lost(found.losses)


def _approvals(appends: Appends) -> Iterator[Measure]:
    ours, plain = appends.approvals["log"], appends.approvals["plain"]
    for connections in (MANY, MOST):
        yield measure(
            f"approval.{connections}",
            f"An approval, against a plain INSERT and no guards, {_by(connections)}",
            ratio(ours[connections], plain[connections]),
            "x",
            at_least=0.9,
            note=_against(ours[connections], plain[connections]),
        )


def _inserts(appends: Appends) -> Iterator[Measure]:
    said = {
        "log": "One entry with all guards, against the same columns",
        "unguarded": "One entry without guards, against the same columns",
        "chain": "One link of a hash chain under a lock, against the same",
    }
    plain = appends.inserts["plain"]
    for name, label in said.items():
        ours = appends.inserts[name]
        for connections in (FEW, MANY, MOST):
            yield measure(
                f"append.{name}.{connections}",
                f"{label}, {_by(connections)}",
                ratio(ours[connections], plain[connections]),
                "x",
                note=_against(ours[connections], plain[connections]),
            )
    yield measure(
        "append.faster_than_chain",
        f"Faster than a hash chain under a lock, {_by(MOST)}",
        ratio(appends.inserts["log"][MOST], appends.inserts["chain"][MOST]),
        "x",
    )


def _by(connections: int) -> str:
    return "1 connection" if connections == 1 else f"{connections} connections"


def _against(ours: Sequence[float], theirs: Sequence[float]) -> str:
    return f"{statistics.median(ours):,.0f}/s against {statistics.median(theirs):,.0f}/s"


def _sequencing(found: Sequencing, appended: float, backlog: int) -> Iterator[Measure]:
    load = f"at {found.load:,.0f} entries/s"
    yield measure("lag_p50", "From commit to signed checkpoint, half", found.lag_p50, "s", note=load)
    yield measure("lag_p99", "From commit to signed checkpoint, 99 %", found.lag_p99, "s", at_most=1, note=load)
    yield measure(
        "backlog",
        f"Placing a backlog of {backlog:,}, against appending, {_by(MOST)}",
        found.placing / appended,
        "x",
        at_least=5,
        note=f"{found.placing:,.0f}/s against {appended:,.0f}/s",
    )
    yield measure("placed_per_second", "Placed in a second", found.placing, "/s")
    yield measure("published_per_second", "Read back and signed in a second", found.publishing, "/s")
    yield measure("indexed_per_second", "Made searchable in a second", found.indexing, "/s")


def _memory(rates: Rates, sequencing: Sequencing) -> Iterator[Measure]:
    alone = f"SHA-256 alone: {rates.sha:,.0f}/s; {rates.sha_of_bytes:,.0f}/s of bytes"
    yield measure("leaves_per_second", "Leaf hashes in a second, in memory", rates.leaves, "/s")
    yield measure("tree", "Leaf hash, tree and tiles, in memory", rates.tree / rates.sha, "x", at_least=0.4, note=alone)
    yield measure("reading", "Strict reading, leaf hash, tree, in memory", rates.reading / rates.sha, "x", note=alone)
    yield measure("verified_per_second", "Verified in full in a second", sequencing.verifying, "/s")
    yield measure(
        "verify",
        "Full verification from the database",
        sequencing.verifying / rates.sha,
        "x",
        at_least=0.08,
        note=alone,
    )


def _searching(found: Searching) -> Iterator[Measure]:
    size = f"{found.entries:,} entries"
    if found.entries < MILLION:
        size += "; the goal is meant for a million"
    for kind in (*CONDITIONS, "mixed"):
        ours, plain = found.ours[kind], found.plain[kind]
        yield measure(
            f"search.{kind}",
            f"Search by {kind.replace('_', ' ')}, p95 against one plain table",
            ours / plain,
            "x",
            at_most=1.2 if kind == "mixed" else 1.5,
            note=f"{ours:.2f} ms against {plain:.2f} ms; {size}",
        )
    yield measure("search_p95", "Search of any kind, p95", found.ours["mixed"], "ms", note=size)


def _sizes(found: Sequencing, text_bytes: float) -> Iterator[Measure]:
    each = ", ".join(f"{name} {size:,.0f}" for name, size in found.bytes_per_entry.items())
    yield measure(
        "bytes_per_entry",
        "On the disk, with indexes",
        sum(found.bytes_per_entry.values()),
        "bytes/entry",
        note=f"{each}; the text itself {text_bytes:,.0f}",
    )


def _lost(found: Losses) -> Measure:
    return measure(
        "lost_or_twice",
        f"Lost, placed twice or invented: {WRITERS} late writers, two sequencers killed",
        found.lost + found.twice + found.invented,
        "",
        at_most=0,
        note=f"{found.committed} committed, {found.rolled_back} rolled back, {found.killed} sequencers killed",
    )
