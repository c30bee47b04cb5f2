"""The desk: what nobody knows about a message, a person settles."""

from datetime import datetime, timedelta
from uuid import UUID

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action
from govern.domain.drafts import MAX_REASON, BadTarget, ReasonRequired
from govern.domain.members import Actor
from govern.domain.messages import Event, Message, next_state
from govern.domain.publications import ANSWER_WINDOW, Settlement
from govern.domain.readings import NotReadYet, may_settle
from govern.errors import N_, Conflict
from govern.services import outbox
from govern.services.attempts import AttemptRow, read_attempt
from govern.services.message_rights import require
from govern.services.message_views import (
    READABLE,
    VIEW,
    lock_message,
    readable,
    to_message,
)
from govern.services.private_reading import without_private_text
from govern.services.readings import last_seen, list_readings
from govern.services.settling import known_elsewhere, settle
from govern.services.use_case import use_case
from govern.tables import Attempt
from govern.tables import Message as MessageTable

JUST_NOW = timedelta(seconds=10)
CHOSEN = "Chosen from what X showed."

_OPEN_UNKNOWN = """
SELECT t.id FROM attempt t JOIN publication p ON p.id = t.publication
 WHERE p.message = {} AND t.outcome = 'unknown' AND t.resolved IS NULL ORDER BY t.started_at DESC LIMIT 1
"""
_UNKNOWN = VIEW + " WHERE m.state = 'outcome_unknown' AND " + READABLE + " ORDER BY m.updated_at"


class SettledMeanwhile(Conflict):
    code = "publication.settled_meanwhile"
    template = N_("The outcome of this message was settled a moment ago. Nothing of yours was saved.")


class AnotherMessage(Conflict):
    code = "publication.x_id_taken"
    template = N_("{x_id} is another message of ours on X. Look again which one this became.")


async def list_unknown(*, actor: Actor, access: Access) -> list[Message]:
    """Return the messages whose outcome nobody knows, of those the actor may read, oldest first.

    DMs of others come without their text: reading one is `get_message`, and an entry of the log.
    """
    found = rows(await MessageTable.raw(_UNKNOWN, *await readable(actor, access)))
    return without_private_text([to_message(row) for row in found], actor)


async def settle_outcome(
    message_id: UUID | str,
    *,
    is_out: bool,
    x_id: str | None = None,
    reason: str = "",
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Say what became of a message whose outcome is unknown: it is out, or it is not out and goes once more.

    A post that the last reading showed needs no reason; anything else does.

    Raises:
        ReasonRequired, BadTarget: what was said cannot be kept.
        NotReadYet: X was not read since; it may still show it.
        SettledMeanwhile: somebody else, or a late answer of X, was faster.
        AnotherMessage: `x_id` is another message of ours.
    """
    x_id = _check_id(x_id if is_out else None)
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await require(message, Action.MESSAGE_SETTLE, called=message_id, actor=actor, access=access)
        settlement = Settlement.SENT if is_out else Settlement.NOT_SENT
        next_state(message.state, Event.SETTLE_SENT if is_out else Event.SETTLE_NOT_SENT)
        row = await _open_question(message, x_id)
        if not may_settle(await list_readings(row.id)):
            raise NotReadYet
        comment = reason.strip()[:MAX_REASON] or await _chosen(row, x_id)
        return await settle(
            message,
            row,
            settlement,
            comment,
            x_id=x_id,
            not_after=None if is_out else now + ANSWER_WINDOW,
            comment=comment,
            actor=actor,
            decision=decision,
            now=now,
        )


async def ask_reading(message_id: UUID | str, *, actor: Actor, access: Access, now: datetime) -> None:
    """Have X read again now; a reading of a moment ago is not repeated.

    Raises:
        IllegalTransition, SettledMeanwhile: there is nothing to learn any more.
    """
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        await require(message, Action.MESSAGE_SETTLE, called=message_id, actor=actor, access=access)
        next_state(message.state, Event.SETTLE_SENT)
        row = await _open_question(message, None)
        before = await list_readings(row.id)
        if not before or now - before[-1].at > JUST_NOW:
            await outbox.enqueue("reconcile", now=now, attempt=str(row.id))


def _check_id(x_id: str | None) -> str | None:
    if x_id is not None and not (x_id.isascii() and x_id.isdigit() and int(x_id) < 2**63):
        raise BadTarget(value=x_id[:40], field="x_id")
    return x_id


async def _chosen(row: AttemptRow, x_id: str | None) -> str:
    """Say in place of a reason that X showed what was chosen."""
    seen = await last_seen(row.id)
    if x_id is None or seen is None or x_id not in {each.x_id for each in seen.items if each.ours}:
        raise ReasonRequired(why="it is kept as the ground of what you decided", field="reason")
    return CHOSEN


async def _open_question(message: Message, x_id: str | None) -> AttemptRow:
    found = rows(await Attempt.raw(_OPEN_UNKNOWN, message.id))
    if not found:
        raise SettledMeanwhile
    row = await read_attempt(found[0]["id"])
    if x_id is not None and await known_elsewhere(row, [int(x_id)]):
        raise AnotherMessage(x_id=x_id, field="x_id")
    return row
