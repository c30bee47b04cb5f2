"""Do the tests of a policy notice a change? Each rule is dropped, turned round, or freed of its condition in turn."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from govern.access.bundle import Bundle, read_bundle
from govern.access.cases import Probe, read_suite
from govern.access.catalogue import PolicyFault
from govern.access.engine import Engine
from govern.access.rows import ALLOW, DENY, Row
from govern.access.testing import ALWAYS, holds


class Change(StrEnum):
    """What a mutant does to one rule."""

    DROP = "drop"
    """The rule is gone."""
    FLIP = "flip"
    """What it allows is denied, or the reverse."""
    ALWAYS = "always"
    """Its condition is no longer asked."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One rule changed: where it stands, and how."""

    file: str
    line: int
    rule: str
    change: Change


class Mutation(msgspec.Struct, frozen=True, kw_only=True):
    """How many mutants there were, how many the loader refused by itself, and those that no test noticed."""

    mutants: int
    refused: int
    survivors: tuple[Mutant, ...]


def mutate(files: Mapping[str, bytes]) -> Mutation:
    """Try each mutant of each rule: a test must fail, or the loader refuse it.

    Raises:
        PolicyFault: the policy itself is not fit to decide by.
    """
    bundle = read_bundle(files)
    suite = read_suite(files, bundle)
    # A rule of an action changes nothing but answers about that action.
    probes: dict[str, list[Probe]] = {action: [] for action in bundle.rows}
    for probe in (*suite.cases, *suite.invariants):
        probes[probe.action].append(probe)
    count, refused, survivors = 0, 0, list[Mutant]()
    for mutant, row, changed in _mutants(files):
        count += 1
        try:
            engine = _engine(read_bundle(changed), row.act)
        except PolicyFault:
            refused += 1
            continue
        if _all_hold(engine, probes[row.act]):
            survivors.append(mutant)
    return Mutation(mutants=count, refused=refused, survivors=tuple(survivors))


def _mutants(files: Mapping[str, bytes]) -> Iterator[tuple[Mutant, Row, Mapping[str, bytes]]]:
    for file in sorted(name for name in files if name == "guards.csv" or name.startswith("roles/")):
        lines = files[file].decode().splitlines()
        for number, written in enumerate(lines, start=1):
            if not written.startswith("p, "):
                continue
            row = Row(*written.split(", ")[1:])
            for change, replacement in _changes(row):
                text = "\n".join([*lines[: number - 1], *replacement, *lines[number:], ""])
                yield Mutant(file=file, line=number, rule=row.id, change=change), row, {**files, file: text.encode()}


def _changes(row: Row) -> Iterator[tuple[Change, list[str]]]:
    yield Change.DROP, []
    yield Change.FLIP, [_written(row._replace(eft=DENY if row.eft == ALLOW else ALLOW))]
    if row.cond != ALWAYS:
        yield Change.ALWAYS, [_written(row._replace(cond=ALWAYS))]


def _written(row: Row) -> str:
    return ", ".join(("p", *row))


def _engine(bundle: Bundle, action: str) -> Engine:
    """Build what decides this action alone, once: two evaluators that agree are no business of this test."""
    spec = msgspec.structs.replace(bundle.actions[action], effect=False)
    return Engine(
        msgspec.structs.replace(bundle, rows={action: bundle.rows[action]}, actions={**bundle.actions, action: spec})
    )


def _all_hold(engine: Engine, probes: list[Probe]) -> bool:
    return all(holds(probe, engine.decide(probe.requester, probe.action, probe.target)) for probe in probes)
