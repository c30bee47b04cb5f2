"""From approved to X: planning a publication, moving it, closing it. The sending itself is in `sending.py`."""

from datetime import datetime, timedelta
from uuid import UUID

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.ids import message_number, uuid7
from govern.domain.messages import Event, Message, State, next_state
from govern.domain.publications import Hold, UnknownTwin, not_after, x_kind
from govern.services import outbox
from govern.services.accounts import find_account
from govern.services.lanes import choose_lane
from govern.services.message_views import change_message
from govern.tables import Message as MessageTable
from govern.tables import Publication

FREE = "coalesce(p.hold, '') NOT IN ('release_needed', 'zone_changed')"
"""A publication `p` that a worker may take; the others wait for a person."""
_PLAN = """
INSERT INTO publication (id, message, revision, account, content_digest, lane, due_at, not_after, next_attempt, wake_at,
                         hold, hold_since, x_kind, created_at, tries)
VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, 0)
ON CONFLICT (revision) DO UPDATE
   SET lane = excluded.lane, due_at = excluded.due_at, not_after = excluded.not_after, wake_at = excluded.wake_at,
       next_attempt = excluded.next_attempt, hold = excluded.hold, hold_since = excluded.hold_since,
       hold_reason = NULL, failure = NULL, closed_at = NULL
"""
_DUE = (
    """
SELECT DISTINCT p.account FROM publication p JOIN message m ON m.id = p.message
 WHERE """  # noqa: S608 - constants only
    + FREE
    + """
   AND p.closed_at IS NULL AND p.wake_at <= {} AND m.state IN ('approved', 'scheduled')
   AND NOT EXISTS (SELECT 1 FROM attempt t WHERE t.account = p.account AND t.outcome IS NULL)
 LIMIT 500
"""
)
_TWIN = """
SELECT m.number FROM message m JOIN revision r ON r.message = m.id AND r.number = m.current_revision
 WHERE m.account = {} AND m.id <> {} AND m.state = 'outcome_unknown' AND r.text = {} LIMIT 1
"""


async def plan_publication(
    message: Message, *, undo_window: bool, until: datetime | None = None, now: datetime
) -> None:
    """Put an approved message on its way, in the caller's transaction: at its time, or at once, and not after `until`.

    With `undo_window` a message without a time waits as long as its account lets the approver take the approval back.
    """
    account = await find_account(message.account)
    timed = _timed(message, now)
    due_at = message.scheduled_at if timed and message.scheduled_at else now
    window = _window(account, message, now) if undo_window and not timed else timedelta(0)
    await Publication.raw(
        _PLAN,
        uuid7(now),
        message.id,
        message.revision.id,
        message.account_id,
        message.revision.digest,
        await choose_lane(message, timed=timed),
        due_at,
        until or not_after(message.kind, due_at=due_at, scheduled=timed),
        uuid7(now),
        due_at + window,
        Hold.UNDO.value if window else None,
        now if window else None,
        x_kind(message.kind).value,
        now,
    )
    if timed:
        await change_message(message, now, state=next_state(message.state, Event.SCHEDULE).value)
    await outbox.enqueue("publish", now=now, due_at=due_at + window, account=str(message.account_id))


def on_its_way(message: Message, state: State, *, now: datetime) -> State:
    """Return the state in which `plan_publication` leaves a message that became `state`: its entry tells where it led."""
    return next_state(state, Event.SCHEDULE) if _timed(message, now) else state


def _timed(message: Message, now: datetime) -> bool:
    return message.scheduled_at is not None and message.scheduled_at > now


def _window(account: Account, message: Message, now: datetime) -> timedelta:
    """Return the time to undo; none where the deadline is nearer than a minute."""
    if message.deadline_at is not None and message.deadline_at - now < timedelta(minutes=1):
        return timedelta(0)
    return timedelta(seconds=account.undo_window_seconds)


async def reschedule(message: Message, *, due_at: datetime, now: datetime) -> None:
    """Move an open publication to another time, in the caller's transaction; nothing to do where there is none."""
    moved = (
        await Publication.update(
            {
                Publication.due_at: due_at,
                Publication.wake_at: due_at,
                Publication.not_after: not_after(message.kind, due_at=due_at, scheduled=True),
                Publication.lane: await choose_lane(message, timed=True),
                Publication.hold: None,
                Publication.hold_reason: None,
                Publication.hold_since: None,
            }
        )
        .where((Publication.message == message.id) & Publication.closed_at.is_null())
        .returning(Publication.id)
    )
    if moved:
        await outbox.enqueue("publish", now=now, due_at=due_at, account=str(message.account_id))


async def close_unsent(message: Message, *, now: datetime, failure: str | None = None) -> None:
    """Close the open publication of a message that will not go out, in the caller's transaction."""
    await Publication.update(
        {
            Publication.closed_at: now,
            Publication.failure: failure,
            Publication.hold: None,
            Publication.hold_reason: None,
            Publication.hold_since: None,
        }
    ).where((Publication.message == message.id) & Publication.closed_at.is_null())


async def refuse_unknown_twin(message: Message) -> None:
    """Refuse a text whose twin may be out already.

    Raises:
        UnknownTwin: the same account has the same text with an unknown outcome.
    """
    twins = rows(await MessageTable.raw(_TWIN, message.account_id, message.id, message.revision.text))
    if twins:
        raise UnknownTwin(number=message_number(twins[0]["number"]))


async def accounts_due(*, now: datetime) -> list[UUID]:
    """Return the accounts that have something due and nothing in flight."""
    return [row["account"] for row in rows(await Publication.raw(_DUE, now))]
