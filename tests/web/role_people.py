"""Each role alone at each height, nobody, and each role suspended; and the policy, which notes what it is asked."""

from typing import Any, ClassVar

import httpx
import msgspec

from govern.access import Access
from govern.domain.actions import Action, Decision, Target
from govern.domain.members import Actor
from govern.errors import Denied

INSIDE, OUTSIDE, NOWHERE = "Zinnia", "Quagga", "Nowhere"
ABOVE = {
    "company": ("company",),
    **{f"brand:{place.lower()}s": (f"brand:{place.lower()}s", "company") for place in (INSIDE, OUTSIDE)},
    **{f"account:{place}": (f"account:{place}", f"brand:{place.lower()}s", "company") for place in (INSIDE, OUTSIDE)},
}
ROLES = ("viewer", "author", "agent", "brand_manager", "compliance", "admin")
HELD = {
    "nobody": (),
    **{f"{role}_{at.partition(':')[0]}": ((role, at),) for role in ROLES for at in ABOVE if "uagga" not in at},
    **{f"suspended_{role}": ((role, "company"), ("suspended", "company")) for role in ROLES},
}
"""Who there is: each role alone at each height, nobody's, and each role suspended."""

Asked = tuple[str, bool]


class Listening(Access):
    """The policy as it is, and a record of what the services asked it."""

    asked: ClassVar[set[Asked]] = set()

    async def require(self, actor: Any, action: Action, target: Target) -> Decision:
        try:
            decision = await super().require(actor, action, target)
        except Denied:
            self.asked.add((str(action), False))
            raise
        self.asked.add((str(action), True))
        return decision

    async def where_can(self, actor: Any, action: Action) -> frozenset[str]:
        found = await super().where_can(actor, action)
        self.asked.add((str(action), bool(found)))
        return found


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in a moment ago."""

    name: str
    actor: Actor
    held: tuple[tuple[str, str], ...]
    client: httpx.AsyncClient
    csrf: str

    def below(self, place: str) -> bool:
        """Tell whether a role is held at the account or above."""
        return any(scope in ABOVE[f"account:{place}"] for _role, scope in self.held)
