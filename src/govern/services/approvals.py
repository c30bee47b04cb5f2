"""Verdicts on revisions: approve, also with an edit, reject, ask for changes, take an approval back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Decision
from govern.domain.approvals import (
    AlreadyDecided,
    EditBlocked,
    NothingToUndo,
    Rule,
    Verdict,
    rule_by_id,
    too_late,
)
from govern.domain.audit import (
    MessageApprovalWithdrawn,
    MessageApproved,
)
from govern.domain.drafts import ReasonRequired, check_reason, check_text
from govern.domain.members import Actor
from govern.domain.messages import Event, Message, check_revision, next_state
from govern.services import audit
from govern.services.acknowledgements import Acknowledged, acknowledge
from govern.services.expiry import expire_undecided
from govern.services.message_rights import require
from govern.services.message_views import change_message, load_message, lock_message, message_ref, state_change
from govern.services.policies import Policies
from govern.services.publications import close_unsent, on_its_way, plan_publication
from govern.services.revisions import write_revision
from govern.services.screening import WRITE_ACTION, judge_revision, keep_screening
from govern.services.submission import approval_rule
from govern.services.use_case import use_case
from govern.services.verdicts import approve_target, insert_verdict, require_role
from govern.tables import Approval as ApprovalTable

_MINE = """
SELECT id FROM approval WHERE revision = {} AND approver = {} AND verdict = 'approved' AND withdrawn_at IS NULL
 FOR NO KEY UPDATE
"""


async def approve_message(
    message_id: UUID | str,
    *,
    revision: int,
    text: str | None = None,
    reason: str | None = None,
    acknowledged: Sequence[Acknowledged] = (),
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
) -> Message:
    """Approve one revision; the last approval it needs puts the message on its way.

    With a `text` other than the revision's it is edit and approve: a new revision, screened again, with the approver as
    its editor, who acknowledges what screening warns of in it. Where `approval.toml` wants a second person after an edit, the revision is written and waits for one.

    Raises:
        TooLate: its deadline, which is its time to go out if it has one, has passed; it expired instead.
    """
    reason = check_reason(reason)
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        rule = rule_by_id(policies.approval, message.approval_rule)
        edited = text is not None and text != message.revision.text
        # Who edits now is no earlier editor: four eyes then only asks for another person than the author.
        target = approve_target(message, edit_and_approve=message.revision.edit_and_approve or edited)
        decision = await require(message, Action.MESSAGE_APPROVE, target, called=message_id, actor=actor, access=access)
        await require_role(decision, rule, actor=actor, access=access)
        check_revision(message.revision.number, revision)
        next_state(message.state, Event.APPROVE)
        late = too_late(message.deadline_at, now)
        if late is not None:
            await expire_undecided(message, "late_approval", actor=actor, now=now)
        else:
            if edited and text is not None:
                # Whoever edits writes: compliance approves, and never writes.
                await require(message, WRITE_ACTION[message.kind], called=message_id, actor=actor, access=access)
                message = await _edit(
                    message,
                    check_text(text),
                    rule,
                    acknowledged=acknowledged,
                    actor=actor,
                    access=access,
                    policies=policies,
                    now=now,
                    decision=decision,
                )
            if not edited or message.revision.edit_and_approve:  # else somebody else must approve the edit
                await _approve(message, reason, edited=edited, actor=actor, now=now, decision=decision)
        answer = await load_message(message.id)
    if late is not None:
        raise late  # after the commit: that it expired stays
    return answer


async def _edit(
    message: Message,
    text: str,
    rule: Rule | None,
    *,
    acknowledged: Sequence[Acknowledged],
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
    decision: Decision,
) -> Message:
    """Write the approver's text as a new revision, under the rule that text falls under."""
    revision = msgspec.structs.replace(message.revision, text=text)
    edit = msgspec.structs.replace(message, revision=revision)
    screened = await judge_revision(edit, policies=policies, now=now)
    if screened.decision == "block":
        found = msgspec.to_builtins(screened.screening.findings)
        raise EditBlocked(rules=", ".join(screened.rules), findings=found, field="text")
    needed, _ = await approval_rule(edit, screened, policies=policies)
    await require_role(decision, needed, actor=actor, access=access)
    may_edit = rule is not None and rule.edit_and_approve and needed.edit_and_approve
    message = await write_revision(
        message, text, state=message.state, edit_and_approve=may_edit, actor=actor, now=now, decision=decision
    )
    await acknowledge(message, screened.screening, acknowledged, actor=actor, now=now)
    await keep_screening(message, screened, moment="submit", actor=actor, now=now)
    if needed.id != message.approval_rule:
        await change_message(message, now, approval_rule=needed.id, approvals_required=needed.approvals)
    return await load_message(message.id)


async def _approve(
    message: Message, reason: str | None, *, edited: bool, actor: Actor, now: datetime, decision: Decision
) -> None:
    if message.decision == "needs_approval" and reason is None:
        raise ReasonRequired(why="screening asks for a person's judgement", field="reason")
    if rows(await ApprovalTable.raw(_MINE, message.revision.id, actor.member)):
        raise AlreadyDecided
    await insert_verdict(message, Verdict.APPROVED, reason, actor=actor, now=now)
    given = message.approvals + 1
    complete = given >= message.approvals_required
    state = next_state(message.state, Event.APPROVE) if complete else message.state
    if complete:
        await change_message(message, now, state=state.value)
        state = on_its_way(message, state, now=now)
    await audit.record(
        MessageApproved(
            revision=message.revision.number,
            digest=message.revision.digest.hex(),
            approvals=given,
            required=message.approvals_required,
            edited=edited,
            comment=reason,
        ),
        actor=actor,
        now=now,
        object=message_ref(message),
        scope=message.scope,
        change=state_change(message, state),
        decision=decision,
    )
    if complete:
        await plan_publication(await load_message(message.id), undo_window=True, now=now)


async def withdraw_approval(message_id: UUID | str, *, actor: Actor, access: Access, now: datetime) -> Message:
    """Take one's own approval back, as long as the message was not handed to X; the row stays, marked.

    Raises:
        NothingToUndo: there is no approval of the actor's on the current revision.
        IllegalTransition: it was handed to X already.
    """
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        target = approve_target(message, edit_and_approve=message.revision.edit_and_approve)
        decision = await require(message, Action.MESSAGE_APPROVE, target, called=message_id, actor=actor, access=access)
        state = next_state(message.state, Event.UNDO)
        mine = rows(await ApprovalTable.raw(_MINE, message.revision.id, actor.member))
        if not mine:
            raise NothingToUndo
        await ApprovalTable.update({ApprovalTable.withdrawn_at: now}).where(ApprovalTable.id == mine[0]["id"])
        await close_unsent(message, now=now)
        await change_message(message, now, state=state.value)
        await audit.record(
            MessageApprovalWithdrawn(revision=message.revision.number),
            actor=actor,
            now=now,
            object=message_ref(message),
            scope=message.scope,
            change=state_change(message, state),
            decision=decision,
        )
        return await load_message(message.id)
