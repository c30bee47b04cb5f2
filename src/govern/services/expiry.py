"""Late approval never publishes by itself: what waits past its deadline expires and says so."""

from datetime import datetime

from govern.database import rows
from govern.domain.audit import MessageExpired
from govern.domain.members import Actor, Via, system_actor
from govern.domain.messages import Event, Message, can, next_state
from govern.services import audit
from govern.services.message_views import change_message, lock_message, message_ref, state_change
from govern.services.use_case import use_case
from govern.tables import Message as MessageTable

SWEEP: Actor = system_actor("sweep", via=Via.JOB)
_LATE = "SELECT id FROM message WHERE state = 'pending_approval' AND deadline_at < {} ORDER BY deadline_at LIMIT 100"


async def expire_late_approvals(*, now: datetime) -> int:
    """Expire what nobody decided in time, each in its own transaction; returns how many."""
    expired = 0
    for row in rows(await MessageTable.raw(_LATE, now)):
        async with use_case(actor=SWEEP, now=now):
            message = await lock_message(row["id"])
            # Decided, or given more time, while we waited for its lock.
            if not can(message.state, Event.APPROVE) or message.deadline_at is None or message.deadline_at >= now:
                continue
            await expire_undecided(message, "no_decision", actor=SWEEP, now=now)
            expired += 1
    return expired


async def expire_undecided(message: Message, reason: str, *, actor: Actor, now: datetime) -> None:
    """Expire a locked message that was not approved in time, in the caller's transaction."""
    state = next_state(message.state, Event.EXPIRE)
    await change_message(message, now, state=state.value)
    await audit.record(
        MessageExpired(reason=reason, deadline=message.deadline_at),
        actor=actor,
        now=now,
        object=message_ref(message),
        scope=message.scope,
        change=state_change(message, state),
    )
