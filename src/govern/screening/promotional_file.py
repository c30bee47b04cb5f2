"""The shape of `promotional.toml`, what it must keep to, and its compiled form."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.findings import Decision, Klass, Message, Wording
from govern.screening.patterns import Pattern, PatternSet
from govern.screening.permission import NEVER, Matrix, PermissionRules
from govern.screening.policy_files import InlineTest, RuleId, Strict, language_faults, pattern_faults
from govern.screening.promotional import NEVER as NO_MODEL
from govern.screening.promotional import Category, ModelRule, PromotionalRules, Signal
from govern.screening.terms import Term, parse_term

MAX_POINTS = 10


class Thresholds(Strict, frozen=True):
    """From how many points on a text has a class, and what part further signals of a category count."""

    suspected: Decimal
    promotional: Decimal
    further_percent: Annotated[int, msgspec.Meta(ge=0, le=100)]


class CategoryTable(Strict, frozen=True):
    """See `promotional.Category`."""

    cap: Decimal
    subtracts: bool = False
    excusable: bool = True
    opt_out_wording: bool = False


class SignalTable(Strict, frozen=True):
    """One signal as it is written."""

    id: RuleId
    category: str
    weight: Decimal
    message: Message
    test: tuple[InlineTest, ...]
    terms: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    pattern: str | None = None
    klass: Klass | None = msgspec.field(default=None, name="class")


Sureness = Annotated[int, msgspec.Meta(ge=1, le=100)]


class ModelTable(Strict, frozen=True):
    """See `promotional.ModelRule`."""

    id: RuleId
    suspected: Annotated[tuple[Sureness, ...], msgspec.Meta(min_length=1)]
    promotional: Annotated[tuple[Sureness | Literal["never"], ...], msgspec.Meta(min_length=1)]
    witness: Decimal
    message: Message
    test: tuple[InlineTest, ...]


class PromotionalFile(Strict, frozen=True):
    """The whole of `promotional.toml`."""

    version: int
    thresholds: Thresholds
    matrix: Matrix
    wording: dict[str, Wording]
    categories: dict[str, CategoryTable]
    model: ModelTable
    signal: tuple[SignalTable, ...] = ()


def faults(file: PromotionalFile) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with a file of the right shape."""
    yield from _matrix_faults(file.matrix, file.wording)
    yield from _points_faults(file)
    for steps in (file.model.suspected, _steps(file.model.promotional)):
        if list(steps) != sorted(steps, reverse=True):
            yield file.model.id, "the more points a text has, the less sure the model may be: the numbers must not rise"
    if file.model.promotional[0] != "never":
        yield file.model.id, "the model alone makes no text promotional: the first number must be 'never'"
    for signal in file.signal:
        if signal.category not in file.categories:
            yield signal.id, f"there is no category {signal.category!r}"
        yield from ((signal.id, reason) for reason in _signal_faults(signal))


def terms(file: PromotionalFile) -> Iterator[tuple[str, Term]]:
    """Yield the terms of all signals in both languages, cut into folded words."""
    for signal in file.signal:
        for texts in signal.terms.values():
            yield from ((signal.id, parse_term(text)) for text in texts)


def inline_tests(file: PromotionalFile) -> Mapping[str, tuple[InlineTest, ...]]:
    """Return the tests beside each signal."""
    return {file.model.id: file.model.test} | {signal.id: signal.test for signal in file.signal}


def permission_rules(file: PromotionalFile) -> PermissionRules:
    """Return the matrix of right to write and class, with its words."""
    return PermissionRules(file.matrix, file.wording)


def compiled(file: PromotionalFile) -> PromotionalRules:
    """Return the rules of a file without faults."""
    return PromotionalRules(
        version=file.version,
        suspected_at=_hundredths(file.thresholds.suspected),
        promotional_at=_hundredths(file.thresholds.promotional),
        further_percent=file.thresholds.further_percent,
        categories={
            name: Category(
                cap=_hundredths(table.cap),
                subtracts=table.subtracts,
                excusable=table.excusable,
                opt_out_wording=table.opt_out_wording,
            )
            for name, table in file.categories.items()
        },
        signals={table.id: _signal(table) for table in file.signal},
        patterns=PatternSet((table.id, Pattern(table.pattern)) for table in file.signal if table.pattern),
        model=ModelRule(
            id=file.model.id,
            suspected=file.model.suspected,
            promotional=_steps(file.model.promotional),
            witness=_hundredths(file.model.witness),
            message=file.model.message,
        ),
    )


def _steps(written: Iterable[int | str]) -> tuple[int, ...]:
    return tuple(each if isinstance(each, int) else NO_MODEL for each in written)


def _signal(table: SignalTable) -> Signal:
    return Signal(
        id=table.id,
        category=table.category,
        weight=_hundredths(table.weight),
        floor=table.klass,
        message=table.message,
    )


def _hundredths(points: Decimal) -> int:
    return int(points * 100)


def _points_faults(file: PromotionalFile) -> Iterator[tuple[str, str]]:
    limits = file.thresholds
    points = {"thresholds.suspected": limits.suspected, "thresholds.promotional": limits.promotional}
    points |= {f"categories.{name}": table.cap for name, table in file.categories.items()}
    points["model.witness"] = file.model.witness
    points |= {signal.id: signal.weight for signal in file.signal}
    for where, value in points.items():
        if not (value.is_finite() and 0 < value <= MAX_POINTS and value == round(value, 2)):
            yield where, f"points must be above 0, at most {MAX_POINTS}, with two decimals"


def _matrix_faults(matrix: Matrix, wording: Mapping[str, Wording]) -> Iterator[tuple[str, str]]:
    for permission in sorted(set(PermissionState) - matrix.dm.keys()):
        yield "matrix.dm", f"the row '{permission}' is missing"
    for kind in sorted(set(Kind) - {Kind.DM} - matrix.public.keys()):
        yield "matrix.public", f"the row '{kind}' is missing"
    for never in NEVER:
        row = matrix.dm.get(never)
        if row and {row.clean, row.suspected, row.promotional} != {Decision.BLOCK}:
            yield "matrix.dm", f"every cell of '{never}' must be 'block': no policy may allow such a message"
    forbidding = {str(state) for state, row in matrix.dm.items() if row.clean is not Decision.ALLOW}
    for name in sorted(({*Klass} | forbidding) - wording.keys()):
        yield "wording", f"there are no words for '{name}'"


def _signal_faults(signal: SignalTable) -> Iterator[str]:
    if not signal.terms and not signal.pattern:
        yield "it has neither terms nor a pattern"
    yield from language_faults(signal.terms)
    if signal.pattern:
        yield from pattern_faults(signal.pattern)
