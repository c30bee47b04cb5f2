"""A bundle: the files of `policies/access/`, checked as a whole and made immutable, with their digest.

The loader refuses every doubt: a missing or unknown file, another model than the reviewed one, a deny in a normal
role, an allow in a restriction, a guard that allows, a duplicate id, an action nobody may do.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from govern.access.catalogue import (
    ActionSpec,
    ConditionSpec,
    PolicyFault,
    Risk,
    RoleSpec,
    fault_at,
    read_actions,
    read_conditions,
    read_roles,
)
from govern.access.conditions import ALLOWING, CONDITIONS, DENYING, DERIVED, GIVEN
from govern.access.rows import ALLOW, DENY, Row, read_rows
from govern.domain.actions import EVERYONE, Action, Role

MODEL_SHA256 = "7b626aa8d933a093885690a4d4ee4ac6eff97cf925120ff0070bf9bbb71095ad"
MAX_CONDITIONS = 6
NOT_FRESH = "not_fresh"
USABLE = {ALLOW: ALLOWING, DENY: DENYING}
REQUIRED = frozenset(
    {"model.conf", "guards.csv", "conditions.toml", "actions.toml", "roles/roles.toml"}
    | {f"roles/{role}.csv" for role in Role}
)


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The policy in force: rules by action (denies first, as written), catalogues, and the digest of all files."""

    digest: str
    model: str
    rows: Mapping[str, tuple[Row, ...]]
    roles: Mapping[str, RoleSpec]
    conditions: Mapping[str, ConditionSpec]
    actions: Mapping[str, ActionSpec]


def load_bundle(folder: Path) -> Bundle:
    """Read the folder `access` of the policies.

    Raises:
        PolicyFault: with file, line and what was expected.
    """
    return read_bundle(read_folder(folder))


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of a policy by name, without hidden ones.

    Raises:
        PolicyFault: there is no such folder, or a file cannot be read.
    """
    try:
        found = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }
    except OSError as error:
        raise PolicyFault(file=str(error.filename), line=1, expected=f"a readable file ({error.strerror})") from error
    if not found:
        raise PolicyFault(file=str(folder), line=1, expected="the folder of an access policy")
    return found


def read_bundle(files: Mapping[str, bytes]) -> Bundle:
    """Check the files, by name relative to the folder, and build the bundle.

    Raises:
        PolicyFault: with file, line and what was expected.
    """
    texts = _texts(files)
    roles = read_roles("roles/roles.toml", texts["roles/roles.toml"])
    actions = read_actions("actions.toml", texts["actions.toml"], facts=GIVEN | DERIVED)
    conditions = read_conditions(
        "conditions.toml", texts["conditions.toml"], functions=CONDITIONS, facts=GIVEN | DERIVED
    )
    rows = _rows(texts, roles)
    _check_rows(rows, actions, conditions)
    by_action = {str(action): tuple(row for _, _, row in rows if row.act == action) for action in Action}
    _check_actions(texts["actions.toml"], by_action, actions)
    return Bundle(
        digest=_digest(files),
        model=texts["model.conf"],
        rows=MappingProxyType(by_action),
        roles=MappingProxyType(roles),
        conditions=MappingProxyType(conditions),
        actions=MappingProxyType(actions),
    )


def _texts(files: Mapping[str, bytes]) -> dict[str, str]:
    for name in sorted(REQUIRED - files.keys()):
        raise PolicyFault(file=name, line=1, expected="this file")
    for name in sorted(files.keys() - REQUIRED):
        if not name.startswith("tests/"):
            raise PolicyFault(file=name, line=1, expected="no such file here")
    if hashlib.sha256(files["model.conf"]).hexdigest() != MODEL_SHA256:
        raise PolicyFault(file="model.conf", line=1, expected="the reviewed model, letter for letter")
    texts = {}
    for name in REQUIRED:
        try:
            texts[name] = files[name].decode()
        except UnicodeDecodeError as error:
            raise PolicyFault(file=name, line=files[name].count(b"\n", 0, error.start) + 1, expected="UTF-8") from error
    return texts


def _rows(texts: Mapping[str, str], roles: Mapping[str, RoleSpec]) -> list[tuple[str, int, Row]]:
    """Read all rules: restrictions, guards, then roles, so that denies come first and the first that matches is named."""
    restrictions = [(f"roles/{name}.csv", name, DENY) for name, spec in roles.items() if spec.restriction]
    normal = [(f"roles/{name}.csv", name, ALLOW) for name, spec in roles.items() if not spec.restriction]
    sources = [*restrictions, ("guards.csv", EVERYONE, DENY), *normal]
    found = []
    for file, role, only in sources:
        rows = read_rows(file, texts[file], role=role, only=only, conditions=USABLE)
        found += [(file, line, row) for line, row in rows]
    return found


def _check_rows(
    rows: list[tuple[str, int, Row]], actions: Mapping[str, ActionSpec], conditions: Mapping[str, ConditionSpec]
) -> None:
    seen = Counter[str]()
    for file, line, row in rows:
        seen[row.id] += 1
        if seen[row.id] > 1:
            raise PolicyFault(file=file, line=line, expected=f"another id: {row.id} is taken")
        missing = set(conditions[row.cond].facts) - set(actions[row.act].facts)
        if missing:
            expected = f"facts = [… {', '.join(sorted(missing))}] at {row.act} in actions.toml"
            raise PolicyFault(file=file, line=line, expected=expected)
        fresh = row == fresh_guard(row.act) and actions[row.act].risk is Risk.CRITICAL
        if not fresh and (row.cond == NOT_FRESH or row.id.startswith("fresh.")):
            raise PolicyFault(
                file=file, line=line, expected=f"{NOT_FRESH} as fresh.<action>, for critical actions only"
            )
        if row.cond != "always" and row.act.partition(".")[2].startswith("read"):
            raise PolicyFault(file=file, line=line, expected="always: lists are filtered by scope alone")


def _check_actions(text: str, rows: Mapping[str, tuple[Row, ...]], actions: Mapping[str, ActionSpec]) -> None:
    for action, of_action in rows.items():
        guards = [row for row in of_action if row.role == EVERYONE]
        critical = actions[action].risk is Risk.CRITICAL
        conditions = {row.cond for row in of_action} - {"always"}
        checks = (
            (any(row.eft == ALLOW for row in of_action), f"a role that may do {action}"),
            (len(conditions) <= MAX_CONDITIONS, f"at most {MAX_CONDITIONS} conditions for {action}"),
            # Last, so that what a fresh sign-in cannot mend is said first.
            (not critical or guards[-1:] == [fresh_guard(action)], f"fresh.{action} as its last guard: it is critical"),
        )
        for holds, expected in checks:
            if not holds:
                raise fault_at("actions.toml", text, action, expected)


def fresh_guard(action: str) -> Row:
    """Return the guard that each critical action has: no second factor a moment ago, no deed."""
    return Row(EVERYONE, action, NOT_FRESH, DENY, f"fresh.{action}")


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return f"sha256:{whole.hexdigest()}"
