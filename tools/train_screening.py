"""Train the second opinions of screening: `policies/screening/models/{promotion,opt_out}.json`.

    python tools/train_screening.py [--check]

Trains logistic models on `../shared/data/screening` (without the fifth that is kept aside: sha256 of the text, modulo 5, is 0)
and on our own texts under `tools/screening_corpus`. The n-grams and the score are those of `govern.screening.model`, so what
is measured here is what runs. Everything is in a fixed order and the solver has no random part: the same files come out of the
same texts. It prints how well a model does by folds, and on the texts of each author when it has learnt from the others only
(`dm_desks_fr.jsonl` is by the author "desks"). `--check` writes nothing.
"""

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from math import log
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from govern.screening.model import Model, ModelFile, Weights, compiled, known, log_odds
from govern.screening.model_grams import Grams, Ideas, grams_of, idea_lookup, sentences, united
from govern.screening.normalise import fold

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data" / "screening"
OWN = ROOT / "tools" / "screening_corpus"
MODELS = ROOT / "policies" / "screening" / "models"

SEED = 20_251_122
FOLDS = 5
MAX_GRAMS = 38_000
SHARPNESS = 1.5
"""Rare n-grams weigh more: the power of the inverse document frequency."""
KINDS = {"word": 1.0, "letter": 1.0, "idea": 0.7}
STRENGTH = 3.0
"""The inverse of the penalty on large weights."""
SENTENCE = 0.5
"""What a sentence counts for beside a whole text."""


Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Task(NamedTuple):
    """One model: its texts, the label it looks for, and how many false alarms are bearable at 50 hundredths."""

    name: str
    files: str
    label: str
    false_alarms: float
    alone: int | None
    """See `ModelFile`. Where sentences are scored alone, those of the texts that are not wanted are learnt from as well."""


TASKS = (
    Task("promotion", "dm_*.jsonl", "promotional", 0.025, alone=1000),
    Task("opt_out", "optout_*.jsonl", "optout", 0.045, alone=None),
)


class Line(NamedTuple):
    """A text to learn from, and who wrote it."""

    text: str
    lang: str
    positive: bool
    author: str


class Example(NamedTuple):
    """The n-grams of a text, of each pair of neighbouring sentences where it has more than two, of each of several alone."""

    whole: Grams
    pairs: tuple[Grams, ...]
    alone: tuple[Grams, ...]


class Learnt(NamedTuple):
    """A text or a sentence to learn from."""

    grams: Grams
    wanted: bool
    counts: float


def read_lines(task: Task) -> list[Line]:
    """Return the texts of a task, ours last."""
    return [
        Line(row["text"], row["lang"], row["label"] == task.label, author)
        for folder in (SHARED, OWN)
        for path in sorted(folder.glob(task.files))
        for author in ["shared" if folder == SHARED else "-".join(path.stem.split("_")[1:-1]) or "first"]
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if folder == OWN or int(sha256(row["text"].encode()).hexdigest(), 16) % FOLDS
    ]


def example(text: str, ideas_of: Ideas) -> Example:
    """Return what a model sees of a text."""
    folded = fold(text).text
    parts = [grams_of(folded[start:end], ideas_of) for start, end in sentences(folded)]
    pairs = tuple(united(pair) for pair in pairwise(parts)) if len(parts) > 2 else ()
    return Example(united(parts), pairs, tuple(parts) if len(parts) > 1 else ())


def train(
    examples: Sequence[Example], wanted: Sequence[bool], ideas: dict[str, tuple[str, ...]], *, alone: int | None = None
) -> ModelFile:
    """Fit twice: with every n-gram, then with those that matter most, whose number is part of the score."""
    learnt = [Learnt(each.whole, found, 1.0) for each, found in zip(examples, wanted, strict=True)]
    if alone is not None:
        others = (each for each, found in zip(examples, wanted, strict=True) if not found)
        learnt += [Learnt(part, wanted=False, counts=SENTENCE) for each in others for part in each.alone]
    seen = Counter(gram for each in learnt for gram in _named(each.grams))
    rarity = {gram: (log((1 + len(learnt)) / (1 + count)) + 1) ** SHARPNESS for gram, count in seen.items()}
    weights, bias = _fit(learnt, sorted(seen), rarity)
    matters = sorted(seen, key=lambda gram: (-abs(weights[gram]) * seen[gram] ** 0.5, gram))
    weights, bias = _fit(learnt, sorted(matters[:MAX_GRAMS]), rarity)
    word, letter, idea = (_thousandths(weights, kind) for kind in KINDS)
    return ModelFile(1, round(1000 * bias), ideas, Weights(word, letter, idea), alone)


def _thousandths(weights: dict[tuple[str, str], float], kind: str) -> dict[str, int]:
    rounded = {text: round(1000 * weight) for (each, text), weight in weights.items() if each == kind}
    return {text: weight for text, weight in rounded.items() if weight}


def _named(grams: Grams) -> Iterator[tuple[str, str]]:
    for kind, texts in zip(KINDS, grams, strict=True):
        yield from ((kind, text) for text in texts)


