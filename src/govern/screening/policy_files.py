"""What the files of all families share: their tables, their inline tests, and the checks every rule must pass.

A family's file has its own module, `<family>_file.py`: its struct, `faults`, `compiled`, `terms` and `inline_tests`. The
loader runs the checks of this module over every family's terms and tests; patterns and languages a family checks itself.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Literal

import msgspec

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.findings import Decision, Direction, Facts
from govern.screening.patterns import Pattern
from govern.screening.terms import Term

MIN_TERM = 3
MIN_STEM = 4
LANGUAGES = ("en", "fr")
NEGATIVE = frozenset({"miss", "allow"})

RuleId = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+(-[A-Z0-9]+)+$")]
Expected = Literal["hit", "miss", "allow", "warn", "needs_approval", "block", "advise"]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a policy file: no key that nobody reads."""


class InlineTest(Strict, frozen=True):
    """A text its rule must find, at `span`, or must leave alone.

    A decision word asks for a finding with that decision; `allow` and `miss` for none. What is not given comes from the
    family of the rule: see `inline_tests.py`.
    """

    text: str
    expect: Expected
    span: str | None = None
    kind: Kind | None = None
    direction: Direction | None = None
    permission: PermissionState | None = None
    facts: Facts | None = None


def pattern_faults(source: str) -> Iterator[str]:
    """Yield why `source` cannot be a pattern of a policy file."""
    try:
        Pattern(source)
    except ValueError as error:
        yield str(error)


def language_faults(terms: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the languages of a rule's terms; no terms at all is the rule's own matter."""
    if terms and set(terms) != set(LANGUAGES):
        yield "its terms must be given in 'en' and 'fr', and in no other language"


def inline_test_faults(tests: Iterable[InlineTest]) -> Iterator[str]:
    """Yield what is wrong with the inline tests of a rule: it needs one of each sort, and spans that exist."""
    negative = {test.expect in NEGATIVE for test in tests}
    if False not in negative:
        yield "it has no inline test that expects a 'hit' or a decision"
    if True not in negative:
        yield "it has no inline test that expects a 'miss' or 'allow'"
    for test in tests:
        if test.span is not None and test.span not in test.text:
            yield f"the span {test.span!r} of a test is not in its text"


def term_faults(term: Term, allowed: Collection[tuple[str, ...]] = ()) -> Iterator[str]:
    """Yield what is wrong with one term; `allowed` are the words of names that policy files let through."""
    if sum(map(len, term.words)) < MIN_TERM:
        yield f"a term has fewer than {MIN_TERM} letters"
    if any(is_stem and len(word) < MIN_STEM for word, is_stem in zip(term.words, term.stems, strict=True)):
        yield f"a stem has fewer than {MIN_STEM} letters"
    if term.words in allowed:
        yield f"the term {' '.join(term.words)!r} is a name that a policy file allows"


def decision_of(test: InlineTest) -> Decision | None:
    """Return the decision a test asks for, or None where any finding, or none, is what it asks for."""
    return None if test.expect in {"hit", *NEGATIVE} else Decision(test.expect)
