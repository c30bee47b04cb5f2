"""One conversation as a timeline: what the person wrote and what we answered, in public and in private."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Decision, Target
from govern.domain.audit import ConversationDmRead, ObjectRef
from govern.domain.conversations import Conversation, UnknownConversation
from govern.domain.members import Actor
from govern.domain.messages import State
from govern.errors import Denied
from govern.services import audit
from govern.services.conversation_lists import VIEW, readable
from govern.services.use_case import about, use_case
from govern.tables import Conversation as ConversationTable

_BY_ID = VIEW + " WHERE c.id = {}"
_HAS_POST = "SELECT 1 FROM inbound WHERE account = {} AND contact = {} AND x_kind = 'post' LIMIT 1"
# Private texts leave the database only where they were asked for, which is recorded. Newest first, then turned.
_ITEMS = """
SELECT * FROM (
  SELECT 'in' AS way, i.x_kind, i.x_id::text AS x_id, i.written_at AS at, NULL::bigint AS number, NULL AS state,
         NULL AS author, i.erased_at IS NOT NULL AS erased,
         CASE WHEN i.x_kind = 'post' OR {} THEN i.text ELSE '' END AS text
    FROM inbound i WHERE i.account = {} AND i.contact = {}
  UNION ALL
  SELECT 'out', CASE m.kind WHEN 'dm' THEN 'dm' ELSE 'post' END, p.x_id::text,
         coalesce(p.closed_at, m.updated_at), m.number, m.state, coalesce(w.name, 'govern'), false,
         CASE WHEN m.kind <> 'dm' OR {} THEN r.text ELSE '' END
    FROM message m JOIN revision r ON r.message = m.id AND r.number = m.current_revision
    LEFT JOIN member w ON w.id = m.author
    LEFT JOIN LATERAL (SELECT x_id, closed_at FROM publication WHERE message = m.id
                        ORDER BY created_at DESC LIMIT 1) p ON true
   WHERE m.account = {} AND (m.contact = {} OR m.in_reply_to IN
     (SELECT q.x_id FROM inbound q WHERE q.account = {} AND q.contact = {} AND q.x_kind = 'post'))
) AS said ORDER BY at DESC, x_id DESC NULLS FIRST LIMIT {}
"""
MOST = 100


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said; `way` is `in` or `out`. The text of a private one is empty unless it was asked for."""

    way: str
    x_kind: str
    x_id: str | None
    at: datetime
    text: str
    erased: bool
    number: int | None
    """Of our own: the message's number."""
    state: State | None
    author: str | None


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation and what was said in it, oldest first."""

    conversation: Conversation
    said: tuple[Said, ...]
    private: bool
    """Whether private texts are in it."""


async def read_conversation(
    conversation: UUID, *, private: bool = False, actor: Actor, access: Access, now: datetime
) -> Thread:
    """Return a conversation. Reading what is private in it is asked for, decided, and an entry of the log.

    Raises:
        UnknownConversation: there is none, or the actor may not read it.
        Denied: they may not read private messages there.
    """
    async with use_case(actor=actor, now=now):
        found, decision = await _open(conversation, private=private, actor=actor, access=access)
        said = await _said(found, private=private)
        if private:
            await audit.record(
                ConversationDmRead(messages=sum(each.x_kind == "dm" for each in said)),
                actor=actor,
                now=now,
                object=ObjectRef(kind="account", id=found.account_id),
                refs=(ObjectRef(kind="contact", id=found.contact),),
                scope=found.scope,
                decision=decision,
            )
    return Thread(conversation=found, said=said, private=private)


async def load_conversation(conversation: UUID) -> Conversation:
    """Return a conversation, without asking who wants to know; for the services themselves.

    Raises:
        UnknownConversation
    """
    found = rows(await ConversationTable.raw(_BY_ID, conversation))
    if not found:
        raise UnknownConversation
    return msgspec.convert(found[0], Conversation)


async def refuse_unread(found: Conversation, denied: Denied, *, actor: Actor, access: Access) -> None:
    """Say of a conversation the actor may not read that there is none."""
    if not await _may_know(found, actor, access):
        denied.unseen = UnknownConversation()


async def _open(conversation: UUID, *, private: bool, actor: Actor, access: Access) -> tuple[Conversation, Decision]:
    found = await load_conversation(conversation)
    about(ObjectRef(kind="conversation", id=found.id))
    wanted = Action.CONVERSATION_READ_DM if private else Action.CONVERSATION_READ
    try:
        decision = await access.require(actor, wanted, Target(scope=found.scope))
    except Denied as denied:
        await refuse_unread(found, denied, actor=actor, access=access)
        raise
    if not await _may_know(found, actor, access):
        raise UnknownConversation
    return found, decision


async def _may_know(found: Conversation, actor: Actor, access: Access) -> bool:
    private, public = await readable(actor, access)
    if found.scope in private:
        return True
    if found.scope not in public:
        return False
    return bool(rows(await ConversationTable.raw(_HAS_POST, found.account_id, found.contact)))


async def _said(found: Conversation, *, private: bool) -> tuple[Said, ...]:
    ours, them = found.account_id, found.contact
    said = await ConversationTable.raw(_ITEMS, private, ours, them, private, ours, them, ours, them, MOST)
    return tuple(msgspec.convert(row, Said) for row in reversed(rows(said)))
