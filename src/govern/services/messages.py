"""Writing messages: draft, revise, submit, schedule, withdraw."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Target
from govern.domain.attachments import check_attachments
from govern.domain.audit import (
    Change,
    MessageScheduled,
    MessageWithdrawn,
)
from govern.domain.drafts import Draft, check_reason, check_schedule, check_target, check_text
from govern.domain.media import Attachment, Image
from govern.domain.members import Actor
from govern.domain.messages import Event, Message, State, check_revision, next_state
from govern.domain.reply_levels import level_of
from govern.services import audit
from govern.services.accounts import find_account
from govern.services.acknowledgements import Acknowledged
from govern.services.drafting import insert_draft
from govern.services.media import find_images
from govern.services.members import check_zone
from govern.services.message_rights import require
from govern.services.message_views import change_message, load_message, lock_message, message_ref, state_change
from govern.services.policies import Policies
from govern.services.publications import close_unsent, reschedule
from govern.services.revisions import FixedWords, write_revision
from govern.services.screening import WRITE_ACTION
from govern.services.send_times import schedule_columns
from govern.services.submission import hand_in
from govern.services.use_case import DoneMeanwhile, use_case
from govern.tables import Message as MessageTable

_BY_FORM = "SELECT id FROM message WHERE form_key = {} AND author = {}"


def check_draft(draft: Draft, *, now: datetime) -> None:
    """Check what can be checked without the database.

    Raises:
        Invalid: the text, the target, an image, the level, the time or the zone breaks a rule.
    """
    check_text(draft.text)
    check_target(draft.kind, in_reply_to=draft.in_reply_to, recipient=draft.recipient)
    check_attachments(draft.kind, draft.images)
    level_of(draft.kind, draft.reply_level)
    if draft.scheduled_at is not None:
        check_schedule(draft.scheduled_at, now)
    if draft.zone is not None:
        check_zone(draft.zone)


async def draft_message(
    draft: Draft,
    *,
    submit: bool,
    acknowledged: Sequence[Acknowledged] = (),
    form_key: UUID | None = None,
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
) -> Message:
    """Write a new message, and hand it in at once if `submit`; both or neither.

    A second call with the same `form_key` by the same author returns the first message.
    """
    check_draft(draft, now=now)
    try:
        async with use_case(actor=actor, now=now):
            if known := await _find_by_form(form_key, actor):
                return known
            message = await insert_draft(draft, form_key=form_key, actor=actor, access=access, now=now)
            if submit:
                await hand_in(
                    message, acknowledged=acknowledged, actor=actor, access=access, policies=policies, now=now
                )
            return await load_message(message.id)
    except DoneMeanwhile:
        if known := await _find_by_form(form_key, actor):
            return known  # the same form twice at once
        raise


async def _find_by_form(form_key: UUID | None, actor: Actor) -> Message | None:
    known = rows(await MessageTable.raw(_BY_FORM, form_key, actor.member)) if form_key else []
    return await load_message(known[0]["id"]) if known else None


async def revise_message(
    message_id: UUID | str,
    *,
    text: str,
    revision: int,
    paid_partnership: bool | None = None,
    ai_written: bool | None = None,
    images: Sequence[Attachment] | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Write a new revision; it has no approvals and must be handed in again.

    What is said of the text, and the images, stay where None.
    """
    check_text(text)
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await require(message, WRITE_ACTION[message.kind], called=message_id, actor=actor, access=access)
        check_revision(message.revision.number, revision)
        if message.confirms is not None:
            raise FixedWords
        state = next_state(message.state, Event.REVISE)
        current = message.revision
        revised = msgspec.structs.replace(
            current,
            text=text,
            paid_partnership=current.paid_partnership if paid_partnership is None else paid_partnership,
            ai_written=current.ai_written if ai_written is None else ai_written,
            images=await _revised_images(message, images, actor=actor, access=access),
        )
        if revised == current and message.state is state:
            return message
        await write_revision(
            msgspec.structs.replace(message, revision=revised),
            text,
            state=state,
            edit_and_approve=False,
            actor=actor,
            now=now,
            decision=decision,
        )
        return await load_message(message.id)


async def _revised_images(
    message: Message, given: Sequence[Attachment] | None, *, actor: Actor, access: Access
) -> tuple[Image, ...]:
    if given is None:
        return message.revision.images
    check_attachments(message.kind, given)
    return await find_images(given, known=message.revision.images, actor=actor, access=access)


async def schedule_message(
    message_id: UUID | str,
    *,
    revision: int,
    scheduled_at: datetime,
    zone: str | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Choose when a message goes out: of an own draft, or, with the right to schedule, of one that waits or is approved."""
    check_schedule(scheduled_at, now)
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        own_draft = message.state is State.DRAFT and message.author == actor.member  # lint: allow state: own work
        action = WRITE_ACTION[message.kind] if own_draft else Action.MESSAGE_SCHEDULE
        decision = await require(message, action, called=message_id, actor=actor, access=access)
        check_revision(message.revision.number, revision)
        state = next_state(message.state, Event.SCHEDULE)
        account = await find_account(message.account)
        waiting = message.deadline_at is not None and state is message.state
        await change_message(
            message,
            now,
            state=state.value,
            **schedule_columns(scheduled_at, zone or account.zone),
            **({"deadline_at": scheduled_at} if waiting else {}),
        )
        await reschedule(message, due_at=scheduled_at, now=now)
        await audit.record(
            MessageScheduled(revision=message.revision.number, scheduled_at=scheduled_at),
            actor=actor,
            now=now,
            object=message_ref(message),
            scope=message.scope,
            change={
                **state_change(message, state),
                "scheduled_at": Change(before=_moment(message.scheduled_at), after=_moment(scheduled_at)),
            },
            decision=decision,
        )
        return await load_message(message.id)


async def withdraw_message(
    message_id: UUID | str,
    *,
    revision: int,
    reason: str | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Take back anything that was not handed to X yet."""
    reason = check_reason(reason)
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await require(
            message,
            Action.MESSAGE_WITHDRAW,
            Target(scope=message.scope, facts={"author": str(message.author)}),
            called=message_id,
            actor=actor,
            access=access,
        )
        check_revision(message.revision.number, revision)
        state = next_state(message.state, Event.WITHDRAW)
        await close_unsent(message, now=now)
        await change_message(message, now, state=state.value)
        await audit.record(
            MessageWithdrawn(revision=message.revision.number, comment=reason),
            actor=actor,
            now=now,
            object=message_ref(message),
            scope=message.scope,
            change=state_change(message, state),
            decision=decision,
        )
        return await load_message(message.id)


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
