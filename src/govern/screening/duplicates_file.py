"""The shape of `duplicates.toml`, and what must hold in it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Literal

import msgspec

from govern.domain.messages import Kind
from govern.screening.duplicates import DuplicateRule, DuplicateRules
from govern.screening.findings import Advice, Decision, Message, Wording
from govern.screening.policy_files import InlineTest, RuleId, Strict
from govern.screening.terms import Term

Count = Annotated[int, msgspec.Meta(ge=1)]
Held = Literal[Decision.WARN, Decision.NEEDS_APPROVAL, Decision.BLOCK]
_STEPS = (("block", Decision.BLOCK), ("needs_approval", Decision.NEEDS_APPROVAL), ("warn", Decision.WARN))


class RuleTable(Strict, frozen=True):
    """One rule as it is written; see `duplicates.DuplicateRule`."""

    id: RuleId
    kinds: tuple[Kind, ...]
    among: Literal["brand", "account", "other_accounts"]
    counts: Literal["texts", "recipients"]
    similarity: Annotated[int, msgspec.Meta(ge=50, le=100)]
    within_hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 90)]
    message: Message
    test: tuple[InlineTest, ...]
    exact: bool = False
    warn: Count | None = None
    needs_approval: Count | None = None
    block: Count | None = None
    same_text: Decision | None = None
    advice: Advice | None = None

    def steps(self) -> tuple[tuple[int, Decision], ...]:
        """Return from how many texts on which decision, strictest first."""
        counts = ((getattr(self, name), decision) for name, decision in _STEPS)
        return tuple((count, decision) for count, decision in counts if count is not None)


class DuplicatesFile(Strict, frozen=True):
    """The whole of `duplicates.toml`."""

    version: int
    rule: tuple[RuleTable, ...] = ()


def faults(file: DuplicatesFile) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with a file of the right shape."""
    for rule in file.rule:
        counts = [count for count, _ in rule.steps()]
        if not counts:
            yield rule.id, "it has none of 'warn', 'needs_approval' and 'block'"
        if counts != sorted(set(counts), reverse=True):
            yield rule.id, "a stricter decision must need more texts"
        if not rule.kinds:
            yield rule.id, "it names no kind of message"
        if rule.same_text in {Decision.ALLOW, Decision.ADVISE}:
            yield rule.id, "'same_text' must be 'warn', 'needs_approval' or 'block'"


def compiled(file: DuplicatesFile) -> DuplicateRules:
    """Return the rules as the engine wants them."""
    return DuplicateRules(
        tuple(
            DuplicateRule(
                id=rule.id,
                version=file.version,
                kinds=frozenset(rule.kinds),
                among=rule.among,
                counts=rule.counts,
                similarity=rule.similarity,
                exact=rule.exact,
                within=timedelta(hours=rule.within_hours),
                steps=rule.steps(),
                same_text=rule.same_text,
                wording=Wording(rule.message, rule.advice),
            )
            for rule in file.rule
        )
    )


def terms(file: DuplicatesFile) -> Iterator[tuple[str, Term]]:  # noqa: ARG001 - every family has this function
    """Yield no term: whole texts are compared."""
    return iter(())


def inline_tests(file: DuplicatesFile) -> Mapping[str, tuple[InlineTest, ...]]:
    """Return the tests beside each rule."""
    return {rule.id: rule.test for rule in file.rule}
