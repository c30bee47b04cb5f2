"""The clock of a conversation: it starts when somebody writes, and stops when our answer is on X."""

from datetime import datetime
from uuid import UUID

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.answer_times import AnswerTimes
from govern.domain.conversations import OLD_AFTER
from govern.domain.ids import uuid7
from govern.domain.messages import Kind, Message
from govern.domain.publications import XKind
from govern.tables import Conversation

# Whatever the order in which they come: the earliest that waits counts, and what is due first.
_HEARD = """
INSERT INTO conversation AS c (id, account, contact, state, x_kind, has_dm, waiting_since, due_at, newest_at)
VALUES ({}, {}, {}, 'open', {}, {}, {}, {}, {}) ON CONFLICT (account, contact) DO UPDATE SET
  state = 'open',
  x_kind = CASE WHEN excluded.newest_at >= c.newest_at THEN excluded.x_kind ELSE c.x_kind END,
  has_dm = c.has_dm OR excluded.has_dm,
  waiting_since = CASE c.state WHEN 'open' THEN least(c.waiting_since, excluded.waiting_since)
                  ELSE excluded.waiting_since END,
  due_at = CASE c.state WHEN 'open' THEN least(c.due_at, excluded.due_at) ELSE excluded.due_at END,
  newest_at = greatest(c.newest_at, excluded.newest_at), version = c.version + 1
"""
_HEARD_OLD = """
INSERT INTO conversation AS c (id, account, contact, state, x_kind, has_dm, newest_at, closed_for)
VALUES ({}, {}, {}, 'closed', {}, {}, {}, 'old') ON CONFLICT (account, contact) DO UPDATE SET
  has_dm = c.has_dm OR excluded.has_dm
"""
_LOCK_OPEN = """
SELECT id, waiting_since, due_at FROM conversation
 WHERE account = {} AND contact = {} AND state = 'open' FOR NO KEY UPDATE
"""
# What came in after the answer was handed to X is not answered by it.
_SINCE = """
SELECT min(i.written_at) AS since FROM inbound i WHERE i.account = {} AND i.contact = {} AND i.received_at >
  (SELECT max(t.started_at) FROM attempt t JOIN publication p ON p.id = t.publication WHERE p.message = {})
"""
_WAITS_ON = """
UPDATE conversation SET due_at = {}::timestamptz + (due_at - waiting_since), waiting_since = {}, version = version + 1 WHERE id = {}
"""
_ANSWERED = """
UPDATE conversation SET state = 'answered', waiting_since = NULL, due_at = NULL,
       newest_at = greatest(newest_at, {}), version = version + 1 WHERE id = {}
"""
_TIMED = """
INSERT INTO answer_time (id, account, conversation, message, waiting_since, due_at, answered_at)
VALUES ({}, {}, {}, {}, {}, {}, {}) ON CONFLICT (message) DO NOTHING
"""
_WROTE = "SELECT contact FROM inbound WHERE account = {} AND x_kind = 'post' AND x_id = {}"
_DUE = "SELECT due_at FROM conversation WHERE account = {} AND contact = {} AND state = 'open'"


async def start_clock(
    account: Account, contact: UUID, x_kind: XKind, *, written_at: datetime, times: AnswerTimes, now: datetime
) -> None:
    """Have the person wait for an answer since they wrote, in the transaction that keeps what they wrote."""
    private = x_kind is XKind.DM
    if now - written_at > OLD_AFTER:
        old = (uuid7(now), account.id, contact, x_kind.value, private, written_at)
        await Conversation.raw(_HEARD_OLD, *old)
        return
    due = written_at + times.within(account.handle, private=private)
    heard = (uuid7(now), account.id, contact, x_kind.value, private, written_at, due, written_at)
    await Conversation.raw(_HEARD, *heard)


async def stop_clock(message: Message, *, now: datetime) -> None:
    """Have the person wait no more, since this answer is on X; in the transaction that says so.

    The service's own confirmation of an opt-out answers nothing they asked.
    """
    contact = await answered_contact(message)
    if contact is None or message.confirms is not None:
        return
    waiting = rows(await Conversation.raw(_LOCK_OPEN, message.account_id, contact))
    for row in waiting:
        since = rows(await Conversation.raw(_SINCE, message.account_id, contact, message.id))[0]["since"]
        if since is None:
            await Conversation.raw(_ANSWERED, now, row["id"])
        else:
            await Conversation.raw(_WAITS_ON, since, since, row["id"])
        timed = (uuid7(now), message.account_id, row["id"], message.id, row["waiting_since"], row["due_at"], now)
        await Conversation.raw(_TIMED, *timed)


async def answer_due(message: Message) -> datetime | None:
    """Return until when the person this message answers is to be answered; None if it answers nobody who waits."""
    contact = await answered_contact(message)
    if contact is None:
        return None
    waiting = rows(await Conversation.raw(_DUE, message.account_id, contact))
    return waiting[0]["due_at"] if waiting else None


async def answered_contact(message: Message) -> UUID | None:
    """Return whom a message answers: the recipient of a DM, or the author of the post it is about."""
    if message.kind is Kind.DM:
        return message.contact_id
    if message.in_reply_to is None:
        return None
    wrote = rows(await Conversation.raw(_WROTE, message.account_id, int(message.in_reply_to)))
    return wrote[0]["contact"] if wrote else None
