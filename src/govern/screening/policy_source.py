"""One policy file read: its text, its tables, and what its family makes of them; every fault with file and line."""

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from govern.errors import N_, Invalid
from govern.screening.policy_files import InlineTest, Strict, inline_test_faults, term_faults
from govern.screening.policy_lines import line_of_fault, line_of_rule
from govern.screening.terms import Term

File = TypeVar("File", bound=Strict)
Rules = TypeVar("Rules")

_PATTERNS = frozenset({"pattern", "re2"})


class PolicyError(Invalid):
    """A policy file cannot be used; the running policy stays. `reason` names file, line, rule and what is wrong."""

    code = "policy.invalid"
    template = N_("{reason}")


class Text(NamedTuple):
    """A policy file as it was read."""

    name: str
    text: str
    parsed: Mapping[str, Any]

    def fault(self, rule: str, reason: str, *, time: int = 0) -> str:
        """Say what is wrong with one rule, and where it stands; `time` tells which of several of that id."""
        return f"{self._at(line_of_rule(self.text, rule, time=time))}: {rule}: {reason}"

    def shape_fault(self, fault: str) -> str:
        """Say where a table has the wrong shape."""
        return f"{self._at(line_of_fault(self.text, fault))}: {fault}"

    def ids(self) -> Iterator[str]:
        """Yield the id of every rule in the file, as often as it stands there."""
        yield from _ids(self.parsed)

    def allowed(self) -> Iterator[str]:
        """Yield the names the file lets through: hosts, addresses, whatever stands under a key `allow`."""
        return (string for keys, string in _strings(self.parsed, ()) if "allow" in keys)

    def strings(self) -> Iterator[str]:
        """Yield whatever the file says in words: terms, tests, messages; patterns are none."""
        return (string for keys, string in _strings(self.parsed, ()) if _PATTERNS.isdisjoint(keys))

    def _at(self, line: int | None) -> str:
        return self.name if line is None else f"{self.name}, line {line}"


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


def _strings(value: object, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _strings(each, (*keys, key))
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each, keys)
    elif isinstance(value, str):
        yield keys, value
