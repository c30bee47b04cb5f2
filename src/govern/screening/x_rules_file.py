"""The shape of `x.toml`, and what must hold in it."""

from collections.abc import Iterator, Mapping

from govern.screening.findings import Advice, Decision, Message, Tier, Wording
from govern.screening.normalise import fold
from govern.screening.policy_files import InlineTest, RuleId, Strict
from govern.screening.terms import Term
from govern.screening.x_rules import CHECKED, Prices, TierRules, XRule, XRules


class RuleTable(Strict, frozen=True):
    """What is said where X would refuse, and what that means here."""

    id: RuleId
    decision: Decision
    message: Message
    test: tuple[InlineTest, ...]
    advice: Advice | None = None


class XFile(Strict, frozen=True):
    """The whole of `x.toml`."""

    version: int
    tiers: dict[Tier, TierRules]
    prices: Prices
    privacy_words: tuple[str, ...]
    rule: tuple[RuleTable, ...]


def faults(file: XFile) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with a file of the right shape."""
    yield from _rule_faults(file.rule)
    for tier in sorted(set(Tier) - file.tiers.keys()):
        yield "tiers", f"the tier '{tier}' is missing"
    if not 0 < file.prices.post <= file.prices.post_with_url:
        yield "prices", "a post must cost something, and one with a URL no less"
    for word in file.privacy_words:
        if not word or word != fold(word).text:
            yield "privacy_words", f"{word!r} must be in small letters without accents"


def _rule_faults(rules: tuple[RuleTable, ...]) -> Iterator[tuple[str, str]]:
    ids = {rule.id for rule in rules}
    for missing in sorted(CHECKED - ids):
        yield missing, "the rule is missing"
    for unknown in sorted(ids - CHECKED):
        yield unknown, "the engine has no such check: a file has the words only"
    for rule in rules:
        if rule.decision is Decision.ADVISE:
            yield rule.id, "'advise' is for inbound messages"


def compiled(file: XFile) -> XRules:
    """Return the rules as the engine wants them."""
    return XRules(
        version=file.version,
        tiers=file.tiers,
        prices=file.prices,
        privacy_words=file.privacy_words,
        rules={
            rule.id: XRule(
                id=rule.id,
                version=file.version,
                decision=rule.decision,
                wording=Wording(rule.message, rule.advice),
            )
            for rule in file.rule
        },
    )


def terms(file: XFile) -> Iterator[tuple[str, Term]]:  # noqa: ARG001 - every family has this function
    """Yield no term: X looks at shapes, not at words."""
    return iter(())


def inline_tests(file: XFile) -> Mapping[str, tuple[InlineTest, ...]]:
    """Return the tests beside each rule."""
    return {rule.id: rule.test for rule in file.rule}
