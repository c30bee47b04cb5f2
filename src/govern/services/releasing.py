"""Deciding about what waits for a decision: release it, now or at a new time, singly or in bulk. Each is an entry."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Decision
from govern.domain.audit import Change, MessageScheduled, ObjectRef, PublicationReleased
from govern.domain.backlog import PACE, NotWaiting, free_turns
from govern.domain.drafts import check_reason, check_schedule
from govern.domain.ids import message_number, uuid7
from govern.domain.members import Actor
from govern.domain.messages import Event, Message, check_revision, next_state
from govern.domain.pauses import Pause
from govern.domain.publications import Hold, not_after
from govern.errors import Conflict, Denied, GovernError, Invalid, NotFound
from govern.services import audit, outbox
from govern.services.accounts import find_account
from govern.services.message_rights import require
from govern.services.message_views import (
    READABLE,
    VIEW,
    change_message,
    load_message,
    lock_message,
    message_ref,
    readable,
    state_change,
    to_message,
)
from govern.services.paused import list_came_due
from govern.services.pauses import lift_pause
from govern.services.private_reading import without_private_text
from govern.services.send_times import schedule_columns
from govern.services.use_case import use_case
from govern.services.waiting import hold_for_release
from govern.tables import Account as AccountTable
from govern.tables import Message as MessageTable
from govern.tables import Publication

MOST = 200
"""Messages decided about in one request."""
MISSED_FOR = timedelta(days=7)

_WAITING = (
    VIEW
    + " WHERE m.state IN ('approved', 'scheduled') AND p.hold IN ('release_needed', 'zone_changed') AND "
    + READABLE
    + " AND (a.scope = ANY({}) OR m.author = {}) ORDER BY p.due_at, m.number LIMIT 1000"
)
_EXPIRED = (
    VIEW
    + " WHERE m.state = 'expired' AND m.updated_at > {} AND "
    + READABLE
    + " AND (a.scope = ANY({}) OR m.author = {}) ORDER BY m.updated_at DESC LIMIT 100"
)
_COUNT = """
SELECT count(*) AS waiting FROM publication p JOIN message m ON m.id = p.message JOIN account a ON a.id = m.account
 WHERE p.closed_at IS NULL AND p.hold IN ('release_needed', 'zone_changed') AND m.state IN ('approved', 'scheduled')
   AND a.scope = ANY({})
"""
_LOCK_ACCOUNT = "SELECT id FROM account WHERE id = {} FOR NO KEY UPDATE"
_OPEN = "SELECT id FROM publication WHERE message = {} AND closed_at IS NULL"
_TAKEN = """
SELECT wake_at FROM publication
 WHERE account = {} AND closed_at IS NULL AND hold IS NULL AND wake_at > {} AND message <> {}
UNION ALL SELECT max(started_at) FROM attempt WHERE account = {}
"""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A message somebody decides about, by number or id, and the revision they read."""

    message: str
    revision: int


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one decision: its turn, or why nothing was changed."""

    message: str
    due_at: datetime | None = None
    refused: GovernError | None = None


class Lifted(msgspec.Struct, frozen=True, kw_only=True):
    """A pause that is over, and what it left behind. What another pause still stops is in neither number."""

    pause: Pause
    release_needed: int
    expired: int


async def lift(pause_id: UUID, *, reason: str = "", actor: Actor, access: Access, now: datetime) -> Lifted:
    """Lift a pause and decide about all that came due under it: it expires or waits for a person; nothing is sent.

    Each in its own transaction. What a crash leaves undone, the claim does: it asks the same of each message.
    """
    pause = await lift_pause(pause_id, reason=reason, actor=actor, access=access, now=now)
    holds = [await hold_for_release(each, now=now) for each in await list_came_due(pause, now=now)]
    return Lifted(pause=pause, release_needed=holds.count(Hold.RELEASE), expired=holds.count(None))


async def list_waiting(*, actor: Actor, access: Access) -> list[Message]:
    """Return what waits for a decision: where the actor may decide, and the actor's own. DMs of others have no text."""
    values = (*await readable(actor, access), *await _deciding(actor, access))
    return without_private_text([to_message(row) for row in rows(await MessageTable.raw(_WAITING, *values))], actor)


async def list_missed(*, actor: Actor, access: Access, now: datetime) -> list[Message]:
    """Return what expired in the last seven days, where the actor plans and the actor's own. DMs of others have no text."""
    values = (now - MISSED_FOR, *await readable(actor, access), *await _deciding(actor, access))
    return without_private_text([to_message(row) for row in rows(await MessageTable.raw(_EXPIRED, *values))], actor)


async def count_waiting(*, actor: Actor, access: Access) -> int:
    """Return how many decisions are the actor's to take."""
    scopes = sorted(await access.where_can(actor, Action.MESSAGE_SCHEDULE))
    return int(rows(await MessageTable.raw(_COUNT, scopes))[0]["waiting"])


