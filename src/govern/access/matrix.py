"""The policy as one table, action by role: a change of rules is read in review as a change of this table."""

from govern.access.bundle import Bundle
from govern.domain.actions import EVERYONE, Role

GOLDEN = "tests/matrix.csv"


def matrix(bundle: Bundle) -> str:
    """Return the table as CSV: `allow`, `deny`, with `if <condition>`, or nothing; the last column holds the guards."""
    lines = [",".join(("action", *Role, EVERYONE))]
    for action, rows in bundle.rows.items():
        cells = dict.fromkeys((*Role, EVERYONE), "")
        for row in rows:
            said = row.eft if row.cond == "always" else f"{row.eft} if {row.cond}"
            cells[row.role] += f"; {said}" if cells[row.role] else said
        lines.append(",".join((str(action), *cells.values())))
    return "\n".join(lines) + "\n"
