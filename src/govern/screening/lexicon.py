"""What compliance forbids or wants looked at, whoever writes it, and what a paid post must say."""

import re
from collections.abc import Iterable

import msgspec

from govern.domain.approvals import Severity
from govern.domain.messages import Kind
from govern.screening.findings import Decision, Family, Finding, Input, Span, Wording
from govern.screening.links import LinkRules
from govern.screening.normalise import View, fold
from govern.screening.patterns import PatternSet
from govern.screening.terms import TermHit
from govern.screening.tweet_text import extract_hashtags

MAX_NEAR_LENGTH = 200
"""How many characters on each side of a hit are searched for the words that excuse it."""

_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?;:…]+(?=[\s\"'»”)]|\Z)|\n")


class Applies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a rule counts; what is left out limits nothing."""

    kinds: tuple[Kind, ...] = ()
    accounts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def to(self, given: Input) -> bool:
        """Tell whether the rule counts for this text. An unknown language limits nothing."""
        account = given.facts.account
        return (
            (not self.kinds or given.kind in self.kinds)
            and (not self.accounts or (account is not None and account.lower() in self.accounts))
            and (not self.languages or given.lang is None or given.lang in self.languages)
        )


class Unless(msgspec.Struct, frozen=True):
    """Words that take a hit away when they stand in its sentence, so many words before or after it at most."""

    near: frozenset[tuple[str, ...]]
    within_words: int

    def found(self, words: list[str], *, backwards: bool = False) -> bool:
        """Tell whether one of them stands among `words`, nearest first, with fewer than `within_words` in between."""
        for start in range(min(self.within_words, len(words))):
            for near in self.near:
                if tuple(words[start : start + len(near)]) == (near[::-1] if backwards else near):
                    return True
        return False


class LexiconRule(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One rule of the lexicon; its terms are in the matcher, its pattern in the set of all patterns."""

    id: str
    version: int
    severity: Severity
    applies: Applies
    unless: Unless | None
    decision: Decision
    wording: Wording


class Disclosure(msgspec.Struct, frozen=True, kw_only=True):
    """One of these hashtags must stand, whole, in the first `within` characters of a paid post."""

    id: str
    version: int
    severity: Severity
    applies: Applies
    require_any: frozenset[str]
    within: int
    decision: Decision
    wording: Wording


class LexiconRules(msgspec.Struct, frozen=True, kw_only=True):
    """`policies/screening/lexicon.toml`, checked and compiled."""

    rules: dict[str, LexiconRule]
    patterns: PatternSet[str]
    disclosures: tuple[Disclosure, ...]
    links: LinkRules


def judge_lexicon(given: Input, view: View, terms: Iterable[TermHit], rules: LexiconRules) -> list[Finding]:
    """Return where a text of ours says what it should not; of hits of one rule that overlap the first and longest."""
    hits = [(hit.start, -hit.end, hit.rule) for hit in terms if hit.rule in rules.rules]
    hits.extend((start, -end, rule) for start, end, rule in rules.patterns.find(view.text))
    hits.sort()
    reach: dict[str, int] = {}
    findings = []
    for start, minus_end, name in hits:
        rule, end = rules.rules[name], -minus_end
        if start >= reach.get(name, 0) and rule.applies.to(given) and not _is_excused(view.text, start, end, rule):
            reach[name] = end
            findings.append(_finding(rule, Family.LEXICON, view.span(start, end)))
    return findings


def judge_disclosures(given: Input, text: str, rules: LexiconRules) -> list[Finding]:
    """Return what a paid post fails to say. Silent without the fact `paid_partnership`."""
    wanted = [rule for rule in rules.disclosures if given.facts.paid_partnership and rule.applies.to(given)]
    if not wanted:
        return []
    found = [(fold(text[start + 1 : end]).text, end) for start, end in extract_hashtags(text)]
    return [
        _finding(rule, Family.DISCLOSURE, None)
        for rule in wanted
        if not any(name in rule.require_any and end <= rule.within for name, end in found)
    ]


def _is_excused(text: str, start: int, end: int, rule: LexiconRule) -> bool:
    if rule.unless is None:
        return False
    before, after = text[max(0, start - MAX_NEAR_LENGTH) : start], text[end : end + MAX_NEAR_LENGTH]
    ends = [found.end() for found in _SENTENCE_END.finditer(before)]
    before = before[ends[-1] :] if ends else before
    if stop := _SENTENCE_END.search(after):
        after = after[: stop.start()]
    return rule.unless.found(_WORD.findall(before)[::-1], backwards=True) or rule.unless.found(_WORD.findall(after))


def _finding(rule: LexiconRule | Disclosure, family: Family, span: Span | None) -> Finding:
    return Finding(
        rule=rule.id,
        version=rule.version,
        family=family,
        decision=rule.decision,
        severity=rule.severity,
        span=span,
        message=rule.wording.message,
        advice=rule.wording.advice,
    )
