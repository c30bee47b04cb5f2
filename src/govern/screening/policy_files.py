"""The shape of `promotional.toml`, and every rule a policy file must keep; faults name the rule and the reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.findings import Decision, Klass, Message, Wording
from govern.screening.patterns import Pattern
from govern.screening.permission import NEVER, Matrix
from govern.screening.terms import Term, parse_term

MIN_TERM = 3
MIN_STEM = 4
MAX_POINTS = 10
LANGUAGES = ("en", "fr")

RuleId = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+(-[A-Z0-9]+)+$")]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a policy file: no key that nobody reads."""


class InlineTest(_Strict, frozen=True):
    """A text its rule must find, at `span`, or must leave alone."""

    text: str
    expect: Literal["hit", "miss"]
    span: str | None = None


class Thresholds(_Strict, frozen=True):
    """From how many points on a text has a class, and what part further signals of a category count."""

    suspected: Decimal
    promotional: Decimal
    further_percent: Annotated[int, msgspec.Meta(ge=0, le=100)]


class CategoryTable(_Strict, frozen=True):
    """See `promotional.Category`."""

    cap: Decimal
    subtracts: bool = False
    excusable: bool = True
    opt_out_wording: bool = False


class SignalTable(_Strict, frozen=True):
    """One signal as it is written."""

    id: RuleId
    category: str
    weight: Decimal
    message: Message
    test: tuple[InlineTest, ...]
    terms: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    pattern: str | None = None
    klass: Klass | None = msgspec.field(default=None, name="class")


class PromotionalFile(_Strict, frozen=True):
    """The whole of `promotional.toml`."""

    version: int
    thresholds: Thresholds
    matrix: Matrix
    wording: dict[str, Wording]
    categories: dict[str, CategoryTable]
    signal: tuple[SignalTable, ...] = ()


def faults(file: PromotionalFile) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with a file of the right shape."""
    yield from _matrix_faults(file.matrix, file.wording)
    yield from _points_faults(file)
    for rule, count in Counter(signal.id for signal in file.signal).items():
        if count > 1:
            yield rule, "the id is used twice"
    for signal in file.signal:
        if signal.category not in file.categories:
            yield signal.id, f"there is no category {signal.category!r}"
        yield from ((signal.id, reason) for reason in _signal_faults(signal))


def _points_faults(file: PromotionalFile) -> Iterator[tuple[str, str]]:
    limits = file.thresholds
    points = {"thresholds.suspected": limits.suspected, "thresholds.promotional": limits.promotional}
    points |= {f"categories.{name}": table.cap for name, table in file.categories.items()}
    points |= {signal.id: signal.weight for signal in file.signal}
    for where, value in points.items():
        if not (value.is_finite() and 0 < value <= MAX_POINTS and value == round(value, 2)):
            yield where, f"points must be above 0, at most {MAX_POINTS}, with two decimals"


def _matrix_faults(matrix: Matrix, wording: Mapping[str, Wording]) -> Iterator[tuple[str, str]]:
    for permission in set(PermissionState) - matrix.dm.keys():
        yield "matrix.dm", f"the row '{permission}' is missing"
    for kind in set(Kind) - {Kind.DM} - matrix.public.keys():
        yield "matrix.public", f"the row '{kind}' is missing"
    for never in NEVER:
        row = matrix.dm.get(never)
        if row and {row.clean, row.suspected, row.promotional} != {Decision.BLOCK}:
            yield "matrix.dm", f"every cell of '{never}' must be 'block': no policy may allow such a message"
    forbidding = {str(state) for state, row in matrix.dm.items() if row.clean is not Decision.ALLOW}
    for name in ({*Klass} | forbidding) - wording.keys():
        yield "wording", f"there are no words for '{name}'"


def _signal_faults(signal: SignalTable) -> Iterator[str]:
    if not signal.terms and not signal.pattern:
        yield "it has neither terms nor a pattern"
    if signal.terms and set(signal.terms) != set(LANGUAGES):
        yield "its terms must be given in 'en' and 'fr', and in no other language"
    for term in parsed_terms(signal):
        yield from _term_faults(term)
    if signal.pattern:
        try:
            Pattern(signal.pattern)
        except ValueError as error:
            yield str(error)
    yield from _test_faults(signal.test)


def _test_faults(tests: Iterable[InlineTest]) -> Iterator[str]:
    for wanted in sorted({"hit", "miss"} - {test.expect for test in tests}):
        yield f"it has no inline test that expects a {wanted!r}"
    for test in tests:
        if test.span is not None and test.span not in test.text:
            yield f"the span {test.span!r} of a test is not in its text"


def _term_faults(term: Term) -> Iterator[str]:
    if sum(map(len, term.words)) < MIN_TERM:
        yield f"a term has fewer than {MIN_TERM} letters"
    if any(is_stem and len(word) < MIN_STEM for word, is_stem in zip(term.words, term.stems, strict=True)):
        yield f"a stem has fewer than {MIN_STEM} letters"


def parsed_terms(signal: SignalTable) -> list[Term]:
    """Return the terms of a signal in both languages, cut into folded words."""
    return [parse_term(term) for terms in signal.terms.values() for term in terms]
