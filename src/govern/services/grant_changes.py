"""Many changes of roles at once: what they would bring and what would be refused; then all of them, or none."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.access import Access
from govern.access.simulate import Difference, Line, compare_grants
from govern.access.snapshot import Snapshot
from govern.database import rows
from govern.domain.actions import Action, Decision, Grant, Requester, Target
from govern.domain.members import Actor, MemberState
from govern.errors import N_, GovernError, Invalid
from govern.services.grant_plans import GrantChange, Kind, Planned, plan_changes
from govern.services.grant_writing import (
    check_terms,
    find_last_admins,
    lock_last_admins,
    write_end,
    write_grant,
)
from govern.services.grants import VIEW, GrantView, get_view
from govern.services.scope_rights import require_at
from govern.services.use_case import use_case
from govern.tables import RoleGrant

MOST = 40
SAID_FOR = timedelta(seconds=60)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a change would not be made: the decision that denies it, or else what stands against it."""

    change: GrantChange
    decision: Decision | None = None
    error: GovernError | None = None


class PersonChange(msgspec.Struct, frozen=True, kw_only=True):
    """What all changes together would mean for one person."""

    email: str
    name: str
    difference: Difference


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Gains and losses by person, and what would be refused."""

    people: tuple[PersonChange, ...]
    refusals: tuple[Refusal, ...]


class NoChanges(Invalid):
    code = "grant.no_changes"
    template = N_("Choose 1 to {most} changes.")


_HELD = (
    VIEW
    + """
 WHERE g.scope = ANY({}) AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > {})
   AND m.state <> 'left'
 ORDER BY m.name, g.scope, g.role
"""
)
_SAVED = """
WITH mine AS (
  SELECT granted_at AS at FROM role_grant WHERE granted_by = {} AND granted_at >= {}
  UNION ALL SELECT revoked_at FROM role_grant WHERE revoked_by = {} AND revoked_at >= {}
)
SELECT count(*) AS n FROM mine WHERE at = (SELECT max(at) FROM mine)
"""


async def list_held(scopes: Iterable[str], *, actor: Actor, access: Access, now: datetime) -> list[GrantView]:
    """Return the grants at these scopes that hold now or later, as far as the actor may see them."""
    seen = await access.where_can(actor, Action.ACCESS_READ)
    found = await RoleGrant.raw(_HELD, sorted(set(scopes) & seen), now)
    return [msgspec.convert(row, GrantView) for row in rows(found)]


async def preview_changes(changes: Sequence[GrantChange], *, actor: Actor, access: Access, now: datetime) -> Preview:
    """Say what the changes would bring to each person, and which would be refused, as if the sign-in were fresh.

    Raises:
        NoChanges: none, or more than 40.
        Denied: the actor may not simulate at one of the scopes.
    """
    _check_number(changes)
    async with use_case(actor=actor, now=now):
        for scope in sorted({change.scope for change in changes}):
            await require_at(Target(scope), Action.POLICY_SIMULATE, actor=actor, access=access)
        planned = await plan_changes(
            changes,
            admins=await find_last_admins(),
            actor=msgspec.structs.replace(actor, fresh=True),
            ask=access.decide,
        )
        people = _people(planned, await access.snapshot(actor))
    return Preview(
        people=people,
        refusals=tuple(
            Refusal(change=each.change, decision=None if each.decision.allowed else each.decision, error=each.error)
            for each in planned
            if each.error or not each.decision.allowed
        ),
    )


async def save_changes(
    changes: Sequence[GrantChange],
    *,
    reason: str,
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> tuple[GrantView, ...]:
    """Make all changes in one transaction, each with its entry; the dates are those of the roles that are given.

    Raises:
        NoChanges: none, or more than 40.
        Denied: one of them is refused, so none is made.
        Conflict: one was made meanwhile, or would leave the company without an admin; none is made.
    """
    _check_number(changes)
    check_terms(reason, starts_at, expires_at, now)

    async def ask(actor: Actor, action: Action, target: Target) -> Decision:
        return await require_at(target, action, actor=actor, access=access)

    async with use_case(actor=actor, now=now):
        await access.lock()
        planned = await plan_changes(changes, admins=await lock_last_admins(), actor=actor, ask=ask)
        for each in planned:
            if each.error:
                raise each.error
        return tuple(
            [
                await _write(each, reason=reason, starts_at=starts_at, expires_at=expires_at, actor=actor, now=now)
                for each in planned
            ]
        )


async def count_saved(*, actor: Actor, now: datetime) -> int:
    """Return how many changes the actor's last save made, if that was in the last minute: for saying so, once."""
    since = now - SAID_FOR
    found = rows(await RoleGrant.raw(_SAVED, actor.member, since, actor.member, since))
    return int(found[0]["n"])


async def _write(
    planned: Planned,
    *,
    reason: str,
    starts_at: datetime | None,
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> GrantView:
    change, member, grant = planned.change, planned.member.id, planned.change.grant_id
    if grant is not None and change.kind is Kind.REVOKE:
        await write_end(
            grant, member, change.role, change.scope, reason=reason, actor=actor, now=now, decision=planned.decision
        )
        return await get_view(grant)
    given = await write_grant(
        member,
        change.role,
        change.scope,
        reason=reason,
        starts_at=starts_at,
        expires_at=expires_at,
        actor=actor,
        now=now,
        decision=planned.decision,
    )
    return await get_view(given)


def _people(planned: Sequence[Planned], snapshot: Snapshot) -> tuple[PersonChange, ...]:
    by_member: dict[UUID, list[Planned]] = {}
    for each in planned:
        by_member.setdefault(each.member.id, []).append(each)
    return tuple(_person(each, snapshot) for each in by_member.values())


def _person(planned: Sequence[Planned], snapshot: Snapshot) -> PersonChange:
    """Compare a person's rights before and after; one who is not active has none either way."""
    member = planned[0].member
    before = after = snapshot.requester(str(member.id))
    if member.state is MemberState.ACTIVE:
        after = msgspec.structs.replace(before, grants=_after(before, [each.change for each in planned]))
    found = compare_grants(snapshot.engine, before, after)
    difference = Difference(gains=_once(found.gains, after), losses=_once(found.losses, after))
    return PersonChange(email=member.email, name=member.name, difference=difference)


def _once(lines: Sequence[Line], member: Requester) -> tuple[Line, ...]:
    """Leave out what is said of a place above already, be it by other rules."""
    said = {(line.scope, line.action, line.role, line.before, line.after) for line in lines}
    return tuple(
        line
        for line in lines
        if not any(
            (place, line.action, line.role, line.before, line.after) in said
            for place in member.above(line.scope)
            if place != line.scope
        )
    )


def _after(before: Requester, changes: Sequence[GrantChange]) -> Mapping[str, tuple[Grant, ...]]:
    grants = dict(before.grants)
    for change in changes:
        others = tuple(each for each in grants.get(change.scope, ()) if each.role != change.role)
        new = (Grant(id="new", role=change.role, scope=change.scope),) if change.kind is Kind.ADD else ()
        grants[change.scope] = others + new
    return grants


def _check_number(changes: Sequence[GrantChange]) -> None:
    if not 1 <= len(changes) <= MOST:
        raise NoChanges(most=MOST)
