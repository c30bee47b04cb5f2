"""Times of single messages: each is done three times and its best counts, since nothing makes a computer faster."""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import re2

from govern.screening.terms import Term

BEST_OF = 3
_BETWEEN = "[ '-]{1,3}"
_ENDING = "[a-z]{0,5}"
_MEMORY = 64 << 20

T = TypeVar("T")


def median_and_tail(times: Sequence[float]) -> tuple[float, float]:
    """Return the median, and what 99 of 100 stay below."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


def best_times(work: Callable[[T], object], things: Sequence[T]) -> list[float]:
    """Return the best seconds for each thing. The first round does not count; nothing is collected meanwhile."""
    for thing in things:
        work(thing)
    with _uncollected():
        return [min(_times(work, thing)) for thing in things]


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


def _times(work: Callable[[T], object], thing: T) -> Iterator[float]:
    for _ in range(BEST_OF):
        begun = time.perf_counter()
        work(thing)
        yield time.perf_counter() - begun


@contextmanager
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
