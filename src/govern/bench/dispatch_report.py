"""What the measures of sending came to, beside the goals."""

from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import Self

import msgspec

from govern.bench.dispatch_people import Effort, Times
from govern.bench.measuring import Measure, measure

_MS = 1_000


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: half are below `p50`, all but one in a hundred below `p99`."""

    p50: float
    p99: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        cuts = quantiles(values, n=100, method="inclusive")
        return cls(p50=cuts[49], p99=cuts[98])


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured."""

    times: Times
    per_second: float
    latency: Spread
    between: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures beside the goals."""

    accounts: int
    measures: tuple[Measure, ...]


def read_measures(found: Found, effort: Effort) -> Iterator[Measure]:
    """Return every figure."""
    times = found.times
    yield measure(
        "alone",
        "Claim, POST and settling, against tweepy's call alone, one account",
        times.ours / times.bare,
        "x",
        at_most=5,
        note=f"medians of {effort.alone}: {times.ours * _MS:.1f} ms against {times.bare * _MS:.1f} ms",
    )
    yield measure(
        "at_once",
        f"Published in a second by one worker, against tweepy's calls, {effort.accounts} accounts at once",
        found.per_second / times.bare_per_second,
        "x",
        at_least=0.25,
        note=f"{found.per_second:.1f}/s against {times.bare_per_second:.1f}/s",
    )
    yield measure("approved_to_sent_p50", "From approved to sent, p50", found.latency.p50 * _MS, "ms")
    yield measure("approved_to_sent_p99", "From approved to sent, p99", found.latency.p99 * _MS, "ms")
    yield measure(
        "answer_first",
        f"Other sends before an answer, behind {effort.campaign} posts of its account",
        found.between,
        "",
        at_most=1,
    )
    costs = {
        "sweep": ("One sweep with nothing to do", times.queued.sweep, times.without.sweep),
        "claim": (
            "A claim with nothing due, of the account with half of the queue",
            times.queued.claim,
            times.without.claim,
        ),
        "claim_due": ("A claim of the one that is due", times.queued.claim_due, times.without.claim_due),
    }
    for name, (label, queued, without) in costs.items():
        note = f"{effort.queue:,} scheduled messages; {without * _MS:.1f} ms without them"
        yield measure(name, label, queued * _MS, "ms", note=note)
