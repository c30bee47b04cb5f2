"""What X says of posts we keep: a deleted one is erased here, a changed one is changed here, within a day."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.audit import InboundErased, InboundUpdated, ObjectRef, Recorded
from govern.domain.members import Actor
from govern.services import audit
from govern.services.deliveries import forget_bodies_of
from govern.services.use_case import use_case
from govern.tables import Conversation, Inbound
from govern.xapi.client import LookedUp
from govern.xapi.lookups import MOST

EVERY = timedelta(hours=20)
"""So that a post is asked about within 24 h, also if a round or two fail."""
FOR = timedelta(days=7)
"""Asking costs credits for each post; nearly all that is deleted is deleted in its first days."""

_DUE = """
SELECT i.id, i.x_id, i.contact FROM inbound i
 WHERE i.account = {} AND i.x_kind = 'post' AND i.erased_at IS NULL
   AND coalesce(i.checked_at, i.received_at) < {} AND i.received_at > {}
 ORDER BY coalesce(i.checked_at, i.received_at) LIMIT {}
"""
_ERASE = (
    "UPDATE inbound SET text = '', erased_at = {}, checked_at = {} WHERE id = {} AND erased_at IS NULL RETURNING id"
)
_CHANGE = (
    "UPDATE inbound SET text = {}, checked_at = {} WHERE id = {} AND erased_at IS NULL AND text <> {} RETURNING id"
)
_SEEN = "UPDATE inbound SET checked_at = {} WHERE id = {}"
_END = """
UPDATE conversation SET state = 'closed', closed_for = 'erased', waiting_since = NULL, due_at = NULL,
       version = version + 1 WHERE contact = {}
"""
_ERASE_ALL = "UPDATE inbound SET text = '', erased_at = {} WHERE contact = {} AND erased_at IS NULL RETURNING x_id"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A post we keep."""

    id: UUID
    x_id: str
    contact: UUID


async def posts_to_recheck(account: UUID, *, now: datetime) -> list[Kept]:
    """Return posts to ask X about, the longest unasked first; at most as many as one request takes."""
    found = await Inbound.raw(_DUE, account, now - EVERY, now - FOR, MOST)
    return [Kept(id=row["id"], x_id=str(row["x_id"]), contact=row["contact"]) for row in rows(found)]


async def apply_recheck(account: Account, kept: list[Kept], said: LookedUp, *, actor: Actor, now: datetime) -> int:
    """Do what X said of these posts; returns how many were erased or changed."""
    changed = 0
    for post in kept:
        async with use_case(actor=actor, now=now):
            changed += await _apply(account, post, said, actor=actor, now=now)
    return changed


async def forget_inbound(contact: UUID, *, now: datetime) -> int:
    """Erase what a person wrote, in the caller's transaction; ids of X stay, so that a replay brings nothing back.

    Nobody waits for an answer any more: there is nobody to answer.
    """
    await Conversation.raw(_END, contact)
    return len(rows(await Inbound.raw(_ERASE_ALL, now, contact)))


async def _apply(account: Account, post: Kept, said: LookedUp, *, actor: Actor, now: datetime) -> bool:
    about: Recorded
    if post.x_id in said.gone:
        if not rows(await Inbound.raw(_ERASE, now, now, post.id)):
            return False
        await forget_bodies_of(post.x_id)
        about = InboundErased(contact=post.contact, account=account.id, reason="deleted_at_x")
    else:
        text = said.texts.get(post.x_id)
        if text is None or not rows(await Inbound.raw(_CHANGE, text, now, post.id, text)):
            await Inbound.raw(_SEEN, now, post.id)
            return False
        about = InboundUpdated(contact=post.contact, account=account.id)
    await audit.record(
        about,
        actor=actor,
        now=now,
        object=ObjectRef(kind="inbound", id=post.id),
        refs=(ObjectRef(kind="contact", id=post.contact),),
        scope=account.scope,
    )
    return True
