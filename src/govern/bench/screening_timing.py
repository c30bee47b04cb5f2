"""Times of single messages: each is done three times and its best counts, since nothing makes a computer faster."""

import gc
import statistics
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import re2

from govern.screening.terms import Term

BEST_OF = 3
_BETWEEN = "[ '-]{1,3}"
_ENDING = "[a-z]{0,5}"
_MEMORY = 64 << 20

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Clock = Callable[[], float]


def median_and_tail(times: Sequence[float]) -> tuple[float, float]:
    """Return the median, and what 99 of 100 stay below."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


def best_times(
    works: Mapping[K, tuple[Callable[[Any], object], Sequence[Any]]], *, clock: Clock = time.perf_counter
) -> dict[K, list[float]]:
    """Return the best seconds of each work for each of its things; all works have equally many.

    The works take turns thing by thing: a machine that slows down slows all of them. One round before does not count, and
    no garbage is collected meanwhile. `clock`: `time.thread_time` for what takes milliseconds, where others may interrupt.
    """
    count = min(len(things) for _, things in works.values())
    taken: dict[K, list[float]] = {name: [] for name in works}
    for work, things in works.values():
        for thing in things:
            work(thing)
    with _uncollected():
        for number in range(count):
            for name, (work, things) in works.items():
                taken[name].append(min(_times(work, things[number], clock)))
    return taken


def one_pass(terms: Iterable[Term]) -> Callable[[str], object]:
    """Return what everything is measured against: one pass of one RE2 pattern of all terms over a folded text."""
    options: Any = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    words = sorted({_pattern(term) for term in terms}, key=lambda word: (-len(word), word))
    pattern: Any = re2.compile(rf"\b(?:{'|'.join(words)})\b", options=options)
    return lambda text: list(pattern.finditer(text))


def _pattern(term: Term) -> str:
    pairs = zip(term.words, term.stems, strict=True)
    return _BETWEEN.join(re2.escape(word) + (_ENDING if is_stem else "") for word, is_stem in pairs)


def _times(work: Callable[[T], object], thing: T, clock: Clock) -> Iterator[float]:
    for _ in range(BEST_OF):
        begun = clock()
        work(thing)
        yield clock() - begun


@contextmanager
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