async def release_messages(
    chosen: Sequence[Chosen],
    *,
    at: datetime | None = None,
    zone: str | None = None,
    reason: str | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> list[Released]:
    """Let messages go that wait for their release: from `at` on, or now, two a minute per account, as they are listed.

    Each is a transaction and an entry of its own: what is refused for one changes nothing for the others.

    Raises:
        Invalid: none or too many are chosen, or the reason or the time cannot be kept; nothing was changed.
        Conflict, Denied, NotFound: of the first one, if all were refused.
    """
    if not 0 < len(chosen) <= MOST:
        raise Invalid(reason=f"Choose 1 to {MOST} messages.", field="messages")
    comment = check_reason(reason)
    if at is not None:
        check_schedule(at, now)
    found = []
    for each in chosen:
        try:
            due_at = await release_message(
                each.message,
                revision=each.revision,
                at=at,
                zone=zone,
                reason=comment,
                actor=actor,
                access=access,
                now=now,
            )
        except (Conflict, Denied, NotFound, Invalid) as error:
            found.append(Released(message=each.message, refused=error))
        else:
            found.append(Released(message=each.message, due_at=due_at))
    refused = [each.refused for each in found if each.refused is not None]
    if len(refused) == len(found):
        raise refused[0]
    return found


async def release_message(
    message_id: UUID | str,
    *,
    revision: int,
    at: datetime | None = None,
    zone: str | None = None,
    reason: str | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> datetime:
    """Let one message go that waits for its release, at its turn from `at` or now on; return when that is.

    Raises:
        NotWaiting: it waits for nothing, or for a choice between two times: that is made by scheduling it.
    """
    async with use_case(actor=actor, now=now):
        known = await load_message(message_id)
        await AccountTable.raw(
            _LOCK_ACCOUNT, known.account_id
        )  # turns are given one after the other, and not in a claim
        message = await lock_message(known.id)
        decision = await require(message, Action.MESSAGE_SCHEDULE, called=message_id, actor=actor, access=access)
        check_revision(message.revision.number, revision)
        found = rows(await Publication.raw(_OPEN, message.id))
        if message.hold != Hold.RELEASE.value or not found:
            raise NotWaiting(number=message_number(message.number))
        due_at = await _turn(message, at or now)
        if at is not None:
            await _plan(message, due_at, zone, actor=actor, now=now, decision=decision)
        await Publication.update(_released(message, due_at, now)).where(Publication.id == found[0]["id"])
        await audit.record(
            PublicationReleased(hold=Hold.RELEASE.value, due_at=due_at, comment=check_reason(reason)),
            actor=actor,
            now=now,
            object=message_ref(message),
            refs=(ObjectRef(kind="publication", id=found[0]["id"]),),
            scope=message.scope,
            decision=decision,
        )
        await outbox.enqueue("publish", now=now, due_at=due_at, account=str(message.account_id))
        return due_at


async def _deciding(actor: Actor, access: Access) -> tuple[list[str], UUID | None]:
    return sorted(await access.where_can(actor, Action.MESSAGE_SCHEDULE)), actor.member


async def _turn(message: Message, start: datetime) -> datetime:
    """Return the first moment from `start` on that is 30 s from all else of the account that goes or went."""
    values = (message.account_id, start - PACE, message.id, message.account_id)
    taken = [row["wake_at"] for row in rows(await Publication.raw(_TAKEN, *values)) if row["wake_at"] is not None]
    return free_turns(start, 1, taken)[0]


async def _plan(
    message: Message, at: datetime, zone: str | None, *, actor: Actor, now: datetime, decision: Decision
) -> None:
    """Write the new time of a message that is released for later."""
    account = await find_account(message.account)
    state = next_state(message.state, Event.SCHEDULE)
    await change_message(message, now, state=state.value, **schedule_columns(at, zone or account.zone))
    before = message.scheduled_at.isoformat() if message.scheduled_at else None
    await audit.record(
        MessageScheduled(revision=message.revision.number, scheduled_at=at),
        actor=actor,
        now=now,
        object=message_ref(message),
        scope=message.scope,
        change={**state_change(message, state), "scheduled_at": Change(before=before, after=at.isoformat())},
        decision=decision,
    )


def _released(message: Message, due_at: datetime, now: datetime) -> dict[Any, Any]:
    """Return what its publication is from now on: due at its turn, with a window of its own from then on."""
    return {
        Publication.due_at: due_at,
        Publication.wake_at: due_at,
        Publication.not_after: not_after(message.kind, due_at=due_at, scheduled=message.scheduled_at is not None),
        Publication.next_attempt: uuid7(now),
        Publication.hold: None,
        Publication.hold_reason: None,
        Publication.hold_since: None,
    }
