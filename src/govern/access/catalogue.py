"""The TOML files of the policy: roles, conditions, actions. Read strictly; a fault names its file and line."""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

import msgspec

from govern.domain.actions import Action, Role
from govern.errors import N_, Invalid

T = TypeVar("T", bound=msgspec.Struct)


class PolicyFault(Invalid):
    """A file of the policy is not fit to decide by. Data: `file`, `line`, `expected`."""

    code = "policy.faulty"
    template = N_("{file}, line {line}: {expected}")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in both languages."""

    en: str
    fr: str


class Risk(StrEnum):
    """How much harm a wrong "yes" does."""

    LOW = "low"
    """Reading what many may read."""
    MEDIUM = "medium"
    """A mistake is seen and mended inside."""
    HIGH = "high"
    """A mistake reaches the public or a person's data."""
    CRITICAL = "critical"
    """Changes who may do what, or takes data out: needs a fresh sign-in."""


class Told(StrEnum):
    """Who gets a notice."""

    AUTHOR = "author"
    """The message's author."""
    MEMBER = "member"
    """The member concerned."""
    COMPLIANCE = "compliance"
    """Compliance officers of the scope."""
    ADMIN = "admin"
    """Admins of the scope."""


class Audited(StrEnum):
    """What is written to the log."""

    ALWAYS = "always"
    """The deed and its denial."""
    DENIED = "denied"
    """Denials; allowed ones are only counted."""


class ActionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One action of the catalogue. `sentence` says the deed at a `{place}`; `label` is for lists and buttons."""

    risk: Risk
    audit: Audited
    label: Text
    sentence: Text
    effect: bool = False
    facts: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()


class RoleSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One role: which roles it may give, which it excludes at overlapping scopes. A restriction says why it denies."""

    label: Text
    grants: tuple[Role, ...] = ()
    conflicts: tuple[Role, ...] = ()
    restriction: bool = False
    sentence: Text | None = None


class ConditionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One condition: the facts it reads, its words, and the action of whoever can unblock it."""

    facts: tuple[str, ...]
    sentence: Text
    unblock: Action | None = None


def read_roles(file: str, text: str) -> dict[str, RoleSpec]:
    """Read `roles.toml`; conflicts hold in both directions."""
    specs = _tables(file, text, RoleSpec, depth=1)
    if set(specs) != set(Role):
        raise PolicyFault(file=file, line=1, expected=f"exactly the roles {', '.join(Role)}")
    for name, spec in specs.items():
        if Role.PUBLISHER in spec.grants:
            raise fault_at(file, text, name, "a role that never gives publisher: it is fixed in code")
        if spec.restriction != (spec.sentence is not None):
            raise fault_at(file, text, name, "a sentence for a restriction, and only for one")
    return {name: msgspec.structs.replace(spec, conflicts=_both_ways(name, specs)) for name, spec in specs.items()}


def read_conditions(
    file: str, text: str, *, functions: Mapping[str, object], facts: frozenset[str]
) -> dict[str, ConditionSpec]:
    """Read `conditions.toml`: each condition has its function and each function its words."""
    specs = _tables(file, text, ConditionSpec, depth=1)
    for name in specs.keys() - functions.keys():
        raise fault_at(file, text, name, "a condition with a function of that name in access/conditions.py")
    for name in sorted(functions.keys() - specs.keys()):
        raise PolicyFault(file=file, line=1, expected=f"words for the condition {name}")
    for name, spec in specs.items():
        _check_facts(file, text, name, spec.facts, facts)
    return specs


def read_actions(file: str, text: str, *, facts: frozenset[str]) -> dict[str, ActionSpec]:
    """Read `actions.toml`: exactly the actions the code knows."""
    specs = _tables(file, text, ActionSpec, depth=2)
    for name in sorted(specs.keys() - set(Action)):
        raise fault_at(file, text, name, "an action of domain/actions.py")
    for name in sorted(set(Action) - specs.keys()):
        raise PolicyFault(file=file, line=1, expected=f"the action {name}")
    for name, spec in specs.items():
        _check_facts(file, text, name, spec.facts, facts)
        if "{place}" not in spec.sentence.en or "{place}" not in spec.sentence.fr:
            raise fault_at(file, text, name, "a sentence with {place} in both languages")
    return specs


def _both_ways(name: str, specs: Mapping[str, RoleSpec]) -> tuple[Role, ...]:
    back = {Role(other) for other, spec in specs.items() if name in spec.conflicts}
    return tuple(sorted(back | set(specs[name].conflicts)))


def _check_facts(file: str, text: str, name: str, read: tuple[str, ...], known: frozenset[str]) -> None:
    for fact in read:
        if fact not in known:
            raise fault_at(file, text, name, f"known facts, not {fact}")


def _tables(file: str, text: str, kind: type[T], *, depth: int) -> dict[str, T]:
    """Read a file of tables; with depth 2 the name is `noun.verb`."""
    try:
        found: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        raise PolicyFault(file=file, line=int(at[1]) if at else 1, expected=f"TOML ({error})") from error
    for _ in range(depth - 1):
        found = {
            f"{outer}.{inner}": value
            for outer, table in found.items()
            for inner, value in (table.items() if isinstance(table, dict) else [("?", table)])
        }
    return {name: _convert(file, text, name, value, kind) for name, value in found.items()}


def _convert(file: str, text: str, name: str, value: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise fault_at(file, text, name, str(error)) from error


def fault_at(file: str, text: str, name: str, expected: str) -> PolicyFault:
    """Return the fault of a table, at the line of its header."""
    header = re.search(rf"^\[{re.escape(name)}\]", text, re.MULTILINE)
    line = text.count("\n", 0, header.start()) + 1 if header else 1
    return PolicyFault(file=file, line=line, expected=f"{name}: {expected}")
