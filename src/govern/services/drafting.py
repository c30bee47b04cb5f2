"""A draft becomes a message with its first revision, in the transaction of whoever writes, copies or imports it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.audit import MessageDrafted, ObjectRef
from govern.domain.content import content_digest
from govern.domain.drafts import Draft
from govern.domain.ids import uuid7
from govern.domain.media import Image
from govern.domain.members import Actor
from govern.domain.messages import Message, State
from govern.domain.reply_levels import level_of
from govern.services import audit
from govern.services.accounts import find_account, require_on
from govern.services.contacts import Contact, contact_for, lock_contact
from govern.services.media import find_images
from govern.services.message_views import load_message
from govern.services.revisions import check_answer, digests_of, insert_revision
from govern.services.screening import WRITE_ACTION
from govern.services.send_times import schedule_columns
from govern.tables import Message as MessageTable

_NEXT_NUMBER = "SELECT nextval('message_number') AS number"


async def insert_draft(
    draft: Draft,
    *,
    form_key: UUID | None = None,
    known: Sequence[Image] = (),
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Write a checked draft in the caller's transaction. `known` are images that the actor has before them already."""
    account = await find_account(draft.account)
    decision = await require_on(account, WRITE_ACTION[draft.kind], called=draft.account, actor=actor, access=access)
    level = level_of(draft.kind, draft.reply_level)
    await check_answer(draft.text, draft.kind, level, account=account.id, in_reply_to=draft.in_reply_to)
    images = await find_images(draft.images, known=known, actor=actor, access=access)
    contact = await contact_for(draft.recipient, scope=account.scope, actor=actor, now=now) if draft.recipient else None
    if contact is not None:
        await lock_contact(contact.id)
    message = await _insert_message(draft, account, contact, form_key=form_key, actor=actor, now=now)
    digest = content_digest(
        account=account.handle,
        kind=draft.kind,
        text=draft.text,
        in_reply_to=draft.in_reply_to,
        recipient=contact.handle if contact else None,
        made_with_ai=draft.ai_written,
        reply_level=draft.reply_level,
        images=images,
    )
    await insert_revision(
        message,
        1,
        draft.text,
        digest,
        paid_partnership=draft.paid_partnership,
        ai_written=draft.ai_written,
        images=images,
        actor=actor,
        now=now,
    )
    refs = [ObjectRef(kind="account", id=account.id)]
    if contact:
        refs.append(ObjectRef(kind="contact", id=contact.id))
    await audit.record(
        MessageDrafted(
            account=account.id,
            kind=draft.kind.value,
            digest=digest.hex(),
            images=digests_of(images),
            reply_level=level.value if level else None,
        ),
        actor=actor,
        now=now,
        object=ObjectRef(kind="message", id=message, rev=1),
        refs=refs,
        scope=account.scope,
        decision=decision,
    )
    return await load_message(message)


async def _insert_message(
    draft: Draft, account: Account, contact: Contact | None, *, form_key: UUID | None, actor: Actor, now: datetime
) -> UUID:
    level = level_of(draft.kind, draft.reply_level)
    row = MessageTable(
        id=uuid7(now),
        number=rows(await MessageTable.raw(_NEXT_NUMBER))[0]["number"],
        account=account.id,
        kind=draft.kind.value,
        state=State.DRAFT.value,
        author=actor.member,
        contact=contact.id if contact else None,
        in_reply_to=int(draft.in_reply_to) if draft.in_reply_to else None,
        reply_level=level.value if level else None,
        **schedule_columns(draft.scheduled_at, draft.zone or account.zone),
        form_key=form_key,
        created_at=now,
        updated_at=now,
    )
    await MessageTable.insert(row)
    return UUID(str(row.id))
