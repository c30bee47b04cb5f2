"""Screening what waits once more: the same outcomes as at the send, which does not rely on it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern import log
from govern.database import rows
from govern.domain.members import Actor, Via, system_actor
from govern.domain.messages import Event, Message, WithdrawnFor, can
from govern.screening.findings import Decision, Family, Finding, strictness
from govern.services.message_views import lock_message
from govern.services.passing import take_back
from govern.services.policies import Policies, newest_digest
from govern.services.screening import Screened, ScreeningFailed, Seen, screen_revision, still_allows
from govern.services.use_case import use_case
from govern.tables import Message as MessageTable
from govern.tables import Screening as ScreeningTable

RESCREENER: Actor = system_actor("rescreen", via=Via.JOB)
PAGE = 100
logger = log.get(__name__)

_SUBMITTED = """
SELECT decision, permission, findings FROM screening
 WHERE revision = {} AND moment = 'submit' ORDER BY created_at DESC, id DESC LIMIT 1
"""
_APPROVED = """
SELECT s.decision, s.permission, s.findings FROM approval ap JOIN screening s ON s.id = ap.screening
 WHERE ap.revision = {} AND ap.verdict = 'approved' AND ap.withdrawn_at IS NULL
"""
_STALE = """
SELECT m.id FROM message m JOIN revision r ON r.message = m.id AND r.number = m.current_revision
 WHERE m.state IN ('pending_approval', 'approved', 'scheduled') AND m.confirms IS NULL AND m.id > {}
   AND (SELECT s.policy_digest FROM screening s WHERE s.revision = r.id ORDER BY s.created_at DESC, s.id DESC LIMIT 1)
       IS DISTINCT FROM {}
 ORDER BY m.id LIMIT {}
"""
_LAST = "SELECT policy_digest FROM screening WHERE revision = {} ORDER BY created_at DESC, id DESC LIMIT 1"
_OF_CONTACT = """
SELECT m.id FROM message m WHERE m.contact = {} AND m.state IN ('pending_approval', 'approved', 'scheduled')
   AND m.confirms IS NULL ORDER BY m.id
"""


async def seen_by(message: Message) -> Sequence[Seen]:
    """Return what those saw who let the current revision pass: its approvers, or else its author."""
    found = rows(await ScreeningTable.raw(_APPROVED, message.revision.id))
    found = found or rows(await ScreeningTable.raw(_SUBMITTED, message.revision.id))
    return [_seen(row) for row in found]


def lost_for(again: Screened, seen: Sequence[Seen]) -> WithdrawnFor:
    """Say why a message must not go any more: the right to write is another one, or screening is."""
    state = again.permission.state.value if again.permission else None
    if any(each.permission != state for each in seen):
        return WithdrawnFor.PERMISSION_LOST
    return WithdrawnFor.SCREENING_CHANGED


def refused_by_x(again: Screened, seen: Sequence[Seen]) -> Finding | None:
    """Return the rule of X that alone keeps a message from going: it waits, for X's contract or our rules may change."""
    kept = [found for found in again.screening.findings if found.family is not Family.X]
    decision = max((found.decision for found in kept), key=strictness, default=Decision.ALLOW)
    without = msgspec.structs.replace(again.screening, findings=tuple(kept), decision=decision)
    if still_allows(again, seen) or not still_allows(msgspec.structs.replace(again, screening=without), seen):
        return None
    return max(
        (found for found in again.screening.findings if found.family is Family.X),
        key=lambda found: strictness(found.decision),
    )


async def rescreen_unsent(*, policies: Policies, page_size: int = PAGE, now: datetime) -> int:
    """Screen every unsent message anew whose last screening was under another policy; return how many.

    Only under the policy that was loaded last: while an older process still runs, it leaves the messages alone.
    """
    digest = policies.screening.digest
    if await newest_digest("screening") not in {None, digest}:
        return 0
    done, last = 0, UUID(int=0)
    while page := rows(await MessageTable.raw(_STALE, last, digest, page_size)):
        for row in page:
            done += await _rescreen_one(row["id"], policies=policies, now=now)
        last = page[-1]["id"]
    return done


async def rescreen_contact(contact: UUID, *, policies: Policies, actor: Actor, now: datetime) -> None:
    """Screen the unsent private messages to a locked contact anew, in the caller's transaction."""
    for row in rows(await MessageTable.raw(_OF_CONTACT, contact)):
        message = await lock_message(row["id"])
        if can(message.state, Event.WITHDRAW):
            await _rescreen(message, policies=policies, actor=actor, now=now)


async def _rescreen_one(message_id: UUID, *, policies: Policies, now: datetime) -> bool:
    async with use_case(actor=RESCREENER, now=now):
        message = await lock_message(message_id)
        known = rows(await ScreeningTable.raw(_LAST, message.revision.id))
        if not can(message.state, Event.WITHDRAW) or (known and known[0]["policy_digest"] == policies.screening.digest):
            return False  # sent, decided or screened while we waited
        try:
            await _rescreen(message, policies=policies, actor=RESCREENER, now=now)
        except ScreeningFailed:  # it stays where it is; the send asks again, and holds it
            logger.warning("rescreen.failed", message=message.number)
            return False
    return True


async def _rescreen(message: Message, *, policies: Policies, actor: Actor, now: datetime) -> None:
    seen = await seen_by(message)
    again = await screen_revision(message, moment="rescreen", actor=actor, policies=policies, now=now)
    if not still_allows(again, seen):
        await take_back(message, lost_for(again, seen), actor=actor, now=now)


def _seen(row: dict[str, object]) -> Seen:
    findings = msgspec.json.decode(str(row["findings"]))
    return msgspec.convert({**row, "decision": Decision(str(row["decision"])), "findings": findings}, Seen)
