"""A new draft from an old message: what its author is offered where the old one could not go."""

from datetime import datetime
from uuid import UUID

from govern.access import Access
from govern.domain.audit import MessageCopied, ObjectRef
from govern.domain.drafts import Draft
from govern.domain.media import Attachment
from govern.domain.members import Actor
from govern.domain.messages import Message
from govern.services import audit
from govern.services.drafting import insert_draft
from govern.services.message_rights import require
from govern.services.message_views import load_message, lock_message, message_ref
from govern.services.revisions import FixedWords
from govern.services.screening import WRITE_ACTION
from govern.services.use_case import use_case


async def copy_message(message_id: UUID | str, *, actor: Actor, access: Access, now: datetime) -> Message:
    """Write a draft of the actor's own with the text, images and target of a message, whatever became of that; it has no time.

    Raises:
        UnknownMessage
        FixedWords: it confirms an opt-out.
    """
    async with use_case(actor=actor, now=now):
        old = await lock_message(message_id)
        decision = await require(old, WRITE_ACTION[old.kind], called=message_id, actor=actor, access=access)
        if old.confirms is not None:
            raise FixedWords
        draft = Draft(
            account=old.account,
            kind=old.kind,
            text=old.revision.text,
            in_reply_to=old.in_reply_to,
            recipient=old.recipient,
            paid_partnership=old.revision.paid_partnership,
            ai_written=old.revision.ai_written,
            images=tuple(Attachment(id=each.id, alt_text=each.alt_text) for each in old.revision.images),
            reply_level=old.reply_level,
        )
        new = await insert_draft(draft, known=old.revision.images, actor=actor, access=access, now=now)
        await audit.record(
            MessageCopied(original=old.id),
            actor=actor,
            now=now,
            object=message_ref(new),
            refs=(ObjectRef(kind="message", id=old.id),),
            scope=old.scope,
            decision=decision,
        )
        return await load_message(new.id)
