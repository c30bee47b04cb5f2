"""Refusals in the log: the first of a kind at once, its repetitions counted, one summary when ten minutes are over."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from govern.database import rows, transaction
from govern.domain.actions import COMPANY, Decision
from govern.domain.audit import AccessDenied, AccessDeniedAgain, ObjectRef
from govern.domain.members import Actor, ActorKind, Via
from govern.errors import Denied
from govern.services import audit
from govern.tables import AccessDenial

WINDOW = timedelta(minutes=10)
KEPT = timedelta(days=7)
_SCOPE = re.compile(r"company|brand:[a-z0-9][a-z0-9-]{0,38}|account:[A-Za-z0-9_]{1,15}")

# The row is there before its entry, so that of two refusals at once one alone writes the entry.
_COUNT = """
INSERT INTO access_denial (actor, action, scope, rule, window_at, times, last_at, entry)
VALUES ({}, {}, {}, {}, {}, 1, {}, {})
ON CONFLICT (actor, action, scope, rule, window_at)
DO UPDATE SET times = access_denial.times + 1, last_at = excluded.last_at
RETURNING times, entry
"""
_NAME_ENTRY = """
UPDATE access_denial SET entry = {} WHERE actor = {} AND action = {} AND scope = {} AND rule = {} AND window_at = {}
"""
_CLOSED = """
UPDATE access_denial SET summed_at = {}
 WHERE (actor, action, scope, rule, window_at) IN (
   SELECT actor, action, scope, rule, window_at FROM access_denial
    WHERE summed_at IS NULL AND window_at <= {} ORDER BY window_at LIMIT 200 FOR UPDATE SKIP LOCKED)
RETURNING actor, action, scope, rule, window_at, times, entry
"""
_FORGET = "DELETE FROM access_denial WHERE summed_at IS NOT NULL AND window_at < {}"


async def record_denied(
    denied: Denied,
    *,
    actor: Actor,
    now: datetime,
    object: ObjectRef | None = None,  # noqa: A002 - the entry's own word
) -> UUID:
    """Record a refusal of the access policy, in a transaction of its own: the refused action has rolled back.

    Returns the entry that tells of it: its own, or the first of the same kind in these ten minutes. The object is
    what was asked about; if the caller does not know it, the scope.
    """
    asked = str(denied.data.get("scope") or "")
    scope = asked if _SCOPE.fullmatch(asked) else COMPANY  # an unknown scope is refused, too, and may be any text
    action = str(denied.data.get("action") or "unknown")
    reason, rule = str(denied.data.get("reason") or "unknown"), denied.data.get("rule")
    decision = denied.data.get("decision")
    key = (actor.id, action[:40], scope, str(rule or reason)[:80], _window_of(now))
    nothing = UUID(int=0)
    async with transaction():
        counted = rows(await AccessDenial.raw(_COUNT, *key, now, nothing))[0]
        if counted["times"] > 1:
            return UUID(str(counted["entry"]))
        receipt = await audit.record(
            AccessDenied(action=action, scope=scope, reason=reason, rule=str(rule) if rule else None),
            actor=actor,
            now=now,
            object=object or ObjectRef("scope", scope),
            scope=scope,
            decision=decision if isinstance(decision, Decision) else None,
        )
        await AccessDenial.raw(_NAME_ENTRY, receipt.entry_id, *key)
        return receipt.entry_id


async def sum_denials(*, now: datetime) -> int:
    """Write one summary entry for each kind of refusal that was repeated in a window that is over; forget old ones."""
    async with transaction():
        closed = rows(await AccessDenial.raw(_CLOSED, now, now - WINDOW))
        repeated = [row for row in closed if row["times"] > 1]
        for row in repeated:
            await audit.record(
                AccessDeniedAgain(
                    action=row["action"],
                    scope=row["scope"],
                    rule=row["rule"],
                    times=row["times"] - 1,
                    first=row["entry"],
                ),
                actor=_refused(row["actor"]),
                now=now,
                object=ObjectRef("scope", row["scope"]),
                scope=row["scope"],
            )
        await AccessDenial.raw(_FORGET, now - KEPT)
    return len(repeated)


def _window_of(now: datetime) -> datetime:
    return now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)


def _refused(actor: str) -> Actor:
    return Actor(kind=ActorKind(actor.partition(":")[0]), id=actor, name=actor, via=Via.JOB)
