"""What people outside wrote to us, shown to whom it may be shown."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Action, Target
from govern.domain.audit import ConversationDmRead, ObjectRef
from govern.domain.members import Actor
from govern.services import audit
from govern.services.use_case import use_case
from govern.tables import Inbound

_VIEW = """
SELECT i.id, a.handle AS account, a.scope, c.handle AS contact_handle, c.name AS contact_name, i.x_kind,
       i.x_id::text AS x_id, CASE i.x_kind WHEN 'dm' THEN '' ELSE i.text END AS text, i.written_at
  FROM inbound i JOIN account a ON a.id = i.account JOIN contact c ON c.id = i.contact
"""
_ONE = _VIEW + " WHERE i.account = {} AND i.x_id = {} AND i.x_kind = 'post'"
_LIST = (
    _VIEW
    + """
 WHERE i.erased_at IS NULL AND ({}::text IS NULL OR lower(a.handle) = lower({}))
   AND (a.scope = ANY({}) OR (i.x_kind = 'post' AND a.scope = ANY({})))
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
