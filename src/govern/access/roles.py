"""Who holds which role where: read from the requester, never stored in an engine."""

from collections.abc import Iterable, Mapping

from govern.access.catalogue import RoleSpec
from govern.domain.actions import EVERYONE, Requester


class GrantedRoles:
    """Casbin's role manager, without state: `g(requester, role, scope)` reads the grants the requester brings.

    It must stay truthy (no `__len__`, no `__bool__`): Casbin takes a falsy one for "compare the names".
    """

    def has_link(self, requester: object, role: str, scope: str) -> bool:
        """Tell whether the requester holds the role at the scope or above; everyone is `everyone`."""
        if not isinstance(requester, Requester):
            raise TypeError("the subject of a decision must be a Requester")
        return role == EVERYONE or requester.grant_of(role, scope) is not None

    def clear(self) -> None:
        """Nothing is kept, so there is nothing to clear."""

    def print_roles(self) -> None:
        """Grants belong in no log."""

    def add_link(self, *names: str) -> None:
        raise RuntimeError(f"grants live in PostgreSQL, not in the engine: {names}")


def givable_roles(roles: Mapping[str, RoleSpec], requester: Requester, scope: str) -> frozenset[str]:
    """Return the roles the requester may give or take at a scope: the `grants` of each role held there or above."""
    held = {grant.role for place in requester.above(scope) for grant in requester.grants.get(place, ())}
    return frozenset(str(role) for name in held if name in roles for role in roles[name].grants)


def conflicts(
    roles: Mapping[str, RoleSpec], requester: Requester, role: str, scope: str, grants: Iterable[tuple[str, str]]
) -> frozenset[str]:
    """Return which of a member's grants, (role, scope), exclude the new role at an overlapping scope."""
    excluded = {str(other) for other in roles[role].conflicts} if role in roles else set()
    above = set(requester.above(scope))
    return frozenset(
        held for held, place in grants if held in excluded and (place in above or scope in requester.above(place))
    )
