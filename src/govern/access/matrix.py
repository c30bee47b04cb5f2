"""The policy as one table, action by role: a change of rules is read in review as a change of this table."""

from govern.access.bundle import Bundle
from govern.domain.actions import EVERYONE, Role


def matrix(bundle: Bundle) -> str:
    """Return the table as CSV: `allow`, `deny`, with `if <condition>`, or nothing; the last column names the guards."""
    lines = [",".join(("action", *Role, EVERYONE))]
    for action, rows in bundle.rows.items():
        cells = {
            row.role: row.eft if row.cond == "always" else f"{row.eft} if {row.cond}"
            for row in rows
            if row.role != EVERYONE
        }
        guards = "; ".join(f"deny if {row.cond}" for row in rows if row.role == EVERYONE)
        lines.append(",".join((str(action), *(cells.get(role, "") for role in Role), guards)))
    return "\n".join(lines) + "\n"
