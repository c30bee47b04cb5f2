"""The shape of `lexicon.toml`: rules of words, disclosures and links; faults name the rule and the reason."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec

from govern.domain.approvals import Severity
from govern.screening import links_file
from govern.screening.findings import Advice, Decision, Message, Wording
from govern.screening.lexicon import Applies, Disclosure, LexiconRule, LexiconRules, Unless
from govern.screening.links_file import LinksTable, LinkWords, Outbound
from govern.screening.normalise import fold
from govern.screening.patterns import Pattern, PatternSet
from govern.screening.policy_files import InlineTest, RuleId, Strict, language_faults, pattern_faults
from govern.screening.terms import Term, parse_term


class UnlessTable(Strict, frozen=True):
    """See `lexicon.Unless`."""

    near: tuple[str, ...]
    within_words: Annotated[int, msgspec.Meta(ge=1, le=10)]


class RuleTable(Strict, frozen=True):
    """One rule of the lexicon as it is written. `reference` names the law, or the regulator's rule, it stands for."""

    id: RuleId
    title: str
    reference: str
    severity: Severity
    decision: Outbound
    message: Message
    test: tuple[InlineTest, ...]
    applies: Applies = Applies()
    terms: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    pattern: str | None = None
    unless: UnlessTable | None = None
    advice: Advice | None = None


class DisclosureTable(Strict, frozen=True):
    """See `lexicon.Disclosure`."""

    id: RuleId
    title: str
    reference: str
    severity: Severity
    decision: Outbound
    require_any: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    message: Message
    test: tuple[InlineTest, ...]
    applies: Applies = Applies()
    within: Annotated[int, msgspec.Meta(ge=1)] = 200
    advice: Advice | None = None


class LexiconFile(Strict, frozen=True):
    """The whole of `lexicon.toml`."""

    version: int
    links: LinksTable
    rule: tuple[RuleTable, ...] = ()
    disclosure: tuple[DisclosureTable, ...] = ()


def faults(file: LexiconFile) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with a file of the right shape."""
    for rule in file.rule:
        yield from ((rule.id, reason) for reason in _rule_faults(rule))
    for disclosure in file.disclosure:
        for name in disclosure.require_any:
            if not name.startswith("#") or not fold(name[1:]).text.isalnum():
                yield disclosure.id, f"{name!r} is not a hashtag"
    yield from links_file.faults(file.links)


def terms(file: LexiconFile) -> Iterator[tuple[str, Term]]:
    """Yield the terms of all rules in both languages, cut into folded words."""
    for rule in file.rule:
        yield from ((rule.id, parse_term(text)) for texts in rule.terms.values() for text in texts)


def inline_tests(file: LexiconFile) -> Mapping[str, tuple[InlineTest, ...]]:
    """Return the tests beside each rule."""
    tables: tuple[RuleTable | DisclosureTable | LinkWords, ...] = (*file.rule, *file.disclosure, *file.links.rule)
    return {table.id: table.test for table in tables}


def compiled(file: LexiconFile) -> LexiconRules:
    """Return the rules as the engine wants them."""
    return LexiconRules(
        rules={table.id: _rule(table, file.version) for table in file.rule},
        patterns=PatternSet((table.id, Pattern(table.pattern)) for table in file.rule if table.pattern),
        disclosures=tuple(_disclosure(table, file.version) for table in file.disclosure),
        links=links_file.compiled(file.links, file.version),
    )


def _rule_faults(rule: RuleTable) -> Iterator[str]:
    if not rule.terms and not rule.pattern:
        yield "it has neither terms nor a pattern"
    if not (rule.title.strip() and rule.reference.strip()):
        yield "its title or its reference is empty"
    yield from language_faults(rule.terms)
    if rule.pattern:
        yield from pattern_faults(rule.pattern)
    if rule.unless and not all(parse_term(words).words for words in rule.unless.near):
        yield "a word under 'unless' is empty"
    if rule.unless and not rule.unless.near:
        yield "'unless' names no words"
    for account in rule.applies.accounts:
        if account != account.lower().removeprefix("@"):
            yield f"the account {account!r} must be in small letters, without @"


def _rule(table: RuleTable, version: int) -> LexiconRule:
    return LexiconRule(
        id=table.id,
        version=version,
        severity=table.severity,
        applies=table.applies,
        unless=_unless(table.unless) if table.unless else None,
        decision=Decision(table.decision),
        wording=Wording(table.message, table.advice),
    )


def _unless(table: UnlessTable) -> Unless:
    return Unless(frozenset(parse_term(words).words for words in table.near), table.within_words)


def _disclosure(table: DisclosureTable, version: int) -> Disclosure:
    return Disclosure(
        id=table.id,
        version=version,
        severity=table.severity,
        applies=table.applies,
        require_any=frozenset(fold(name[1:]).text for name in table.require_any),
        within=table.within,
        decision=Decision(table.decision),
        wording=Wording(table.message, table.advice),
    )
