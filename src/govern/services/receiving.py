"""Keeping what people outside wrote to us, once, however it reached us; with the right to answer and the clock it starts.

Each is a transaction of its own: who wrote is locked for a moment, and two readers of the same never wait for each
other in a circle. A poll's cursor moves with what it stored, oldest first, after all pages were read.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.audit import InboundReceived, ObjectRef
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.publications import XKind
from govern.services import audit, contacts
from govern.services.conversation_clock import start_clock
from govern.services.listening import record_inbound
from govern.services.policies import Policies
from govern.services.polling import MENTIONS, PRIVATE, move_cursor
from govern.services.use_case import DoneMeanwhile, use_case
from govern.tables import Inbound
from govern.xapi.client import DmEvent, Mention

_INSERT = """
INSERT INTO inbound (id, account, contact, x_kind, x_id, text, in_reply_to, written_at, received_at)
VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}) ON CONFLICT (account, x_kind, x_id) DO NOTHING RETURNING id
"""
_KNOWN = "SELECT id FROM inbound WHERE account = {} AND x_kind = {} AND x_id = {}"
TRIES = 3


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A post or a private message to an account, from a poll or a webhook."""

    x_kind: XKind
    x_id: str
    author_id: str
    handle: str | None
    name: str
    text: str
    in_reply_to: str | None
    written_at: datetime


async def store_mentions(
    account: Account, mentions: Sequence[Mention], *, policies: Policies, actor: Actor, now: datetime
) -> int:
    """Keep mentions we have not seen and move the cursor with each; returns how many were new."""
    found = [from_mention(each) for each in mentions if each.author_id != account.x_user_id]
    return await _store_polled(account, MENTIONS, found, _newest(mentions), policies=policies, actor=actor, now=now)


async def store_dms(
    account: Account, events: Sequence[DmEvent], *, policies: Policies, actor: Actor, now: datetime
) -> int:
    """Keep DMs we received; each opens or extends the account's service window for that person, and may say stop."""
    found = [from_dm(each) for each in events if each.sender_id != account.x_user_id]
    return await _store_polled(account, PRIVATE, found, _newest(events), policies=policies, actor=actor, now=now)


async def store_delivered(
    account: Account, received: Received, *, policies: Policies, actor: Actor, now: datetime
) -> int:
    """Keep what a webhook brought, without a word about what else there may be; 1 if it was new."""
    return await _store(account, received, None, policies=policies, actor=actor, now=now)


def from_mention(mention: Mention) -> Received:
    """Return a post as what we received."""
    return Received(
        x_kind=XKind.POST,
        x_id=mention.x_id,
        author_id=mention.author_id,
        handle=mention.author_handle,
        name=mention.author_name or "",
        text=mention.text,
        in_reply_to=mention.in_reply_to,
        written_at=mention.created_at,
    )


def from_dm(event: DmEvent) -> Received:
    """Return a private message as what we received."""
    return Received(
        x_kind=XKind.DM,
        x_id=event.x_id,
        author_id=event.sender_id,
        handle=event.sender_handle,
        name=event.sender_name or "",
        text=event.text,
        in_reply_to=None,
        written_at=event.created_at,
    )


def _newest(found: Sequence[Mention] | Sequence[DmEvent]) -> int | None:
    return max((int(each.x_id) for each in found), default=None)


async def _store_polled(
    account: Account,
    source: str,
    found: Sequence[Received],
    newest: int | None,
    *,
    policies: Policies,
    actor: Actor,
    now: datetime,
) -> int:
    new = 0
    for received in sorted(found, key=lambda each: int(each.x_id)):
        new += await _store(account, received, source, policies=policies, actor=actor, now=now)
    async with use_case(actor=actor, now=now):
        await move_cursor(account.id, source, newest, done=True, now=now)
    return new


async def _store(
    account: Account, received: Received, source: str | None, *, policies: Policies, actor: Actor, now: datetime
) -> int:
    """Keep one, however many try at once: of two that find the same new person, one looks again."""
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            async with use_case(actor=actor, now=now):
                added = await _keep(account, received, policies=policies, actor=actor, now=now)
                if source is not None:
                    await move_cursor(account.id, source, int(received.x_id), done=False, now=now)
                return added
        except DoneMeanwhile:
            if last:
                raise
    return 0


async def _keep(account: Account, received: Received, *, policies: Policies, actor: Actor, now: datetime) -> int:
    known = rows(await Inbound.raw(_KNOWN, account.id, received.x_kind.value, int(received.x_id)))
    if known:  # before the person is looked for: one who was erased is not made anew of what we had
        return 0
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
    if not rows(await Inbound.raw(_INSERT, *_row(inbound_id, account, contact.id, received, now))):
        return 0
    await audit.record(
        InboundReceived(contact=contact.id, account=account.id, kind=received.x_kind.value, x_id=received.x_id),
        actor=actor,
        now=now,
        object=ObjectRef(kind="inbound", id=inbound_id),
        refs=(ObjectRef(kind="contact", id=contact.id),),
        scope=account.scope,
    )
    await _follow(account, contact.id, received, policies=policies, actor=actor, now=now)
    return 1


async def _follow(
    account: Account, contact: UUID, received: Received, *, policies: Policies, actor: Actor, now: datetime
) -> None:
    """Do at once what follows from it: the right to write, a stop, the clock."""
    await record_inbound(
        account,
        contact,
        received.x_kind,
        x_id=received.x_id,
        text=received.text,
        is_reply=received.in_reply_to is not None,
        written_at=received.written_at,
        policies=policies,
        actor=actor,
        now=now,
    )
    times = policies.approval.answer
    await start_clock(account, contact, received.x_kind, written_at=received.written_at, times=times, now=now)


def _row(inbound_id: UUID, account: Account, contact: UUID, received: Received, now: datetime) -> tuple[object, ...]:
    return (
        inbound_id,
        account.id,
        contact,
        received.x_kind.value,
        int(received.x_id),
        received.text,
        int(received.in_reply_to) if received.in_reply_to else None,
        received.written_at,
        now,
    )
