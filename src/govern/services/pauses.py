"""The stop switch: one person sets it at once, another one lifts it; lifting sends nothing by itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit import ObjectRef, PauseLifted, PauseSet
from govern.domain.drafts import check_reason
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import Kind
from govern.domain.pauses import AlreadyPaused, Pause
from govern.errors import N_, Conflict, Invalid, NotFound
from govern.services import audit
from govern.services.gate import close_gate
from govern.services.scope_rights import require_at
from govern.services.use_case import use_case
from govern.tables import Message as MessageTable
from govern.tables import Pause as PauseTable

_VIEW = """
SELECT p.id, p.scope, p.kinds, p.reason, p.set_by, m.name AS set_by_name, p.set_at, p.lifted_at,
       l.name AS lifted_by_name
  FROM pause p JOIN member m ON m.id = p.set_by LEFT JOIN member l ON l.id = p.lifted_by
"""
_ACTIVE = _VIEW + " WHERE p.lifted_at IS NULL ORDER BY p.set_at"
_PAST = _VIEW + " WHERE p.lifted_at IS NOT NULL AND p.scope = ANY({}) ORDER BY p.lifted_at DESC LIMIT 50"
_READ = _VIEW + " WHERE p.id = {}"
_ONE = _VIEW + " WHERE p.id = {} FOR NO KEY UPDATE OF p"
_COVERING = """
WITH RECURSIVE above(key, parent) AS (
  SELECT key, parent FROM scope WHERE key = {} UNION ALL SELECT s.key, s.parent FROM scope s JOIN above a ON s.key = a.parent
)
SELECT p.id FROM pause p JOIN above a ON a.key = p.scope WHERE p.lifted_at IS NULL AND {} = ANY(p.kinds) LIMIT 1
"""
BELOW = """
WITH RECURSIVE below(key) AS (
  SELECT key FROM scope WHERE key = {} UNION ALL SELECT s.key FROM scope s JOIN below b ON s.parent = b.key
)
"""
_COUNTS = (
    BELOW
    + """
SELECT count(*) FILTER (WHERE m.state IN ('approved', 'scheduled')) AS held,
       count(*) FILTER (WHERE m.state = 'sending') AS in_flight,
       count(*) FILTER (WHERE m.state = 'outcome_unknown') AS unknown
  FROM message m JOIN account a ON a.id = m.account JOIN below b ON b.key = a.scope WHERE m.kind = ANY({})
"""
)


class NotPaused(Conflict):
    code = "pause.already_lifted"
    template = N_("This pause was lifted already.")


class PauseCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What a pause stops: held back, handed to X already, and unsettled."""

    held: int
    in_flight: int
    unknown: int


class PauseEffect(msgspec.Struct, frozen=True, kw_only=True):
    """A pause just set, and what it stopped."""

    pause: Pause
    counts: PauseCounts


async def is_paused(scope: str, kind: Kind) -> bool:
    """Tell whether publishing of this kind is stopped here or above."""
    return bool(rows(await PauseTable.raw(_COVERING, scope, kind.value)))


async def list_pauses(*, actor: Actor, access: Access) -> list[Pause]:
    """Return the pauses in force that touch what the actor may read."""
    touching = await _touching(actor, access)
    return [_pause(row) for row in rows(await PauseTable.raw(_ACTIVE)) if row["scope"] in touching]


async def _touching(actor: Actor, access: Access) -> set[str]:
    """Return the scopes at which a pause stops something the actor may read."""
    seen = await access.where_can(actor, Action.MESSAGE_READ)
    requester = await access.requester(actor)
    return {place for scope in seen for place in requester.above(scope)} | {COMPANY}


async def list_past_pauses(*, actor: Actor, access: Access) -> list[Pause]:
    """Return the last fifty pauses that are over, of those that touched what the actor may read, newest first."""
    return [_pause(row) for row in rows(await PauseTable.raw(_PAST, sorted(await _touching(actor, access))))]


async def get_pause(pause_id: UUID, *, actor: Actor, access: Access) -> Pause:
    """Return one pause, in force or over.

    Raises:
        NotFound: there is none, or it touches nothing the actor may read.
    """
    found = rows(await PauseTable.raw(_READ, pause_id))
    if not found or found[0]["scope"] not in await _touching(actor, access):
        raise NotFound(noun="pause", name=str(pause_id))
    return _pause(found[0])


