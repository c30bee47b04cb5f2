"""`govern bench screening`: how long a message takes, against one RE2 pass over it, and what hostile texts cost."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from govern.bench.screening_command import CommandTime, measure_command
from govern.bench.screening_report import Found, Growth, Report, Spread, read_measures
from govern.bench.screening_texts import (
    HOSTILE,
    LONG,
    SHORT,
    as_message,
    of_length,
    ordinary_messages,
    ordinary_text,
    promotional_terms,
)
from govern.bench.screening_timing import best_times, median_and_tail, one_pass
from govern.screening.engine import screen
from govern.screening.findings import Input
from govern.screening.model import score
from govern.screening.normalise import fold
from govern.screening.policy import load_policy
from govern.screening.terms import Matching
from govern.screening.tweet_text import measure

Screener = Callable[[Input], object]


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured: messages at most, lines for the command, and the two lengths of texts made to be slow."""

    messages: int = 5_000
    lines: int = 10_000
    lengths: tuple[int, int] = (SHORT, LONG)


FULL = Effort()
QUICK = Effort(messages=20, lines=20, lengths=(125, 1_000))


def run_screening_bench(folder: Path, *, effort: Effort, say: Callable[[str], None]) -> Report:
    """Measure the engine with the policies of a folder.

    Raises:
        PolicyError: they cannot be loaded.
    """
    policy = load_policy(folder, matching=Matching.AUTO)
    messages = ordinary_messages(folder, policy)[: effort.messages]
    terms = promotional_terms(folder)
    say(f"{len(messages):,} messages against one RE2 pattern of {len(terms):,} terms …")
    screener, views = partial(screen, policy=policy), [fold(given.text) for given in messages]
    times = best_times(
        {
            "one_pass": (one_pass(terms), [view.text for view in views]),
            "native": (screener, messages),
            "pure": (partial(screen, policy=load_policy(folder, matching=Matching.PURE)), messages),
            "model": (partial(score, model=policy.promotion_model), views),
            "weighing": (measure, _in_ascii(messages)),
        }
    )
    without = [whole - model for whole, model in zip(times["native"], times["model"], strict=True)]
    found = Found(
        one_pass=statistics.median(times["one_pass"]),
        native=Spread(*median_and_tail(times["native"])),
        without_model=Spread(*median_and_tail(without)),
        pure=Spread(*median_and_tail(times["pure"])),
        weighing=statistics.median(times["weighing"]),
        growth=_measure_growth(screener, messages, effort, say),
        command=_measure_command(screener, messages, folder, effort.lines, say),
    )
    return Report(policy=policy.digest, messages=len(messages), terms=len(terms), measures=tuple(read_measures(found)))


def _in_ascii(messages: Sequence[Input]) -> list[str]:
    return [given.text.encode("ascii", "ignore").decode() for given in messages]


def _measure_growth(
    screener: Screener, messages: Sequence[Input], effort: Effort, say: Callable[[str], None]
) -> dict[str, Growth]:
    short, long = effort.lengths
    say(f"Texts of {short:,} and {long:,} characters …")
    texts = {"ordinary": [ordinary_text(messages, length) for length in (short, long)]}
    texts |= {name: [of_length(piece, length) for length in (short, long)] for name, piece in HOSTILE.items()}
    return {name: _growth(screener, pair) for name, pair in texts.items()}


def _growth(screener: Screener, pair: Sequence[str]) -> Growth:
    works = {"screening": (screener, list(map(as_message, pair)))}
    return Growth(*best_times(works, clock=time.thread_time)["screening"])


def _measure_command(
    screener: Screener, messages: Sequence[Input], folder: Path, lines: int, say: Callable[[str], None]
) -> CommandTime:
    say(f"`govern screen` with {lines:,} lines …")
    return measure_command(messages, screener, folder=folder, lines=lines)
