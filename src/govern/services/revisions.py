"""Revisions: each is written once and kept as it is; parts of the use cases that write, revise and edit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from govern.domain.actions import Decision
from govern.domain.audit import MessageRevised, ObjectRef
from govern.domain.content import content_digest
from govern.domain.ids import uuid7
from govern.domain.media import Image
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message, ReplyLevel, State
from govern.domain.reply_levels import check_dot_reply, is_dot_reply
from govern.errors import N_, Conflict
from govern.services import audit
from govern.services.conversations import find_inbound
from govern.services.fingerprints import fingerprint_of
from govern.services.media import insert_images
from govern.services.message_views import change_message, load_message, state_change
from govern.tables import Revision as RevisionTable


class FixedWords(Conflict):
    code = "message.fixed_words"
    template = N_("This message confirms an opt-out; its words are fixed. Write a message of your own.")


async def write_revision(
    message: Message,
    text: str,
    *,
    state: State,
    edit_and_approve: bool,
    actor: Actor,
    now: datetime,
    decision: Decision,
) -> Message:
    """Add a revision and make it the current one, in the caller's transaction.

    What is said of the text goes along as the message has it, and so do its images.

    Raises:
        DotReplyNeeded
    """
    await check_answer(
        text, message.kind, message.reply_level, account=message.account_id, in_reply_to=message.in_reply_to
    )
    number, current = message.revision.number + 1, message.revision
    digest = content_digest(
        account=message.account,
        kind=message.kind,
        text=text,
        in_reply_to=message.in_reply_to,
        recipient=message.recipient,
        made_with_ai=current.ai_written,
        reply_level=message.reply_level,
        images=current.images,
    )
    await insert_revision(
        message.id,
        number,
        text,
        digest,
        edit_and_approve=edit_and_approve,
        paid_partnership=current.paid_partnership,
        ai_written=current.ai_written,
        images=current.images,
        actor=actor,
        now=now,
    )
    await change_message(message, now, current_revision=number, state=state.value)
    await audit.record(
        MessageRevised(revision=number, digest=digest.hex(), images=digests_of(current.images)),
        actor=actor,
        now=now,
        object=ObjectRef(kind="message", id=message.id, rev=number),
        scope=message.scope,
        change=state_change(message, state),
        decision=decision,
    )
    return await load_message(message.id)


async def insert_revision(
    message_id: UUID,
    number: int,
    text: str,
    digest: bytes,
    *,
    edit_and_approve: bool = False,
    paid_partnership: bool,
    ai_written: bool,
    images: Sequence[Image] = (),
    actor: Actor,
    now: datetime,
) -> None:
    """Write one revision with its images, in the caller's transaction."""
    revision = uuid7(now)
    await RevisionTable.insert(
        RevisionTable(
            id=revision,
            message=message_id,
            number=number,
            text=text,
            digest=digest,
            editor=actor.member,
            edit_and_approve=edit_and_approve,
            paid_partnership=paid_partnership,
            ai_written=ai_written,
            fingerprint=fingerprint_of(text),
            created_at=now,
        )
    )
    await insert_images(revision, images, now=now)


async def check_answer(
    text: str, kind: Kind, level: ReplyLevel | None, *, account: UUID, in_reply_to: str | None
) -> None:
    """Check how an answer begins: one to everyone names whom it answers, as far as we know.

    Raises:
        DotReplyNeeded
    """
    if is_dot_reply(kind, level) and in_reply_to is not None:
        answered = await find_inbound(account, in_reply_to)
        check_dot_reply(text, kind, level, handle=answered.contact_handle if answered else None)


def digests_of(images: Sequence[Image]) -> tuple[str, ...] | None:
    """Name images in an entry; None where there are none."""
    return tuple(each.digest.hex() for each in images) or None