def _fit(
    learnt: Sequence[Learnt], grams: Sequence[tuple[str, str]], rarity: dict[tuple[str, str], float]
) -> tuple[dict[tuple[str, str], float], float]:
    """Return what each n-gram weighs in the score of `model.py`, and the bias."""
    place = {gram: number for number, gram in enumerate(grams)}
    rows, columns, values = [], [], []
    for row, each in enumerate(learnt):
        for kind, texts in zip(KINDS, each.grams, strict=True):
            found = sorted((kind, text) for text in texts if (kind, text) in place)
            rows += [row] * len(found)
            columns += [place[gram] for gram in found]
            values += [KINDS[kind] * rarity[gram] / len(found) ** 0.5 for gram in found]
    matrix = csr_matrix((values, (rows, columns)), shape=(len(learnt), len(grams)))
    fitted = LogisticRegression(C=STRENGTH, solver="liblinear", class_weight="balanced", random_state=SEED)
    fitted.fit(matrix, np.array([each.wanted for each in learnt]), np.array([each.counts for each in learnt]))
    weights = {gram: float(fitted.coef_[0][place[gram]]) * rarity[gram] * KINDS[gram[0]] for gram in grams}
    return weights, float(fitted.intercept_[0])


def scores(file: ModelFile, examples: Sequence[Example]) -> Floats:
    """Return the score of each example as the engine has it: thousandths of log-odds of its highest stretch."""
    model: Model = compiled(file)
    return np.array(
        [
            max(
                log_odds(known(part, model.weights), model) - less
                for parts, less in (((each.whole, *each.pairs), 0), (each.alone, model.alone))
                for part in parts
                if less is not None
            )
            for each in examples
        ]
    )


def cross_scores(
    examples: Sequence[Example], lines: Sequence[Line], ideas: dict[str, tuple[str, ...]], *, alone: int | None = None
) -> Floats:
    """Return the score of each text by a model that has not seen its fold."""
    found: Floats = np.zeros(len(examples))
    strata = [f"{line.lang} {line.positive} {line.author}" for line in lines]
    for learn, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(found, strata):
        file = train([examples[at] for at in learn], [lines[at].positive for at in learn], ideas, alone=alone)
        found[test] = scores(file, [examples[at] for at in test])
    return found


def bearable(found: Floats, wanted: Bools, share: float) -> float:
    """Return the lowest score that at most `share` of the other texts reach."""
    others = np.sort(found[~wanted])[::-1]
    return float(others[int(share * len(others))]) + 1


def report(title: str, found: Floats, lines: Sequence[Line], at: float) -> None:
    """Print how good scores are, by language, at a threshold and at the shares of false alarms people ask about."""
    for lang in ("en", "fr", ""):
        chosen = np.array([line.lang.startswith(lang) for line in lines])
        wanted = np.array([line.positive for line in lines])[chosen]
        score = found[chosen]
        hits, alarms = int((score[wanted] >= at).sum()), int((score[~wanted] >= at).sum())
        recalls = [f"{(score[wanted] >= bearable(score, wanted, share)).mean():.3f}" for share in (0.01, 0.02, 0.05)]
        _say(
            f"{title:30} {lang or 'both':4} {len(wanted):5} texts  AUC {roc_auc_score(wanted, score):.4f}  "
            f"recall at 1, 2, 5 % false alarms {' '.join(recalls)}  at the threshold "
            f"P {hits / max(1, hits + alarms):.3f} R {hits / wanted.sum():.3f} false {alarms / max(1, (~wanted).sum()):.4f}"
        )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def learn(task: Task, ideas: dict[str, tuple[str, ...]]) -> ModelFile:
    """Measure a task by folds and across authors, and return the model of all its texts."""
    lines = read_lines(task)
    lookup = idea_lookup(ideas)
    examples = [example(line.text, lookup) for line in lines]
    wanted = np.array([line.positive for line in lines])
    found = cross_scores(examples, lines, ideas, alone=task.alone)
    threshold = bearable(found, wanted, task.false_alarms)
    report(f"{task.name}: folds", found, lines, threshold)
    for author in dict.fromkeys(line.author for line in lines):
        theirs = [at for at, line in enumerate(lines) if line.author == author]
        others = [at for at, line in enumerate(lines) if line.author != author]
        report(f"{task.name}: folds, {author}", found[theirs], [lines[at] for at in theirs], threshold)
        file = train([examples[at] for at in others], wanted[others].tolist(), ideas, alone=task.alone)
        unseen = scores(file, [examples[at] for at in theirs])
        fair = bearable(unseen, wanted[theirs], task.false_alarms)
        report(f"{task.name}: unseen, {author}", unseen, [lines[at] for at in theirs], fair)
    file = train(examples, wanted.tolist(), ideas, alone=task.alone)
    return msgspec.structs.replace(file, bias=file.bias - round(threshold))


def main(arguments: Sequence[str]) -> None:
    """Train, report and write both models."""
    ideas = tomllib.loads((OWN / "ideas.toml").read_text(encoding="utf-8"))
    for task in TASKS:
        file = learn(task, {idea: tuple(words) for idea, words in sorted(ideas[task.name].items())})
        text = json.dumps(msgspec.to_builtins(file), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        _say(f"{task.name}: {sum(map(len, msgspec.structs.astuple(file.weights)))} n-grams, {len(text.encode())} bytes")
        if "--check" not in arguments:
            MODELS.mkdir(parents=True, exist_ok=True)
            (MODELS / f"{task.name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
