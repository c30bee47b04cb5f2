"""A second opinion: a small linear model over words, letters and ideas of the folded view.

It only adds up integers of a file, so a text has the same score on every machine. The whole text and each pair of neighbouring
sentences are scored, by some models each sentence alone, too, and the highest score counts: much service around a sales
sentence does not hide it. Linear in the length.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isqrt, log

import msgspec

from govern.screening.findings import Span
from govern.screening.model_grams import LETTERS, TOKEN, Grams, Ideas, grams_of, idea_lookup, plain, sentences, united
from govern.screening.normalise import View

MAX_SPANS = 5
MIN_EXPLAINED = 10
"""Less sure than this, a verdict has no spans: nobody asks why a text is fine."""
_PLACES = 10_000
"""Square roots are taken of so many times the number, as integers."""
# From which log-odds on, in thousandths, a probability is 1, 2, 3 ... hundredths.
_HUNDREDTHS = tuple(round(1000 * log((each - 0.5) / (100.5 - each))) for each in range(1, 101))


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thousandths of log-odds by n-gram."""

    word: dict[str, int]
    letter: dict[str, int]
    idea: dict[str, int]


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model as `tools/train_screening.py` writes it."""

    version: int
    bias: int
    """Thousandths of log-odds; set so that 50 hundredths is where a second look pays."""
    ideas: dict[str, tuple[str, ...]]
    weights: Weights
    alone: int | None = None
    """Each sentence is scored alone, too, with so many thousandths less: it says less than a text. None: it is not."""


class Model(msgspec.Struct, frozen=True, eq=False):
    """A model, ready to score."""

    version: int
    bias: int
    ideas_of: Ideas
    weights: Weights
    alone: int | None


class ModelVerdict(msgspec.Struct, frozen=True):
    """How sure the model is, 0 to 100, and where the up to five n-grams stand that speak for it most."""

    hundredths: int
    spans: tuple[Span, ...]


class _Stretch(msgspec.Struct, frozen=True):
    """Neighbouring sentences, with the n-grams the model knows."""

    start: int
    end: int
    grams: Grams
    less: int = 0


def compiled(file: ModelFile) -> Model:
    """Return the model of a file."""
    return Model(file.version, file.bias, idea_lookup(file.ideas), file.weights, file.alone)


def score(view: View, model: Model) -> ModelVerdict:
    """Return how sure the model is of a folded text, and why."""
    single = [
        _Stretch(start, end, known(grams_of(view.text[start:end], model.ideas_of), model.weights))
        for start, end in sentences(view.text)
    ]
    stretches = [_joined(single)] if single else []
    if len(single) > 2:
        stretches += map(_joined, pairwise(single))
    if model.alone is not None and len(single) > 1:
        stretches += [msgspec.structs.replace(each, less=model.alone) for each in single]
    if not stretches:
        return ModelVerdict(0, ())
    best = max(stretches, key=lambda each: (log_odds(each.grams, model) - each.less, -each.start, each.end))
    hundredths = bisect_right(_HUNDREDTHS, log_odds(best.grams, model) - best.less)
    return ModelVerdict(hundredths, _spans(view, best, model) if hundredths >= MIN_EXPLAINED else ())


def known(grams: Grams, weights: Weights) -> Grams:
    """Return the n-grams that have a weight."""
    return Grams(
        frozenset(grams.word & weights.word.keys()),
        frozenset(grams.letter & weights.letter.keys()),
        frozenset(grams.idea & weights.idea.keys()),
    )


def log_odds(grams: Grams, model: Model) -> int:
    """Return the thousandths of log-odds of known n-grams: per kind their sum over the square root of their number."""
    weights = model.weights
    return (
        model.bias
        + _scaled(grams.word, weights.word)
        + _scaled(grams.letter, weights.letter)
        + _scaled(grams.idea, weights.idea)
    )


def _scaled(grams: frozenset[str], weights: Mapping[str, int]) -> int:
    return 100 * sum(map(weights.__getitem__, grams)) // _root(len(grams)) if grams else 0


def _root(number: int) -> int:
    return isqrt(_PLACES * number)


def _joined(parts: Sequence[_Stretch]) -> _Stretch:
    return _Stretch(parts[0].start, parts[-1].end, united(part.grams for part in parts))


def _spans(view: View, stretch: _Stretch, model: Model) -> tuple[Span, ...]:
    """Return the words of the strongest n-grams that speak for the verdict, none within another, in the original."""
    chosen: list[Span] = []
    quoted = set[str]()  # a word that is there twice has one weight, so it is shown once
    reasons = _reasons(view.text, stretch, model)
    strongest = sorted(reasons)
    strongest.sort(key=reasons.__getitem__, reverse=True)  # the first of equals stays the first
    for start, end in strongest:
        if len(chosen) == MAX_SPANS:
            break
        if view.text[start:end] in quoted:
            continue
        if all(end <= other_start or other_end <= start for other_start, other_end in chosen):
            chosen.append((start, end))
            quoted.add(view.text[start:end])
    return tuple(view.span(start, end) for start, end in sorted(chosen))


def _reasons(text: str, stretch: _Stretch, model: Model) -> dict[Span, int]:
    """Return the words and pairs of words that speak for the verdict, and what the strongest n-gram of each adds."""
    zeros = plain(text)
    tokens = [(match.start(), match.end(), match[0]) for match in TOKEN.finditer(zeros, stretch.start, stretch.end)]
    weights, root = model.weights.word, _root(len(stretch.grams.word)) or 1
    found: dict[str, int | None] = {}  # by a word with the character before and behind it: hostile texts repeat theirs
    reasons: dict[Span, int] = {}
    for start, end, word in tokens:
        around = zeros[max(0, start - 1) : end + 1]
        if around not in found:
            found[around] = _adds(word, around, stretch, model)
        if (best := found[around]) is not None:
            reasons[start, end] = best
    for (start, _, first), (_, end, second) in pairwise(tokens):
        if (weight := weights.get(f"{first} {second}", 0)) > 0:
            reasons[start, end] = 100 * weight // root
    return reasons


def _adds(word: str, around: str, stretch: _Stretch, model: Model) -> int | None:
    """Return what the strongest n-gram of one word adds, or None where none speaks for the verdict."""
    weights = model.weights
    letters = (around[at : at + size] for size in LETTERS for at in range(len(around) - size + 1))
    best = (
        weights.word.get(word, 0),
        max((weights.letter.get(gram, 0) for gram in letters), default=0),
        max((weights.idea.get(idea, 0) for idea in model.ideas_of(word)), default=0),
    )
    kinds = zip(best, stretch.grams, strict=True)
    return max((100 * weight // (_root(len(kind)) or 1) for weight, kind in kinds if weight > 0), default=None)
