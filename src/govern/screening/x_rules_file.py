"""The shape of `x.toml`, and what must hold in it."""

from collections.abc import Iterator, Mapping

from govern.domain.x_limits import Limits
from govern.domain.x_prices import Ceilings, CostKind, Prices
from govern.screening.findings import Advice, Decision, Message, Tier, Wording
from govern.screening.normalise import fold
from govern.screening.policy_files import InlineTest, RuleId, Strict
from govern.screening.terms import Term
from govern.screening.x_rules import CHECKED, TierRules, XRule, XRules

MOST = 1_000_000_000


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
    ceilings: Ceilings
    limits: Limits
    privacy_words: tuple[str, ...]
    rule: tuple[RuleTable, ...]


def faults(file: XFile) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with a file of the right shape."""
    yield from _rule_faults(file.rule)
    for tier in sorted(set(Tier) - file.tiers.keys()):
        yield "tiers", f"the tier '{tier}' is missing"
    yield from _price_faults(file.prices)
    yield from _ceiling_faults(file.ceilings)
    yield from _limit_faults(file.limits)
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


def _price_faults(prices: Prices) -> Iterator[tuple[str, str]]:
    if not 0 < prices.post <= prices.post_with_url:
        yield "prices.post", "a post must cost something, and one with a URL no less"
    for kind in CostKind:
        if not 0 <= prices.of(kind) <= MOST:
            yield f"prices.{kind.value}", f"a price is from 0 to {MOST} millionths of a dollar"


def _ceiling_faults(ceilings: Ceilings) -> Iterator[tuple[str, str]]:
    for name in ("company", "account", "reads"):
        ceiling = getattr(ceilings, name)
        if ceiling is not None and not 0 <= ceiling <= MOST:
            yield f"ceilings.{name}", f"it must be from 0 to {MOST} dollars; without the line there is no ceiling"
    if not 0 <= ceilings.answers_reserve_percent <= 100:
        yield "ceilings.answers_reserve_percent", "it must be 0 to 100"
    if not 1 <= ceilings.warn_percent <= 100:
        yield "ceilings.warn_percent", "it must be 1 to 100"


def _limit_faults(limits: Limits) -> Iterator[tuple[str, str]]:
    for name in ("post", "dm", "dm_day", "dm_app_day"):
        if not 0 < getattr(limits, name) <= MOST:
            yield f"limits.{name}", f"it must be from 1 to {MOST}"
    for name in ("answers_percent", "answers_app_day_percent"):
        if not 0 <= getattr(limits, name) < 100:
            yield f"limits.{name}", "it must be 0 to 99, or nothing but answers could go out"


def compiled(file: XFile) -> XRules:
    """Return the rules as the engine wants them."""
    return XRules(
        version=file.version,
        tiers=file.tiers,
        prices=file.prices,
        ceilings=file.ceilings,
        limits=file.limits,
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
