"""Up to where each account was read, when it is due to be read again, and what X could not show any more."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.audit import InboundGap, ObjectRef
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.services import audit
from govern.services.use_case import use_case
from govern.tables import PollCursor

MENTIONS, PRIVATE = "mentions", "dms"
SOURCES = (MENTIONS, PRIVATE)
X_MENTIONS, X_KEEPS_DMS = 800, timedelta(days=30)
"""X shows the last 800 mentions, and DMs of 30 days."""
GAP_SHOWN = timedelta(days=7)
_LIVE = timedelta(hours=2)
"""Webhooks count for so long after they were last compared with X: twice the pause of that comparison."""
_TIMES = {MENTIONS: 1, PRIVATE: 2}
_WITH_WEBHOOKS = 15

_CURSOR = """
INSERT INTO poll_cursor AS c (id, account, source, newest, polled_at) VALUES ({}, {}, {}, {}, {})
ON CONFLICT (account, source) DO UPDATE SET newest = greatest(c.newest, excluded.newest),
  polled_at = CASE WHEN {} THEN excluded.polled_at ELSE c.polled_at END,
  wanted_at = CASE WHEN {} AND c.wanted_at <= excluded.polled_at THEN NULL ELSE c.wanted_at END
"""
_CURSORS = """
SELECT c.source, c.newest::text AS newest, c.polled_at, c.wanted_at FROM poll_cursor c WHERE c.account = {}
"""
_TOLD = "SELECT 1 FROM subscription WHERE account = {} AND fault IS NULL AND checked_at > {} AND {} = ANY(events)"
_WANT = "UPDATE poll_cursor SET wanted_at = {} WHERE account = {} AND wanted_at IS NULL"
_GAP = "UPDATE poll_cursor SET gap_at = {}, gap_since = {} WHERE account = {} AND source = {}"
_GAPS = """
SELECT a.handle AS account, c.source, c.gap_at, c.gap_since FROM poll_cursor c JOIN account a ON a.id = c.account
 WHERE c.gap_at > {} AND a.scope = ANY({}) ORDER BY c.gap_at DESC
"""
_EVENT_OF = {MENTIONS: "post.mention.create", PRIVATE: "dm.received"}


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a source of an account was read."""

    source: str
    newest: str | None
    polled_at: datetime
    wanted_at: datetime | None


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """What X could not show any more."""

    account: str
    source: str
    gap_at: datetime
    gap_since: datetime


async def newest_read(account: UUID, source: str) -> str | None:
    """Return the newest X id a source was read up to."""
    cursor = (await _cursors(account)).get(source)
    return cursor.newest if cursor else None


async def due_sources(account: UUID, *, every: timedelta, now: datetime) -> list[str]:
    """Return which sources of an account are due to be read; `every` is the pause between polls of mentions."""
    cursors = await _cursors(account)
    return [source for source in SOURCES if await _is_due(account, source, cursors.get(source), every, now)]


async def want_poll(account: UUID, *, actor: Actor, now: datetime) -> None:
    """Have an account read before its time: something hints that there is more than we know."""
    async with use_case(actor=actor, now=now):
        await PollCursor.raw(_WANT, now, account)


async def move_cursor(account: UUID, source: str, newest: int | None, *, done: bool, now: datetime) -> None:
    """Move a cursor forward, in the transaction that stored what is behind it; `done` once a poll stored all it read."""
    await PollCursor.raw(_CURSOR, uuid7(now), account, source, newest, now, done, done)


async def record_gap(account: Account, source: str, since: datetime, *, actor: Actor, now: datetime) -> None:
    """Say that X could not show all that was written since the poll before."""
    async with use_case(actor=actor, now=now):
        await PollCursor.raw(_GAP, now, since, account.id, source)
        await audit.record(
            InboundGap(source=source, since=since),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=account.id),
            scope=account.scope,
        )


async def find_gap(account: UUID, source: str, *, read: int, now: datetime) -> datetime | None:
    """Return since when a poll that read so many may have missed some: X shows no more than so many, for so long.

    None: it has missed nothing; a first poll has nothing to miss. Asked before what it read is stored.
    """
    cursor = (await _cursors(account)).get(source)
    if cursor is None or cursor.newest is None:
        return None
    missed = read >= X_MENTIONS if source == MENTIONS else now - cursor.polled_at > X_KEEPS_DMS
    return cursor.polled_at if missed else None


async def list_gaps(scopes: frozenset[str], *, now: datetime) -> list[Gap]:
    """Return the gaps of the last week at these accounts, newest first."""
    found = await PollCursor.raw(_GAPS, now - GAP_SHOWN, sorted(scopes))
    return [msgspec.convert(row, Gap) for row in rows(found)]


async def told_at_once(account: UUID, source: str, *, now: datetime) -> bool:
    """Tell whether webhooks bring us this account's mentions, or DMs."""
    return bool(rows(await PollCursor.raw(_TOLD, account, now - _LIVE, _EVENT_OF[source])))


async def _is_due(account: UUID, source: str, cursor: Cursor | None, every: timedelta, now: datetime) -> bool:
    if cursor is None or cursor.wanted_at is not None:
        return True
    times = _WITH_WEBHOOKS if await told_at_once(account, source, now=now) else _TIMES[source]
    return now - cursor.polled_at >= every * times


async def _cursors(account: UUID) -> dict[str, Cursor]:
    found = [msgspec.convert(row, Cursor) for row in rows(await PollCursor.raw(_CURSORS, account))]
    return {cursor.source: cursor for cursor in found}
