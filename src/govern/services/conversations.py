"""What people outside wrote to us: mentions and DMs, stored once, and the right to answer they open."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Action, Target
from govern.domain.audit import ConversationDmRead, InboundReceived, ObjectRef
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.publications import XKind
from govern.services import audit, contacts
from govern.services.listening import record_inbound
from govern.services.policies import Policies
from govern.services.use_case import use_case
from govern.tables import Inbound, PollCursor
from govern.xapi.client import DmEvent, Mention

_VIEW = """
SELECT i.id, a.handle AS account, a.scope, c.handle AS contact_handle, c.name AS contact_name, i.x_kind,
       i.x_id::text AS x_id, CASE i.x_kind WHEN 'dm' THEN '' ELSE i.text END AS text, i.written_at
  FROM inbound i JOIN account a ON a.id = i.account JOIN contact c ON c.id = i.contact
"""
_ONE = _VIEW + " WHERE i.account = {} AND i.x_id = {} AND i.x_kind = 'post'"
_LIST = (
    _VIEW
    + """
 WHERE ({}::text IS NULL OR lower(a.handle) = lower({})) AND (a.scope = ANY({}) OR (i.x_kind = 'post' AND a.scope = ANY({})))
 ORDER BY i.written_at DESC, i.id DESC LIMIT {}
"""
)
_THREAD = """
SELECT 'in' AS way, i.text, i.written_at AS at FROM inbound i
 WHERE i.account = {} AND i.contact = {} AND i.x_kind = 'dm'
UNION ALL
SELECT 'out', r.text, p.closed_at FROM publication p
  JOIN message m ON m.id = p.message JOIN revision r ON r.id = p.revision
 WHERE m.account = {} AND m.contact = {} AND m.kind = 'dm' AND p.x_id IS NOT NULL
 ORDER BY 3 DESC LIMIT 20
"""
_INSERT = """
INSERT INTO inbound (id, account, contact, x_kind, x_id, text, in_reply_to, written_at, received_at)
VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}) ON CONFLICT (account, x_kind, x_id) DO NOTHING RETURNING id
"""
_CURSOR = """
INSERT INTO poll_cursor (id, account, source, newest, polled_at) VALUES ({}, {}, {}, {}, {})
ON CONFLICT (account, source) DO UPDATE
   SET newest = greatest(poll_cursor.newest, excluded.newest), polled_at = excluded.polled_at
"""


class InboundView(msgspec.Struct, frozen=True, kw_only=True):
    """One mention or DM we received."""

    id: UUID
    account: str
    scope: str
    contact_handle: str
    contact_name: str
    x_kind: str
    x_id: str
    text: str
    written_at: datetime


class ThreadItem(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a private thread; `way` is `in` or `out`."""

    way: str
    text: str
    at: datetime


async def find_inbound(account: UUID, x_id: str) -> InboundView | None:
    """Return the mention an answer is about, if we received it."""
    found = rows(await Inbound.raw(_ONE, account, int(x_id)))
    return msgspec.convert(found[0], InboundView) if found else None


async def list_inbound(
    *, account: str | None = None, actor: Actor, access: Access, limit: int = 50
) -> list[InboundView]:
    """Return what people wrote to the accounts the actor reads, newest first; DMs only where DMs may be read.

    A DM comes without its text: reading that is `read_thread`, and an entry of the log.
    """
    public = sorted(await access.where_can(actor, Action.CONVERSATION_READ))
    private = sorted(await access.where_can(actor, Action.CONVERSATION_READ_DM))
    found = await Inbound.raw(_LIST, account, account, private, public, min(limit, 200))
    return [msgspec.convert(row, InboundView) for row in rows(found)]


async def read_thread(
    account: Account, contact: UUID, *, actor: Actor, access: Access, now: datetime
) -> list[ThreadItem]:
    """Return the last messages of a private thread, oldest first, for who may read DMs there; it is recorded."""
    async with use_case(actor=actor, now=now):
        decision = await access.require(actor, Action.CONVERSATION_READ_DM, Target(scope=account.scope))
        found = rows(await Inbound.raw(_THREAD, account.id, contact, account.id, contact))
        await audit.record(
            ConversationDmRead(messages=len(found)),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=account.id),
            refs=(ObjectRef(kind="contact", id=contact),),
            scope=account.scope,
            decision=decision,
        )
        return [msgspec.convert(row, ThreadItem) for row in reversed(found)]


