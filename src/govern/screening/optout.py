"""Whether a person says stop: whole messages that are a keyword, phrases that ask for it, and a model's second opinion.

Sources: FCC rule 47 CFR 64.1200(a)(10) for the English keywords; GDPR art. 17 and 21 for erasure and objection.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from govern.screening.findings import (
    Advice,
    Decision,
    Family,
    Finding,
    Message,
    OptOut,
    Span,
    in_order,
    severity_of,
)
from govern.screening.model import ModelVerdict
from govern.screening.normalise import View
from govern.screening.phrases import Phrase, Reading, Vocabulary, find

MAX_MODEL_FINDINGS = 5


class Rule(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Phrases that say stop, for certain or perhaps."""

    id: str
    version: int
    optout: OptOut
    whole: bool
    """The phrases must be all of the message, but for words that say nothing."""
    alone: bool
    """They must be all of a sentence, but for such words."""
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    """In the same sentence, these make it another matter."""
    anywhere: bool
    """They do so in any sentence of the message."""
    doubtful_if: tuple[Phrase, ...]
    """In the same sentence, these make it uncertain."""
    loose: bool
    """The phrases say too little alone: they count where the model makes them certain, and nowhere else."""
    asks: bool
    """A person is asked, however sure the model is: the doubt is in what is said, not in how."""
    decision: Decision
    message: Message
    advice: Advice | None
    ask: Advice
    """What to do where it is uncertain."""


