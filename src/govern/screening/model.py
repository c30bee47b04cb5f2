"""A second opinion: a small linear model over words, letters and ideas of the folded view.

It only adds up integers of a file: the same text has the same score on every machine. A text is cut into sentences; the whole
of it and each pair of neighbouring sentences are scored, and the highest score counts, so that much service around one sales
sentence does not hide it. Linear in the length of the text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from math import isqrt
from typing import NamedTuple

import msgspec

from govern.screening.findings import Span
from govern.screening.normalise import View

MAX_SPANS = 5
MIN_SENTENCE = 25
"""A shorter sentence counts with the one before it: "Yes." alone says nothing."""
MIN_STEM = 3
MAX_WORD = 24
"""How many letters of a word are looked at for stems of ideas."""
LETTERS = (3, 4, 5)

_SENTENCE_END = re.compile(r"""[.!?;:…]+(?=[\s"'»”)]|$)|\n""")
_TOKEN = re.compile(r"[^\W_]+|[€$£%!?]")
_DIGITS = str.maketrans("123456789", "000000000")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]")
_LENGTHS = (4, 7, 11, 17, 25, 40, 60)


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model as it is written by `tools/train_screening.py`. Weights are thousandths of a unit of log-odds."""

    version: int
    bias: int
    threshold: int
    """From this score on (hundredths of a unit of log-odds) a text deserves a second look."""
    ideas: dict[str, tuple[str, ...]]
    """Words that stand for one idea in either language; `word*` takes any ending."""
    weights: dict[str, dict[str, int]]
    """By kind of n-gram: `word` (one or two words), `letter` (three to five letters), `idea` (one or two ideas)."""


class Model(msgspec.Struct, frozen=True, eq=False):
    """A model, ready to score."""

    threshold: int
    bias: int
    ideas_of: Callable[[str], tuple[str, ...]]
    word: Mapping[str, int]
    letter: Mapping[str, int]
    idea: Mapping[str, int]


class ModelVerdict(msgspec.Struct, frozen=True):
    """The score, and where the up to five strongest n-grams stand in the original, if the score reaches the threshold."""

    hundredths: int
    spans: tuple[Span, ...]


class Bags(NamedTuple):
    """The n-grams of one stretch of text, by kind."""

    word: frozenset[str]
    letter: frozenset[str]
    idea: frozenset[str]


class _Sentence(NamedTuple):
    start: int
    end: int


class _Gram(NamedTuple):
    weight: int
    start: int
    end: int


def compiled(file: ModelFile) -> Model:
    """Return the model of a file."""
    return Model(
        threshold=file.threshold,
        bias=file.bias,
        ideas_of=idea_lookup(file.ideas),
        word=file.weights["word"],
        letter=file.weights["letter"],
        idea=file.weights["idea"],
    )
