"""The desk "Outcome unknown": what is known of each attempt nobody answered, and what X showed since."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Target
from govern.domain.ids import message_number
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message
from govern.domain.readings import Reading, may_settle, next_reading
from govern.errors import N_, NotFound
from govern.services.message_rights import require
from govern.services.message_views import AttemptView, get_message, list_attempts
from govern.services.outcomes import list_unknown
from govern.services.private_reading import record_shown
from govern.services.readings import LastSeen, last_seen, list_readings
from govern.services.use_case import use_case
from govern.tables import Attempt, Publication

_OPEN = """
SELECT t.id, t.finished_at, p.x_kind, p.id AS publication FROM attempt t JOIN publication p ON p.id = t.publication
 WHERE p.message = {} AND t.outcome = 'unknown' AND t.resolved IS NULL ORDER BY t.started_at DESC LIMIT 1
"""
_OURS = """
SELECT p.x_id::text AS x_id, m.number FROM publication p JOIN message m ON m.id = p.message
 WHERE p.x_kind = {} AND p.x_id = ANY({}) AND p.id <> {}
"""


class NotUnknown(NotFound):
    code = "publication.not_unknown"
    template = N_("The outcome of {name} is known.")


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose outcome nobody knows, with what was read of X since; `next_at` is None if a person decides now."""

    message: Message
    since: datetime
    readings: Sequence[Reading]
    next_at: datetime | None
    may_settle: bool

    @property
    def fits(self) -> frozenset[str]:
        """The ids that the last reading found to be this message."""
        read = [each for each in self.readings if each.fault is None]
        return frozenset(map(str, read[-1].matched)) if read else frozenset()


class UnknownInFull(msgspec.Struct, frozen=True, kw_only=True):
    """The same with its attempts and what X showed; `ours` are the numbers of the messages that some of it is."""

    unknown: Unknown
    attempts: Sequence[AttemptView]
    seen: LastSeen | None
    ours: dict[str, str]
    hides_thread: bool
    """The words of the other side are kept from who may not read DMs."""


async def list_outcomes_unknown(*, delays: Sequence[timedelta], actor: Actor, access: Access) -> list[Unknown]:
    """Return what the actor may settle, oldest first; DMs of others come without their text."""
    scopes = await access.where_can(actor, Action.MESSAGE_SETTLE)
    found = [each for each in await list_unknown(actor=actor, access=access) if each.scope in scopes]
    opened = [await _open(each, delays) for each in found]
    return [each for each in opened if each is not None]


async def get_outcome_unknown(
    message_id: UUID | str, *, delays: Sequence[timedelta], actor: Actor, access: Access, now: datetime
) -> UnknownInFull:
    """Return one with all that is known of it. Showing a private thread is an entry of the log.

    Raises:
        UnknownMessage: there is none, or the actor may not read it.
        NotUnknown: it was settled, or never lost.
    """
    message = await get_message(message_id, actor=actor, access=access, now=now)
    async with use_case(actor=actor, now=now):
        await require(message, Action.MESSAGE_SETTLE, called=message_id, actor=actor, access=access)
        unknown = await _open(message, delays)
        if unknown is None:
            raise NotUnknown(name=message_number(message.number))
        row = rows(await Attempt.raw(_OPEN, message.id))[0]
        seen, hidden = await last_seen(row["id"]), False
        if seen is not None and message.kind is Kind.DM:
            hidden = not await access.allows(actor, Action.CONVERSATION_READ_DM, Target(scope=message.scope))
            if hidden:
                ours = tuple(each for each in seen.items if each.ours)
                seen = msgspec.structs.replace(seen, items=ours)
            elif message.author == actor.member:  # of others' messages the look was recorded above
                await record_shown([message], actor=actor, now=now)
        return UnknownInFull(
            unknown=unknown,
            attempts=await list_attempts(message.id),
            seen=seen,
            ours=await _ours(row, seen),
            hides_thread=hidden,
        )


async def _open(message: Message, delays: Sequence[timedelta]) -> Unknown | None:
    found = rows(await Attempt.raw(_OPEN, message.id))
    if not found:
        return None
    readings = await list_readings(found[0]["id"])
    return Unknown(
        message=message,
        since=found[0]["finished_at"],
        readings=readings,
        next_at=next_reading(found[0]["finished_at"], readings, delays),
        may_settle=may_settle(readings),
    )


async def _ours(row: dict[str, object], seen: LastSeen | None) -> dict[str, str]:
    x_ids = [int(each.x_id) for each in seen.items] if seen else []
    found = rows(await Publication.raw(_OURS, row["x_kind"], x_ids, row["publication"]))
    return {each["x_id"]: message_number(each["number"]) for each in found}