async def newest_read(account: UUID, source: str) -> str | None:
    """Return the newest X id a source was read up to."""
    row = (
        await PollCursor.select(PollCursor.newest)
        .where((PollCursor.account == account) & (PollCursor.source == source))
        .first()
    )
    return str(row["newest"]) if row and row["newest"] is not None else None


async def store_mentions(
    account: Account, mentions: Sequence[Mention], *, policies: Policies, actor: Actor, now: datetime
) -> int:
    """Keep mentions we have not seen and move the cursor, in one transaction; returns how many were new."""
    new = 0
    async with use_case(actor=actor, now=now):
        for mention in mentions:
            new += await _store(account, _from_mention(mention), policies=policies, actor=actor, now=now)
        newest = max((int(mention.x_id) for mention in mentions), default=None)
        await Inbound.raw(_CURSOR, uuid7(now), account.id, "mentions", newest, now)
    return new


async def store_dms(
    account: Account, events: Sequence[DmEvent], *, policies: Policies, actor: Actor, now: datetime
) -> int:
    """Keep DMs we received; each opens or extends the account's service window for that person, and may say stop."""
    new = 0
    async with use_case(actor=actor, now=now):
        for event in events:
            if event.sender_id != account.x_user_id:
                new += await _store(account, _from_dm(event), policies=policies, actor=actor, now=now)
        newest = max((int(event.x_id) for event in events), default=None)
        await Inbound.raw(_CURSOR, uuid7(now), account.id, "dms", newest, now)
    return new


class _Received(msgspec.Struct, frozen=True, kw_only=True):
    x_kind: XKind
    x_id: str
    author_id: str
    handle: str | None
    name: str
    text: str
    in_reply_to: str | None
    written_at: datetime


def _from_mention(mention: Mention) -> _Received:
    return _Received(
        x_kind=XKind.POST,
        x_id=mention.x_id,
        author_id=mention.author_id,
        handle=mention.author_handle,
        name=mention.author_name or "",
        text=mention.text,
        in_reply_to=mention.in_reply_to,
        written_at=mention.created_at,
    )


def _from_dm(event: DmEvent) -> _Received:
    return _Received(
        x_kind=XKind.DM,
        x_id=event.x_id,
        author_id=event.sender_id,
        handle=event.sender_handle,
        name=event.sender_name or "",
        text=event.text,
        in_reply_to=None,
        written_at=event.created_at,
    )


async def _store(account: Account, received: _Received, *, policies: Policies, actor: Actor, now: datetime) -> int:
    contact = await contacts.contact_from_x(
        x_user_id=received.author_id,
        handle=received.handle,
        name=received.name,
        scope=account.scope,
        actor=actor,
        now=now,
    )
    await contacts.lock_contact(contact.id)
    inbound_id = uuid7(now)
    added = rows(
        await Inbound.raw(
            _INSERT,
            inbound_id,
            account.id,
            contact.id,
            received.x_kind.value,
            int(received.x_id),
            received.text,
            int(received.in_reply_to) if received.in_reply_to else None,
            received.written_at,
            now,
        )
    )
    if not added:
        return 0
    await audit.record(
        InboundReceived(contact=contact.id, account=account.id, kind=received.x_kind.value, x_id=received.x_id),
        actor=actor,
        now=now,
        object=ObjectRef(kind="inbound", id=inbound_id),
        refs=(ObjectRef(kind="contact", id=contact.id),),
        scope=account.scope,
    )
    await record_inbound(
        account,
        contact.id,
        received.x_kind,
        x_id=received.x_id,
        text=received.text,
        is_reply=received.in_reply_to is not None,
        written_at=received.written_at,
        policies=policies,
        actor=actor,
        now=now,
    )
    return 1
