"""What `govern bench inbound` found: every figure beside its goal."""

import statistics
from collections.abc import Iterator, Sequence

import msgspec

from govern.bench.measuring import Measure, measure


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of each request, over a real connection."""

    webhook: list[float]
    insert: list[float]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a flood of deliveries."""

    deliveries: int
    expected: int
    lost: int
    doubled: int
    strange: int
    """Kept, and never sent."""
    seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures, in the order they are shown."""

    pairs: int
    deliveries: int
    measures: tuple[Measure, ...]

    @property
    def missed(self) -> tuple[Measure, ...]:
        """The figures that miss their goals."""
        return tuple(each for each in self.measures if each.met is False)


def read_measures(times: Times, kept: Kept) -> Iterator[Measure]:
    """Compare the figures with the goals of `x.md` 11."""
    webhook, insert = _p95(times.webhook), _p95(times.insert)
    yield measure("webhook.p95", "Webhook, p95", webhook * 1000, "ms", note="signed, kept, its reader woken")
    yield measure("insert.p95", "One INSERT, p95", insert * 1000, "ms", note="through the same web stack, same run")
    yield measure("webhook.ratio", "Webhook / one INSERT, p95", webhook / insert, "x", at_most=3)
    flood = f"{kept.deliveries:,} deliveries, a fifth doubled, shuffled, half also polled"
    yield measure("flood.lost", "Lost", kept.lost, "", at_most=0, note=flood)
    yield measure("flood.doubled", "Kept twice", kept.doubled, "", at_most=0, note=flood)
    yield measure("flood.strange", "Kept and never sent", kept.strange, "", at_most=0, note=flood)
    rate = kept.deliveries / kept.seconds if kept.seconds else 0.0
    yield measure("flood.per_second", "Deliveries kept and read", rate, "1/s", note="one process for all")


def _p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]
