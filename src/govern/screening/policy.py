"""Policy files in, one checked, compiled, immutable `Policy` out, with the digest every decision records."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from govern.domain.consent import ConsentRules, parse_rules
from govern.errors import N_, Invalid
from govern.screening.normalise import fold
from govern.screening.patterns import Pattern
from govern.screening.permission import PermissionRules
from govern.screening.policy_files import InlineTest, PromotionalFile, SignalTable, faults, parsed_terms
from govern.screening.promotional import Category, PromotionalRules, Signal, judge
from govern.screening.terms import Matcher, PureMatcher

PROMOTIONAL = "screening/promotional.toml"
CONSENT = "consent.toml"


class PolicyError(Invalid):
    """A policy file cannot be used; the running policy stays. `reason` names file, line, rule and what is wrong."""

    code = "policy.invalid"
    template = N_("{reason}")


class Failure(msgspec.Struct, frozen=True):
    """An inline test that came out otherwise."""

    rule: str
    text: str
    expected: str
    got: str


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All the rules of screening at one moment. Loaded whole, swapped whole."""

    digest: str
    consent: ConsentRules
    permission: PermissionRules
    promotional: PromotionalRules
    matcher: Matcher
    tests: Mapping[str, tuple[InlineTest, ...]]


def load_policy(folder: Path) -> Policy:
    """Read the policy files under `folder`.

    Raises:
        PolicyError: a file is missing, is not TOML, or breaks a rule; every fault of a file is named at once.
    """
    texts = {name: _read(folder, name) for name in (CONSENT, PROMOTIONAL)}
    parsed = {name: _parse(name, text) for name, text in texts.items()}
    try:
        consent = parse_rules(texts[CONSENT], name=CONSENT)
    except Invalid as error:
        raise PolicyError(reason=error.detail) from error
    file = _checked(PROMOTIONAL, texts[PROMOTIONAL], parsed[PROMOTIONAL])
    return Policy(
        digest=digest(parsed),
        consent=consent,
        permission=PermissionRules(file.matrix, file.wording),
        promotional=_compiled(file),
        matcher=PureMatcher((signal.id, term) for signal in file.signal for term in parsed_terms(signal)),
        tests={signal.id: signal.test for signal in file.signal},
    )


def digest(parsed: Mapping[str, object]) -> str:
    """Return `sha256:` over the canonical JSON of parsed files; a comment or a blank changes nothing."""
    canonical = json.dumps(parsed, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return "sha256:" + sha256(canonical.encode()).hexdigest()


def run_inline_tests(policy: Policy) -> list[Failure]:
    """Run the tests that stand beside the rules; an empty list means that all passed."""
    return [failure for rule, tests in policy.tests.items() for test in tests for failure in _run(policy, rule, test)]


def _run(policy: Policy, rule: str, test: InlineTest) -> Iterator[Failure]:
    view = fold(test.text)
    verdict = judge(view, policy.matcher.find(view.text), policy.promotional)
    found = [test.text[slice(*hit.span)] for hit in verdict.findings if hit.rule == rule and hit.span]
    expected = test.expect if test.span is None else f"{test.expect}: {test.span}"
    passed = not found if test.expect == "miss" else test.span in found if test.span else bool(found)
    if not passed:
        yield Failure(rule, test.text, expected, f"hit: {found[0]}" if found else "miss")


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(reason=f"{name}: cannot be read ({type(error).__name__})") from error


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(reason=f"{name}: {error}") from error


def _checked(name: str, text: str, parsed: dict[str, Any]) -> PromotionalFile:
    try:
        file = msgspec.convert(parsed, PromotionalFile)
    except msgspec.ValidationError as error:
        raise PolicyError(reason=_shape_fault(name, text, str(error))) from error
    found = [f"{name}{_line_of(text, rule)}: {rule}: {reason}" for rule, reason in faults(file)]
    if found:
        raise PolicyError(reason="\n".join(found))
    return file


def _shape_fault(name: str, text: str, fault: str) -> str:
    """Say where a table has the wrong shape: msgspec counts signals, people count lines."""
    signal = re.search(r"\$\.signal\[(\d+)\]", fault)
    if not signal:
        return f"{name}: {fault}"
    tables = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "[[signal]]"]
    index = int(signal[1])
    return f"{name}, line {tables[index]}: {fault}" if index < len(tables) else f"{name}: {fault}"


def _line_of(text: str, rule: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if line.replace(" ", "").startswith((f'id="{rule}"', f"[{rule}")):
            return f", line {number}"
    return ""


def _compiled(file: PromotionalFile) -> PromotionalRules:
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
    )


def _signal(table: SignalTable) -> Signal:
    return Signal(
        id=table.id,
        category=table.category,
        weight=_hundredths(table.weight),
        floor=table.klass,
        message=table.message,
        pattern=Pattern(table.pattern) if table.pattern else None,
    )


def _hundredths(points: Decimal) -> int:
    return int(points * 100)
