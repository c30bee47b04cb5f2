"""What was read of X about attempts: which reading is due, what there is to read, what the last one saw."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.matching import Seen, Sought, floor_of
from govern.domain.messages import Kind, Message
from govern.domain.publications import Outcome, XKind
from govern.domain.readings import AT_ONCE, LOOK_BACK, Reading, next_reading
from govern.domain.reply_levels import is_dot_reply
from govern.services.accounts import find_account
from govern.services.contacts import get_contact
from govern.services.message_views import load_message
from govern.tables import Attempt, AttemptRead, AttemptSeen

_READ = """
SELECT n, read_at AS at, result, counts, seen, matched, fault, again_at FROM attempt_read WHERE attempt = {} ORDER BY n
"""
# Newest first: what waits at the desk for long must not keep the readings of today waiting.
_OPEN = """
SELECT t.id, t.finished_at, t.outcome,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('n', r.n, 'at', r.read_at, 'result', r.result, 'counts', r.counts,
               'again_at', r.again_at) ORDER BY r.n), '[]') FROM attempt_read r WHERE r.attempt = t.id) AS readings
  FROM attempt t
 WHERE (t.outcome = 'unknown' AND t.resolved IS NULL) OR (t.outcome = 'refused' AND t.duplicate AND t.finished_at > {})
 ORDER BY t.finished_at DESC LIMIT 500
"""
_ASKED = """
SELECT t.id, t.publication, t.account, t.outcome, t.resolved, t.duplicate, t.finished_at, a.handle, p.message, p.x_kind,
       (SELECT min(e.started_at) FROM attempt e
         WHERE e.publication = t.publication AND (e.id = t.id OR e.outcome = 'unknown')) AS since,
       (SELECT coalesce(max(e.clock_offset_ms), 0) FROM attempt e WHERE e.publication = t.publication) AS offset_ms,
       (SELECT count(*) FROM attempt_read r WHERE r.attempt = t.id) AS reads
  FROM attempt t JOIN publication p ON p.id = t.publication JOIN account a ON a.id = t.account WHERE t.id = {}
"""
_SEEN = "SELECT read_at AS at, items FROM attempt_seen WHERE attempt = {}"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What X is asked about an attempt, as it stood when it was asked; `reads` is how often before.

    `since` is in our time, `clock_offset` how far X's clock was behind it. `looks_back`: X refused it as a duplicate,
    and its twin is looked for.
    """

    attempt: UUID
    message: UUID
    account: Account
    contact: str | None
    """Of a DM: the person, by their id on X."""
    sought: Sought
    since: datetime
    clock_offset: timedelta
    reads: int
    looks_back: bool

    def floor(self, clock_offset: timedelta) -> datetime:
        """Return from when on X is read, if its clock is so far behind ours."""
        return floor_of(self.since, max(clock_offset, self.clock_offset))


class LastSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What the last reading saw, oldest first."""

    at: datetime
    items: tuple[Seen, ...]


async def list_readings(attempt: UUID) -> list[Reading]:
    """Return every reading about an attempt, oldest first."""
    return [msgspec.convert(row, Reading) for row in rows(await AttemptRead.raw(_READ, attempt))]


async def readings_due(*, delays: Sequence[timedelta], now: datetime) -> list[UUID]:
    """Return the attempts about which X is to be read now."""
    found = rows(await Attempt.raw(_OPEN, now - timedelta(hours=1)))
    return [row["id"] for row in found if (due := _due(row, delays)) is not None and due <= now]


def _due(row: dict[str, object], delays: Sequence[timedelta]) -> datetime | None:
    readings = msgspec.json.decode(str(row["readings"]), type=list[Reading])
    finished_at = msgspec.convert(row["finished_at"], datetime)
    return next_reading(finished_at, readings, delays if row["outcome"] == Outcome.UNKNOWN else AT_ONCE)


async def find_question(attempt: UUID) -> Question | None:
    """Return what is to be read about an attempt; None if nothing is open any more."""
    found = rows(await Attempt.raw(_ASKED, attempt))
    if not found or not is_open(found[0]):
        return None
    row = found[0]
    message = await load_message(row["message"])
    looks_back = row["outcome"] == Outcome.REFUSED
    contact = await get_contact(message.contact_id) if row["x_kind"] == XKind.DM and message.contact_id else None
    return Question(
        attempt=attempt,
        message=message.id,
        account=await find_account(row["handle"]),
        contact=contact.x_user_id if contact else None,
        sought=sought_of(message),
        since=row["since"] - (LOOK_BACK if looks_back else timedelta(0)),
        clock_offset=timedelta(milliseconds=row["offset_ms"]),
        reads=row["reads"],
        looks_back=looks_back,
    )


def is_open(row: dict[str, object]) -> bool:
    """Tell whether what became of an attempt is still a question: or where the twin of a duplicate stands."""
    if row["outcome"] == Outcome.UNKNOWN:
        return row["resolved"] is None
    return row["outcome"] == Outcome.REFUSED and bool(row["duplicate"])


def sought_of(message: Message) -> Sought:
    """Return what was handed to X, as it is compared with what X shows."""
    quotes = message.kind is Kind.QUOTE
    answers = not quotes and not is_dot_reply(message.kind, message.reply_level)
    return Sought(
        text=message.revision.text,
        in_reply_to=message.in_reply_to if answers else None,
        quote_of=message.in_reply_to if quotes else None,
        media=len(message.revision.images),
    )


async def last_seen(attempt: UUID) -> LastSeen | None:
    """Return what the last reading saw, to a caller who may read the account and, of a DM, the thread."""
    found = rows(await AttemptSeen.raw(_SEEN, attempt))
    if not found:
        return None
    items = msgspec.json.decode(str(found[0]["items"]), type=tuple[Seen, ...])
    return LastSeen(at=found[0]["at"], items=items)
