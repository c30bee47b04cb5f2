"""How promotional a text is: signals with points, categories with caps, and service sentences that excuse themselves."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from govern.screening.findings import Decision, Family, Finding, Klass, Message, severity_of
from govern.screening.model import ModelVerdict
from govern.screening.normalise import View
from govern.screening.patterns import PatternSet
from govern.screening.terms import TermHit

_CLASSES = tuple(Klass)
_SENTENCE_END = re.compile(r"""[.!?;:]+(?=[\s"'»”]|$)|\n""")


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """Signals of one kind count together. Weights and caps are hundredths of a point: no sum of floats."""

    cap: int
    subtracts: bool = False
    """A hit takes points off its own sentence instead of adding them."""
    excusable: bool = True
    """A service sentence may take its points away."""
    opt_out_wording: bool = False
    """A hit tells the reader how to stop these messages."""


class Signal(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One idea that makes a text look like promotion, or like service. Each is itself only: cheap to look up."""

    id: str
    category: str
    weight: int
    floor: Klass | None
    message: Message


NEVER = 101
"""More hundredths than a model can have."""


class ModelRule(msgspec.Struct, frozen=True, kw_only=True):
    """From how many hundredths on the model's opinion gives a text a class.

    The first number of each is for a text without points, the next for one point, and so on: words and model confirm each
    other. For `promotional` the first is `NEVER`: the model is at most the second of two witnesses.
    """

    id: str
    suspected: tuple[int, ...]
    promotional: tuple[int, ...]
    witness: int
    """How many hundredths of a point one signal must have left to be the first: shape and tone are none."""
    message: Message

    def klass(self, hundredths: int, total: int, strongest: int) -> Klass:
        """Return the class of a text with so many hundredths of a point, in all and at its best, if the model is so sure."""
        if strongest >= self.witness and hundredths >= _step(self.promotional, total):
            return Klass.PROMOTIONAL
        return Klass.SUSPECTED if hundredths >= _step(self.suspected, total) else Klass.CLEAN


def _step(steps: tuple[int, ...], total: int) -> int:
    return steps[min(total // 100, len(steps) - 1)]


class PromotionalRules(msgspec.Struct, frozen=True, kw_only=True):
    """`policies/screening/promotional.toml`, checked and compiled."""

    version: int
    suspected_at: int
    promotional_at: int
    further_percent: int
    categories: Mapping[str, Category]
    signals: Mapping[str, Signal]
    patterns: PatternSet[str]
    """The signals' patterns, by the signal's id."""
    model: ModelRule


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The class of a text, its total and its best signal in hundredths, and a finding for each hit."""

    klass: Klass
    total: int
    strongest: int
    findings: tuple[Finding, ...]
    tells_how_to_stop: bool


class _Hit(NamedTuple):
    start: int
    end: int
    signal: Signal
    sentence: int


def judge(view: View, terms: Iterable[TermHit], rules: PromotionalRules) -> Verdict:
    """Weigh a text.

    A category counts once, at its best signal, plus a part of its further ones, up to its cap. Service hits take points off
    within their own sentence only: a service sentence does not excuse the sales sentence after it.
    """
    hits = _hits(view.text, terms, rules)
    left, taken = _after_excuses(hits, rules)
    points = _contributions(left, rules)
    total = sum(points.values())
    findings = [_finding(view, hit, points.get(hit, 0) - taken.get(hit, 0), rules) for hit in hits]
    return Verdict(
        klass=_class(total, hits, rules),
        total=total,
        strongest=max(points.values(), default=0),
        findings=tuple(findings),
        tells_how_to_stop=any(rules.categories[hit.signal.category].opt_out_wording for hit in hits),
    )


def with_opinion(verdict: Verdict, opinion: ModelVerdict, rules: PromotionalRules) -> Verdict:
    """Return the verdict once a model has been heard: it may raise the class, and says by which words; it never lowers it."""
    model = rules.model
    klass = model.klass(opinion.hundredths, verdict.total, verdict.strongest)
    if _CLASSES.index(klass) <= _CLASSES.index(verdict.klass):
        return verdict
    findings = [
        Finding(
            rule=model.id,
            version=rules.version,
            family=Family.PROMOTIONAL,
            decision=Decision.ALLOW,
            severity=severity_of(Decision.ALLOW),
            points=0.0,
            span=span,
            message=model.message,
        )
        for span in opinion.spans or (None,)
    ]
    return msgspec.structs.replace(verdict, klass=klass, findings=(*verdict.findings, *findings))


def _hits(text: str, terms: Iterable[TermHit], rules: PromotionalRules) -> list[_Hit]:
    found = [(hit.start, hit.end, rules.signals[hit.rule]) for hit in terms if hit.rule in rules.signals]
    found.extend((start, end, rules.signals[rule]) for start, end, rule in rules.patterns.find_all(text))
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    found.sort(key=lambda hit: (hit[0], -hit[1], -hit[2].weight, hit[2].id))
    reach: dict[str, int] = {}  # per category: how far its hits go so far; what ends before that is nested in one
    hits = []
    for start, end, signal in found:
        if end > reach.get(signal.category, 0):
            reach[signal.category] = end
            hits.append(_Hit(start, end, signal, bisect_right(ends, start)))
    return hits


def _after_excuses(hits: list[_Hit], rules: PromotionalRules) -> tuple[dict[_Hit, int], dict[_Hit, int]]:
    """Return what is left of the adding hits, and what the best service hit of each sentence took off.

    What a category adds in a sentence is excused as one: two words for one discount are one discount.
    """
    by_sentence: dict[int, dict[str, _Hit]] = defaultdict(dict)
    for hit in hits:
        by_sentence[hit.sentence].setdefault(hit.signal.id, hit)
    left: dict[_Hit, int] = {}
    taken: dict[_Hit, int] = {}
    for by_signal in by_sentence.values():
        strongest_first = sorted(by_signal.values(), key=lambda hit: (-hit.signal.weight, hit.start, hit.signal.id))
        service = {hit: hit.signal.weight for hit in strongest_first if rules.categories[hit.signal.category].subtracts}
        adding = {hit: hit.signal.weight for hit in strongest_first if hit not in service}
        left |= adding
        allowance = start = sum(_contributions(service, rules).values())
        for best, worth in _by_category(adding, rules) if start else ():
            if off := min(allowance, worth) if rules.categories[best.signal.category].excusable else 0:
                allowance -= off
                left |= {hit: 0 for hit in adding if hit.signal.category == best.signal.category}
                left[best] = worth - off
        if start > allowance:
            taken[next(iter(service))] = start - allowance
    return left, taken


def _by_category(weights: Mapping[_Hit, int], rules: PromotionalRules) -> list[tuple[_Hit, int]]:
    """Return the best hit of each category and what the category adds, the category that adds most first."""
    best: dict[str, _Hit] = {}
    sums: dict[str, int] = defaultdict(int)
    for hit, worth in _contributions(weights, rules).items():
        sums[best.setdefault(hit.signal.category, hit).signal.category] += worth
    return sorted(((hit, sums[name]) for name, hit in best.items()), key=lambda each: (-each[1], each[0].start))


def _contributions(weights: Mapping[_Hit, int], rules: PromotionalRules) -> dict[_Hit, int]:
    """Return what each hit adds, once its category's rule and cap are applied; a signal adds once."""
    spent: dict[str, int] = defaultdict(int)
    seen: set[str] = set()
    points: dict[_Hit, int] = {}
    for hit in sorted(weights, key=lambda hit: (-weights[hit], hit.start, hit.signal.id)):
        category = hit.signal.category
        if hit.signal.id in seen:
            continue
        seen.add(hit.signal.id)
        worth = weights[hit] * rules.further_percent // 100 if category in spent else weights[hit]
        points[hit] = min(worth, rules.categories[category].cap - spent[category])
        spent[category] += points[hit]
    return points


def _class(total: int, hits: list[_Hit], rules: PromotionalRules) -> Klass:
    floors = {hit.signal.floor for hit in hits}
    if total >= rules.promotional_at or Klass.PROMOTIONAL in floors:
        return Klass.PROMOTIONAL
    return Klass.SUSPECTED if total >= rules.suspected_at or Klass.SUSPECTED in floors else Klass.CLEAN


def _finding(view: View, hit: _Hit, hundredths: int, rules: PromotionalRules) -> Finding:
    start, end = view.span(hit.start, hit.end)
    return Finding(
        rule=hit.signal.id,
        version=rules.version,
        family=Family.PROMOTIONAL,
        decision=Decision.ALLOW,
        severity=severity_of(Decision.ALLOW),
        points=hundredths / 100,
        span=(start, end),
        message=hit.signal.message,
    )
