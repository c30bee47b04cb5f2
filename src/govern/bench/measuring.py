"""Measuring things against each other: all in one process, in turn, so that a machine that slows down slows all of them."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

import msgspec

K = TypeVar("K")
Work = Callable[[], object]


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure, and the goal for it where there is one. `met` is None without a goal, or without a value."""

    name: str
    label: str
    unit: str
    value: float | None
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""
    met: bool | None = None


def measure(
    name: str,
    label: str,
    value: float | None,
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> Measure:
    """Return a figure, compared with its goal."""
    met = None
    if value is not None and (at_most is not None or at_least is not None):
        met = (at_most is None or value <= at_most) and (at_least is None or value >= at_least)
    return Measure(
        name=name, label=label, unit=unit, value=value, at_most=at_most, at_least=at_least, note=note, met=met
    )


def interleave(works: Mapping[K, Work], *, rounds: int, warm: int = 1) -> dict[K, float]:
    """Return the median seconds of each work over the rounds; a round does each once, every round in another order.

    Seconds of this thread's own computing: a busy machine stops all works alike, but not for equally long. The garbage
    collector waits meanwhile: it would strike whichever work happens to run. `warm` rounds do not count.
    """
    names = list(works)
    taken: dict[K, list[float]] = {name: [] for name in names}
    gc.collect()
    gc.disable()
    try:
        for turn in range(-warm, rounds):
            for name in turned(names, turn):
                begun = time.thread_time()
                works[name]()
                if turn >= 0:
                    taken[name].append(time.thread_time() - begun)
            gc.collect(0)
    finally:
        gc.enable()
    return {name: statistics.median(times) for name, times in taken.items()}


def turned(names: Sequence[K], turn: int) -> Sequence[K]:
    """Return the names beginning with another one each turn, and every other turn backwards."""
    first = turn % len(names)
    order = [*names[first:], *names[:first]]
    return order if turn % 2 == 0 else order[::-1]


Outcome = Literal["met", "missed", ""]


def outcome(found: Measure) -> Outcome:
    """Return the comparison with the goal in a word."""
    if found.met is None:
        return ""
    return "met" if found.met else "missed"
