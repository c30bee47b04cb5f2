"""Deciding what somebody may do at a place: who may know nothing of it hears that there is none."""

from govern.access import Access
from govern.domain.actions import COMPANY, Action, Decision, Target
from govern.domain.members import Actor
from govern.errors import N_, Denied, NotFound


class UnknownScope(NotFound):
    code = "scope.unknown"
    template = N_("There is no scope {name}: company, brand:<slug> or account:<handle>.")


async def require_at(
    target: Target,
    action: Action,
    *,
    unknown: NotFound | None = None,
    seen_by: Action | None = None,
    actor: Actor,
    access: Access,
) -> Decision:
    """Return the decision that allows an action; `unknown` is what is said when there is no such thing (None: place).

    Raises:
        Denied: `unseen` if the actor may not know of the place, or has not the right by which the thing is seen there.
    """
    unknown = unknown or UnknownScope(name=target.scope[:64])
    if not target.scope:
        raise unknown
    try:
        return await access.require(actor, action, target)
    except Denied as denied:
        if seen_by is not None:
            seen = target.scope in await access.where_can(actor, seen_by)
        else:
            seen = await knows(target.scope, actor=actor, access=access)
        if not seen:
            denied.unseen = unknown
        raise


async def knows(scope: str, *, actor: Actor, access: Access) -> bool:
    """Tell whether somebody reads there or below, or sees who may do what there; of the company everybody knows."""
    if scope == COMPANY:
        return True
    seen = await access.where_can(actor, Action.MESSAGE_READ) | await access.where_can(actor, Action.ACCESS_READ)
    requester = await access.requester(actor)
    return any(scope in requester.above(each) for each in seen)
