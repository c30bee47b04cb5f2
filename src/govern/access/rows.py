"""The CSV rows of the policy: `p, role, act, cond, eft, id`, read strictly."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from govern.access.catalogue import PolicyFault
from govern.domain.actions import EVERYONE, Action

ALLOW, DENY = "allow", "deny"
_ROLE = re.compile(r"[a-z_]+")
_ID = re.compile(r"[a-z_]+(\.[a-z_]+)*")


class Row(NamedTuple):
    """One rule, in the order of the model's policy definition."""

    role: str
    act: str
    cond: str
    eft: str
    id: str


def read_rows(
    file: str, text: str, *, role: str, only: str, conditions: Mapping[str, Mapping[str, object]]
) -> list[tuple[int, Row]]:
    """Read the rows of one role (or of `everyone`) with their line numbers.

    `only` is the one effect the file may hold; `conditions` gives for each effect the conditions it may name.

    Raises:
        PolicyFault: at the first line that is not exactly a rule of this file.
    """
    found = []
    for line, written in enumerate(text.splitlines(), start=1):
        if not written.strip() or written.startswith("#"):
            continue
        expected = _fault(written, role, only, conditions)
        if expected:
            raise PolicyFault(file=file, line=line, expected=expected)
        found.append((line, Row(*written.split(", ")[1:])))
    return found


def _fault(written: str, role: str, only: str, conditions: Mapping[str, Mapping[str, object]]) -> str | None:
    fields = written.split(", ")
    if len(fields) != 6 or fields[0] != "p" or written.count(",") != 5 or '"' in written:
        return "a row `p, role, act, cond, eft, id` without quotes or comments"
    row = Row(*fields[1:])
    checks = (
        (_ROLE.fullmatch(row.role) is not None, "a role of small letters and underscores"),
        (row.role == role, f"rows of {role} only"),
        (row.act in set(Action), f"an action of actions.toml, not {row.act}"),
        (row.eft in {ALLOW, DENY}, f"allow or deny, not {row.eft}"),
        (row.eft == only, f"only {only} in this file"),
        (row.cond in conditions.get(row.eft, {}), f"a condition for {row.eft}, not {row.cond}"),
        (_ID.fullmatch(row.id) is not None, "an id of small letters, underscores and dots"),
        (row.role != EVERYONE or row.eft == DENY, "a guard that denies"),
    )
    return next((expected for holds, expected in checks if not holds), None)
