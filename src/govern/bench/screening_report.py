"""What `govern bench screening` found: every figure beside its goal of `screening.md` 15."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from govern.bench.measuring import Measure, measure
from govern.bench.screening_command import CommandTime

MEDIAN_WITHOUT_MODEL, MEDIAN, TAIL, PURE, WEIGHING = 120, 160, 400, 1.5, 15
GROWTH, HOSTILE, COMMAND = 10, 100, 2


class Spread(NamedTuple):
    """Seconds of one message: the median, and what 99 of 100 stay below."""

    median: float
    tail: float


class Growth(NamedTuple):
    """Seconds of one text at 1,250 and at 10,000 characters."""

    short: float
    long: float


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Everything as it was measured. `one_pass`: seconds of RE2 over one message, the unit B.

    `without_model`: each message without the seconds its model takes.
    """

    one_pass: float
    native: Spread
    pure: Spread
    without_model: Spread
    weighing: float
    growth: Mapping[str, Growth]
    command: CommandTime


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures, in the order they are shown."""

    policy: str
    messages: int
    terms: int
    measures: tuple[Measure, ...]

    @property
    def missed(self) -> tuple[Measure, ...]:
        """The figures that miss their goals."""
        return tuple(each for each in self.measures if each.met is False)


def read_measures(found: Found) -> Iterator[Measure]:
    """Compare the figures with the goals."""
    unit = found.one_pass
    yield measure("one_pass", "B: one RE2 pass over one message", unit * 1e6, "µs")
    yield from _spread("screening", "Screening", found.native, unit, MEDIAN)
    yield from _spread("screening.without_model", "Without the model", found.without_model, unit, MEDIAN_WITHOUT_MODEL)
    yield measure("screening.per_second", "Messages in a second, one core", 1 / found.native.median, "/s")
    slower = found.pure.median / found.native.median
    yield measure("pure_matcher", "Times as long with the pure matcher", slower, "x", at_most=PURE)
    yield measure("weighing", "Weighted length, ASCII, median", found.weighing / unit, "B", at_most=WEIGHING)
    yield from _growth(found.growth, found.native.median)
    command = found.command
    yield measure(
        "command",
        f"`govern screen`, {command.lines:,} lines, against the engine",
        command.command / command.engine,
        "x",
        at_most=COMMAND,
        note=f"{command.command:.1f} s against {command.engine:.1f} s, with its start",
    )


def _spread(name: str, label: str, spread: Spread, unit: float, goal: float) -> Iterator[Measure]:
    note = f"{spread.median * 1e6:.0f} µs; 99 of 100 within {spread.tail * 1e6:.0f} µs"
    yield measure(f"{name}.median", f"{label}, median", spread.median / unit, "B", at_most=goal, note=note)
    yield measure(f"{name}.p99", f"{label}, 99 of 100", spread.tail / unit, "B", at_most=TAIL)


def _growth(growth: Mapping[str, Growth], median: float) -> Iterator[Measure]:
    for family, times in growth.items():
        yield measure(
            f"growth.{family}",
            f"10,000 characters against 1,250: {family}",
            times.long / times.short,
            "x",
            at_most=GROWTH,
            note=f"{times.long * 1e3:.1f} ms",
        )
        yield measure(
            f"long.{family}",
            f"10,000 characters against a message: {family}",
            times.long / median,
            "x",
            at_most=None if family == "ordinary" else HOSTILE,
        )
