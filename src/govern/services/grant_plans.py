"""Deciding many changes of roles, in order, each as if those before it were made."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.actions import Action, Decision, Target
from govern.domain.members import Actor, Member
from govern.errors import N_, Conflict, GovernError
from govern.services.grant_writing import (
    AlreadyGranted,
    LastAdmin,
    check_role,
    pledged_to,
)
from govern.services.members import NOBODY, UnknownMember, find_by_email
from govern.tables import RoleGrant

Ask = Callable[[Actor, Action, Target], Awaitable[Decision]]
Held = dict[UUID, list[tuple[str, str]]]
"""By member: the roles they would hold after the changes before, with their scopes."""


class Kind(StrEnum):
    """What is to happen to a role of a member at a scope."""

    ADD = "add"
    """It is given."""
    REVOKE = "revoke"
    """It is taken away."""


class GrantChange(msgspec.Struct, frozen=True, kw_only=True):
    """One role to give, or to take away: then `grant_id` says which grant was seen when it was chosen."""

    kind: Kind
    email: str
    role: str
    scope: str
    grant_id: UUID | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A change with the answer to it."""

    change: GrantChange
    member: Member
    decision: Decision
    error: GovernError | None = None


class GrantChanged(Conflict):
    code = "grant.changed_meanwhile"
    template = N_("The role {role} of {name} at {scope} was changed meanwhile; look again.")


_IS_OPEN = """
SELECT id FROM role_grant WHERE id = {} AND member = {} AND role = {} AND scope = {} AND revoked_at IS NULL
"""


async def plan_changes(changes: Sequence[GrantChange], *, admins: set[UUID], actor: Actor, ask: Ask) -> list[Planned]:
    """Decide all changes before any is written: a decision may not rest on what this transaction did itself.

    What is taken away comes first, so that a role may make room for one that excludes it.
    """
    held: Held = {}
    planned = []
    for change in sorted(changes, key=lambda change: change.kind is Kind.ADD):
        check_role(change.role)
        member = await find_by_email(change.email)
        whom = member.id if member else NOBODY
        pairs = held.setdefault(whom, await pledged_to(whom))
        facts = {"member": str(whom), "role": change.role, "member_grants": tuple(pairs)}
        action = Action.ROLE_ASSIGN if change.kind is Kind.ADD else Action.ROLE_REVOKE
        decision = await ask(actor, action, Target(scope=change.scope, facts=facts))
        if member is None:
            raise UnknownMember(name=change.email[:80])
        error = await _fault(change, member, pairs, admins)
        planned.append(Planned(change=change, member=member, decision=decision, error=error))
        _apply(change, pairs, admins)
    return planned


async def _fault(
    change: GrantChange, member: Member, pairs: Sequence[tuple[str, str]], admins: set[UUID]
) -> GovernError | None:
    """Say what stands against a change that no rule forbids."""
    if change.kind is Kind.ADD:
        if (change.role, change.scope) in pairs:
            return AlreadyGranted(name=member.name, role=change.role, scope=change.scope)
        return None
    if not rows(await RoleGrant.raw(_IS_OPEN, change.grant_id, member.id, change.role, change.scope)):
        return GrantChanged(name=member.name, role=change.role, scope=change.scope)
    return LastAdmin() if admins == {change.grant_id} else None


def _apply(change: GrantChange, pairs: list[tuple[str, str]], admins: set[UUID]) -> None:
    pair = (change.role, change.scope)
    if change.kind is Kind.ADD:
        pairs.append(pair)
        return
    if pair in pairs:
        pairs.remove(pair)
    if change.grant_id is not None:
        admins.discard(change.grant_id)
