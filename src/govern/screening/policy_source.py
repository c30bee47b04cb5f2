"""One policy file read: its text, its tables, and what its family makes of them; every fault with file and line."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from govern.errors import N_, Invalid
from govern.screening.policy_files import InlineTest, Strict, inline_test_faults, term_faults
from govern.screening.terms import Term

File = TypeVar("File", bound=Strict)
Rules = TypeVar("Rules")

_PLACE = re.compile(r"\$\.(\w+)(?:\[(\d+)\])?")


class PolicyError(Invalid):
    """A policy file cannot be used; the running policy stays. `reason` names file, line, rule and what is wrong."""

    code = "policy.invalid"
    template = N_("{reason}")


class Text(NamedTuple):
    """A policy file as it was read."""

    name: str
    text: str
    parsed: Mapping[str, Any]

    def fault(self, rule: str, reason: str) -> str:
        """Say what is wrong with one rule, and where it stands."""
        return f"{self.name}{self._line_of(rule)}: {rule}: {reason}"

    def shape_fault(self, fault: str) -> str:
        """Say where a table has the wrong shape: msgspec counts tables, people count lines."""
        place = _PLACE.search(fault)
        if not place:
            return f"{self.name}: {fault}"
        header = f"[[{place[1]}]]" if place[2] else f"[{place[1]}]"
        lines = [number for number, line in enumerate(self.text.splitlines(), 1) if line.strip() == header]
        index = int(place[2] or 0)
        return f"{self.name}, line {lines[index]}: {fault}" if index < len(lines) else f"{self.name}: {fault}"

    def ids(self) -> Iterator[str]:
        """Yield the id of every rule in the file, as often as it stands there."""
        yield from _ids(self.parsed)

    def allowed(self) -> Iterator[str]:
        """Yield the names the file lets through: hosts, addresses, whatever stands under a key `allow`."""
        yield from _allowed(self.parsed, inside=False)

    def _line_of(self, rule: str) -> str:
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.replace(" ", "").removeprefix("{").startswith((f'id="{rule}"', f"[{rule}")):
                return f", line {number}"
        return ""


class Source(NamedTuple, Generic[File, Rules]):
    """One policy file and the functions of its `<family>_file.py`."""

    name: str
    shape: type[File]
    faults: Callable[[File], Iterator[tuple[str, str]]]
    compiled: Callable[[File], Rules]
    terms: Callable[[File], Iterator[tuple[str, Term]]]
    inline_tests: Callable[[File], Mapping[str, tuple[InlineTest, ...]]]

    def checked(self, text: Text) -> File:
        """Return the file in its own shape.

        Raises:
            PolicyError: it has another shape.
        """
        try:
            return msgspec.convert(text.parsed, self.shape)
        except msgspec.ValidationError as error:
            raise PolicyError(reason=text.shape_fault(str(error))) from error

    def faults_of(self, file: File, allowed: Collection[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
        """Yield every fault of a file of the right shape: its family's own, then those any rule can have.

        Terms that only say what a number is belong to no rule: they find nothing, so they may be as short as they are.
        """
        yield from self.faults(file)
        tests_by_rule = self.inline_tests(file)
        for rule, term in self.terms(file):
            if rule in tests_by_rule:
                yield from ((rule, reason) for reason in term_faults(term, allowed))
        for rule, tests in tests_by_rule.items():
            yield from ((rule, reason) for reason in inline_test_faults(tests))


def parse_text(name: str, text: str) -> Text:
    """Read the tables of one TOML file.

    Raises:
        PolicyError: it is not TOML.
    """
    try:
        return Text(name, text, tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(reason=f"{name}: {error}") from error


def _ids(table: object) -> Iterator[str]:
    if isinstance(table, Mapping):
        if isinstance(table.get("id"), str):
            yield table["id"]
        for value in table.values():
            yield from _ids(value)
    elif isinstance(table, list):
        for value in table:
            yield from _ids(value)


def _allowed(value: object, *, inside: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _allowed(each, inside=inside or key == "allow")
    elif isinstance(value, list):
        for each in value:
            yield from _allowed(each, inside=inside)
    elif inside and isinstance(value, str):
        yield value
