"""What `govern bench access` found: every figure beside its goal, and what the figures were made of."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from govern.bench.access_changes import Cost
from govern.bench.access_database import CONNECTIONS, PROCESSES, Staleness
from govern.bench.access_transacting import Throughput
from govern.bench.measuring import Measure, measure


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Time of one decision: the median over the rounds of a batch's mean. `actions`: once or twice decided."""

    grants: int
    actions: str
    engine: str
    microseconds: float


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured beside single decisions."""

    changing: Cost
    throughput: Throughput
    staleness: Staleness


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured, in the order it is shown."""

    policy: str
    cedarpy: bool
    """Whether it is installed, and so was measured."""
    allowed: Mapping[str, float]
    """The share of the questions that is allowed, by kind of action."""
    measures: tuple[Measure, ...]
    timings: tuple[Timing, ...]

    @property
    def missed(self) -> tuple[Measure, ...]:
        """The figures that miss their goals."""
        return tuple(each for each in self.measures if each.met is False)


def read_measures(timings: Sequence[Timing], sizes: Sequence[int], costs: Costs) -> tuple[Measure, ...]:
    """Compare the figures with the goals of `access.md` 11."""
    of = {(each.grants, each.actions, each.engine): each.microseconds for each in timings}
    least, most = min(sizes), max(sizes)
    return (
        *_decisions(of, least, most),
        *_others(of, most),
        *_changes(costs.changing),
        *_database(costs.throughput, costs.staleness),
    )


_Times = Mapping[tuple[int, str, str], float]
_ONCE = "actions without an effect: one evaluator decides"
_TWICE = "actions with an effect: both evaluators decide"


def _decisions(of: _Times, least: int, most: int) -> Iterator[Measure]:
    ours = of[most, "once", "ours"]
    yield measure("decisions_per_second", "Decisions in a second", 1e6 / ours, "/s", note=_ONCE)
    yield measure(
        "decisions_per_second.twice", "Decisions in a second", 1e6 / of[most, "twice", "ours"], "/s", note=_TWICE
    )
    yield measure(
        "against_dict_walk",
        "Times as long as a dict walk",
        ours / of[most, "once", "dict_walk"],
        "x",
        at_most=12,
        note=_ONCE,
    )
    yield measure(
        "against_dict_walk.twice",
        "Times as long as a dict walk",
        of[most, "twice", "ours"] / of[most, "twice", "dict_walk"],
        "x",
        note=_TWICE,
    )
    yield measure(
        "growth",
        f"Times as long with {most:,} grants as with {least:,}",
        ours / of[least, "once", "ours"],
        "x",
        at_most=1.2,
        note=_ONCE,
    )


def _others(of: _Times, most: int) -> Iterator[Measure]:
    for name, label, goal in (("stock_casbin", "stock pycasbin", 12), ("cedarpy", "cedarpy", 4)):
        for kind in ("once", "twice"):
            theirs, ours = of.get((most, kind, name)), of[most, kind, "ours_few"]
            note = _TWICE if kind == "twice" else _ONCE
            yield measure(
                f"faster_than_{name}" + (".twice" if kind == "twice" else ""),
                f"Times as fast as {label}",
                None if theirs is None else theirs / ours,
                "x",
                at_least=goal if kind == "once" else None,
                note=note if theirs is not None else "not installed: not measured",
            )


def _changes(cost: Cost) -> Iterator[Measure]:
    yield measure("grant_change", "One grant changed among all", cost.change * 1e3, "ms", at_most=1)
    yield measure("full_rebuild", "Everything read anew", cost.rebuild * 1e3, "ms")
    yield measure("longest_block", "The event loop stands still, at most", cost.block * 1e3, "ms", at_most=10)


def _database(throughput: Throughput, staleness: Staleness) -> Iterator[Measure]:
    yield measure(
        "lock_throughput",
        f"Throughput under gate and lock, {CONNECTIONS} connections",
        throughput.locked / throughput.free,
        "x",
        at_least=0.8,
        note=f"{throughput.locked:.0f}/s against {throughput.free:.0f}/s",
    )
    yield measure(
        "stale_allows",
        f"Allowed after a committed revocation, {PROCESSES} processes",
        staleness.stale,
        "",
        at_most=0,
        note=f"{staleness.asked} decisions, {staleness.allowed} allowed, {staleness.revocations} revocations, "
        f"{staleness.killed} listeners killed",
    )