class ModelRule(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """From how many hundredths on the model's opinion counts; alone it makes a text doubtful, never certain."""

    id: str
    doubtful: int
    doubtful_beside_service: int
    """The same where another matter is named."""
    certain: int
    """From here on, what a rule finds doubtful is certain: a rule that a person can read, and the model, agree."""
    uncertain: int
    """Below this, what a rule finds certain is doubtful."""
    unheard: int
    """Below this, what a rule finds doubtful is nothing."""
    message: Message
    advice: Advice


class OptOutRules(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """`policies/screening/optout.toml`, checked and compiled."""

    version: int
    vocabulary: Vocabulary
    filler: str
    service: tuple[Phrase, ...]
    rules: tuple[Rule, ...]
    model: ModelRule


class OptOutVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a text says stop, and the findings that tell why."""

    optout: OptOut
    findings: tuple[Finding, ...]


Score = Callable[[View], ModelVerdict]
"""The model's opinion of a folded text."""

_STRENGTH = (OptOut.NO, OptOut.DOUBTFUL, OptOut.YES)


def judge(view: View, rules: OptOutRules, score: Score | None = None) -> OptOutVerdict:
    """Say whether a text asks us to stop. Linear in the length of the text.

    The model alone never makes a text certain, and what is a keyword from end to end is not weighed. Findings name no disguise:
    whoever made the view knows it.
    """
    reading = rules.vocabulary.read(view)
    found = [_Said(rule, hit, optout) for rule in rules.rules for hit, optout in _hits(rule, reading, rules.filler)]
    plain = [said for said in found if not said.rule.loose]
    strongest = _strongest(plain)
    if score is None or any(said.rule.whole and said.optout is strongest for said in plain):
        return _verdict(strongest, plain, view, reading)
    opinion = score(view)
    weighed = _weighed(strongest, found, opinion.hundredths, rules.model)
    if weighed is OptOut.NO:
        return _by_model(reading, rules, opinion)
    return _verdict(weighed, plain if strongest is not OptOut.NO else found, view, reading)


class _Said(NamedTuple):
    """What a rule says of a text, and where."""

    rule: Rule
    hit: Span
    optout: OptOut


def _strongest(found: Iterable[_Said]) -> OptOut:
    return max((said.optout for said in found), key=_STRENGTH.index, default=OptOut.NO)


def _weighed(strongest: OptOut, found: list[_Said], hundredths: int, model: ModelRule) -> OptOut:
    """Return what rules and model say together."""
    if strongest is OptOut.YES:
        return OptOut.DOUBTFUL if hundredths < model.uncertain else strongest
    if hundredths >= model.certain and any(not said.rule.asks for said in found):
        return OptOut.YES
    return OptOut.NO if hundredths < model.unheard else strongest


def _verdict(optout: OptOut, found: list[_Said], view: View, reading: Reading) -> OptOutVerdict:
    """Return what is said, with the findings of the rules that say most: nobody has to be asked beside a certain stop."""
    strongest = _strongest(found)
    findings = [
        _finding(view.span(*reading.span(*said.hit)), said.rule, optout)
        for said in found
        if said.optout is strongest and optout is not OptOut.NO
    ]
    return OptOutVerdict(optout=optout, findings=tuple(in_order(findings)))


def _hits(rule: Rule, reading: Reading, filler: str) -> Iterator[tuple[Span, OptOut]]:
    """Yield the first place where a rule speaks, and what it says there."""
    hits = _whole(rule, reading, filler) if rule.whole or rule.alone else _places(rule, reading)
    first = next(hits, None)
    if first is None:
        return
    other_matter, doubt = _sentences(rule.unless, reading), _sentences(rule.doubtful_if, reading)
    if rule.anywhere and other_matter:
        return
    for hit in (first, *hits):
        sentence = reading.words[hit[0]].sentence
        if sentence not in other_matter:
            yield hit, OptOut.DOUBTFUL if sentence in doubt else rule.optout
            return


def _places(rule: Rule, reading: Reading) -> Iterator[Span]:
    return (hit for phrase in rule.phrases for hit in find(phrase, reading))


def _whole(rule: Rule, reading: Reading, filler: str) -> Iterator[Span]:
    """Yield the whole text or its sentences, where they are nothing but phrases of the rule and words that say nothing."""
    ends: dict[int, int] = {}
    spoken = dict(hit for phrase in rule.phrases for hit in find(phrase, reading))
    silent = [(start, max(after)) for start, after in reading.hits.get(filler, {}).items()]
    for start, end in (*spoken.items(), *silent):
        ends[start] = max(end, ends.get(start, 0))
    sentences = [(first, reading.after[of]) for of, first in reading.first.items()]
    for first, until in sentences if rule.alone else [(0, len(reading.words))]:
        said, at = [], first
        while at < until and at in ends:
            said += [(at, ends[at])] if at in spoken else []
            at = ends[at]
        if said and at == until:
            yield said[0][0], max(end for _, end in said)


def _sentences(phrases: tuple[Phrase, ...], reading: Reading) -> frozenset[int]:
    return frozenset(reading.words[start].sentence for phrase in phrases for start, _ in find(phrase, reading))


def _finding(span: Span, rule: Rule, optout: OptOut) -> Finding:
    asks, confirmed = optout is OptOut.DOUBTFUL, optout is not rule.optout
    decision = Decision.ADVISE if asks else Decision.ALLOW if confirmed else rule.decision
    return Finding(
        rule=rule.id,
        version=rule.version,
        family=Family.OPT_OUT,
        decision=decision,
        severity=severity_of(decision),
        span=span,
        message=rule.message,
        advice=rule.ask if asks else None if confirmed else rule.advice,
    )


def _by_model(reading: Reading, rules: OptOutRules, verdict: ModelVerdict) -> OptOutVerdict:
    rule = rules.model
    beside_service = any(True for phrase in rules.service for _ in find(phrase, reading))
    if verdict.hundredths < (rule.doubtful_beside_service if beside_service else rule.doubtful):
        return OptOutVerdict(optout=OptOut.NO, findings=())
    spans: tuple[Span | None, ...] = verdict.spans[:MAX_MODEL_FINDINGS] or (None,)
    findings = [
        Finding(
            rule=rule.id,
            version=rules.version,
            family=Family.OPT_OUT,
            decision=Decision.ADVISE,
            severity=severity_of(Decision.ADVISE),
            span=span,
            message=rule.message,
            advice=rule.advice,
        )
        for span in spans
    ]
    return OptOutVerdict(optout=OptOut.DOUBTFUL, findings=tuple(in_order(findings)))
