"""What runs of chaos came to, beside the goals."""

from collections.abc import Iterator, Sequence

import msgspec

from govern.bench.chaos_oracle import Verdict
from govern.bench.measuring import Measure, measure


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `unknown` counts attempts without an answer; `settled_by_hand` messages that a person had to settle."""

    seed: int
    verdict: Verdict
    states: dict[str, int]
    disturbances: dict[str, int]
    attempts: int
    unknown: int
    settled_by_hand: int
    seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All runs, and their sums beside the goals."""

    accounts: int
    workers: int
    seeds: tuple[int, ...]
    measures: tuple[Measure, ...]
    runs: tuple[Run, ...]


def summarise(runs: Sequence[Run], *, accounts: int, workers: int) -> Report:
    """Sum up runs of one size."""
    return Report(
        accounts=accounts,
        workers=workers,
        seeds=tuple(run.seed for run in runs),
        measures=tuple(_measures(runs)),
        runs=tuple(runs),
    )


def _measures(runs: Sequence[Run]) -> Iterator[Measure]:
    verdicts = [run.verdict for run in runs]
    of = f"of {sum(each.messages for each in verdicts):,} approved messages"
    wrongs = {
        "lost": ("Lost: approved, not on X, and nobody told", [each.lost for each in verdicts]),
        "duplicated": ("Twice on X", [each.duplicated for each in verdicts]),
        "falsely_failed": ("On X and shown as not sent", [each.falsely_failed for each in verdicts]),
        "falsely_sent": ("Shown as sent and not on X, or under another's id", [each.falsely_sent for each in verdicts]),
        "strange": ("On X and approved by nobody", [each.strange for each in verdicts]),
    }
    for name, (label, found) in wrongs.items():
        yield measure(name, label, sum(map(len, found)), "", at_most=0, note=of)
    unknown, settled = sum(run.unknown for run in runs), sum(run.settled_by_hand for run in runs)
    yield measure(
        "settled_by_hand",
        "Outcomes a person had to settle, of those that were unknown",
        100 * settled / unknown if unknown else 0.0,
        "%",
        note=f"{settled} of {unknown} attempts without an answer, {sum(run.attempts for run in runs):,} attempts",
    )
    broken = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in _disturbances(runs).items())
    yield measure("seconds", "Seconds in all", sum(run.seconds for run in runs), "s", note=broken)


def _disturbances(runs: Sequence[Run]) -> dict[str, int]:
    names = sorted({name for run in runs for name in run.disturbances})
    return {name: sum(run.disturbances.get(name, 0) for run in runs) for name in names}
