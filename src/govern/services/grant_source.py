"""Where the access policy reads grants and the scope tree from."""

from collections import defaultdict
from uuid import UUID

from govern.database import rows
from govern.domain.actions import Grant, Requester
from govern.tables import RoleGrant

_IN_FORCE = "g.revoked_at IS NULL AND g.starts_at <= now() AND (g.expires_at IS NULL OR g.expires_at > now())"


# One statement, so that grants and tree belong together; the clock is the database's, the same for every process.
_REQUESTER = f"""
SELECT 'scope' AS what, key AS a, parent AS b, NULL AS c FROM scope WHERE parent IS NOT NULL
UNION ALL
SELECT 'grant', g.id::text, g.role, g.scope FROM role_grant g JOIN member m ON m.id = g.member
 WHERE g.member = {{}}::uuid AND m.state = 'active' AND {_IN_FORCE}
"""  # noqa: S608 - constants only


_GRANTS_OF = f"SELECT g.role, g.scope FROM role_grant g WHERE g.member = {{}} AND {_IN_FORCE}"  # noqa: S608


class PostgresGrants:
    """Reads grants and the scope tree in the caller's transaction: a committed change holds for the next decision."""

    async def requester(self, actor_id: str, member: UUID | None) -> Requester:
        """Return what a member holds now; one who is not active holds nothing."""
        parents: dict[str, str] = {}
        held: dict[str, list[Grant]] = defaultdict(list)
        for row in rows(await RoleGrant.raw(_REQUESTER, member)):
            if row["what"] == "scope":
                parents[row["a"]] = row["b"]
            else:
                held[row["c"]].append(Grant(id=row["a"], role=row["b"], scope=row["c"]))
        return Requester(
            id=actor_id,
            member=str(member) if member else None,
            grants={scope: tuple(grants) for scope, grants in held.items()},
            parents=parents,
        )


async def roles_at(member: UUID, scopes: tuple[str, ...]) -> frozenset[str]:
    """Return the roles a member holds at any of the scopes (an account and those above it)."""
    held = rows(await RoleGrant.raw(_GRANTS_OF, member))
    return frozenset(str(row["role"]) for row in held if row["scope"] in scopes)