async def count_paused(pause: Pause) -> PauseCounts:
    """Say in numbers what a pause the caller has read stops now."""
    return await _counts(pause.scope, [Kind(kind) for kind in pause.kinds])


async def count_touched(
    *, scope: str, kinds: Sequence[Kind], actor: Actor, access: Access, now: datetime
) -> PauseCounts:
    """Say in numbers what a pause here would stop; nothing is changed."""
    async with use_case(actor=actor, now=now):
        await require_at(Target(scope), Action.PAUSE_SET, actor=actor, access=access)
        return await _counts(scope, kinds)


async def set_pause(
    *, scope: str, kinds: Sequence[Kind], reason: str, actor: Actor, access: Access, now: datetime
) -> PauseEffect:
    """Stop publishing at a scope and below, at once; what was handed to X before cannot be called back."""
    _check(kinds, reason)
    async with use_case(actor=actor, now=now):
        await close_gate()
        decision = await require_at(Target(scope), Action.PAUSE_SET, actor=actor, access=access)
        if any(pause.scope == scope and set(kinds) <= set(pause.kinds) for pause in await _active()):
            raise AlreadyPaused(scope=scope)
        pause_id = uuid7(now)
        await PauseTable.insert(
            PauseTable(
                id=pause_id,
                scope=scope,
                kinds=[kind.value for kind in kinds],
                reason=reason.strip(),
                set_by=actor.member,
                set_at=now,
            )
        )
        await audit.record(
            PauseSet(kinds=tuple(kind.value for kind in kinds), reason=reason.strip()),
            actor=actor,
            now=now,
            object=ObjectRef(kind="pause", id=pause_id),
            scope=scope,
            decision=decision,
        )
        counts = await _counts(scope, kinds)
        return PauseEffect(pause=next(p for p in await _active() if p.id == pause_id), counts=counts)


async def lift_pause(pause_id: UUID, *, reason: str = "", actor: Actor, access: Access, now: datetime) -> Pause:
    """Resume publishing; another person than the one who paused. Nothing goes out by it: see `releasing.lift`."""
    given = check_reason(reason)
    async with use_case(actor=actor, now=now):
        await close_gate()  # a claim is decided under the pause, or after it
        found = rows(await PauseTable.raw(_ONE, pause_id))
        unknown = NotFound(noun="pause", name=str(pause_id))
        if not found:
            raise unknown
        pause = _pause(found[0])
        target = Target(scope=pause.scope, facts={"pause_set_by": str(pause.set_by)})
        decision = await require_at(target, Action.PAUSE_LIFT, unknown=unknown, actor=actor, access=access)
        if found[0]["lifted_at"] is not None:
            raise NotPaused
        await PauseTable.update({PauseTable.lifted_by: actor.member, PauseTable.lifted_at: now}).where(
            PauseTable.id == pause_id
        )
        await audit.record(
            PauseLifted(reason=given),
            actor=actor,
            now=now,
            object=ObjectRef(kind="pause", id=pause_id),
            scope=pause.scope,
            decision=decision,
        )
        return msgspec.structs.replace(pause, lifted_at=now, lifted_by_name=actor.name)


async def _active() -> list[Pause]:
    return [_pause(row) for row in rows(await PauseTable.raw(_ACTIVE))]


async def _counts(scope: str, kinds: Sequence[Kind]) -> PauseCounts:
    return msgspec.convert(rows(await MessageTable.raw(_COUNTS, scope, [kind.value for kind in kinds]))[0], PauseCounts)


def _check(kinds: Sequence[Kind], reason: str) -> None:
    if not kinds:
        raise Invalid(reason="Choose at least one kind of message to stop.", field="kinds")
    if not 3 <= len(reason.strip()) <= 500:
        raise Invalid(reason="Please give a reason of 3 to 500 characters.", field="reason")


def _pause(row: dict[str, Any]) -> Pause:
    return msgspec.convert({**row, "kinds": tuple(row["kinds"])}, Pause)
