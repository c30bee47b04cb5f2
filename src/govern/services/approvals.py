"""Verdicts on revisions: approve, also with an edit, reject, ask for changes, take an approval back."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Decision, Reason, Target
from govern.domain.approvals import (
    AlreadyDecided,
    EditBlocked,
    NothingToUndo,
    Rule,
    Verdict,
    check_deadline,
    rule_by_id,
)
from govern.domain.audit import (
    MessageApprovalWithdrawn,
    MessageApproved,
    MessageChangesRequested,
    MessageRejected,
    Recorded,
)
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import (
    Event,
    Message,
    ReasonRequired,
    check_reason,
    check_revision,
    check_text,
    next_state,
)
from govern.errors import N_, Denied
from govern.services import audit
from govern.services.message_views import change_message, load_message, lock_message, message_ref, state_change
from govern.services.messages import approval_rule, write_revision
from govern.services.policies import Policies
from govern.services.publications import close_unsent, plan_publication
from govern.services.screening import judge_revision, keep_screening
from govern.services.use_case import use_case
from govern.tables import Approval as ApprovalTable
from govern.tables import Screening as ScreeningTable

_OTHER_ROLE = N_("The approval rule of this message asks for another role.")
_OTHER_ROLE_FR = "La règle d’approbation de ce message demande un autre rôle."
_LAST_SCREENING = "SELECT id FROM screening WHERE revision = {} ORDER BY created_at DESC, id DESC LIMIT 1"
_MINE = """
SELECT id FROM approval WHERE revision = {} AND approver = {} AND verdict = 'approved' AND withdrawn_at IS NULL
 FOR NO KEY UPDATE
"""


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """What the actor may decide about a message, and why not: for buttons, asked again when they are pressed."""

    approve: Decision
    reject: Decision
    request_changes: Decision
    needs_reason: bool
    second_person_after_edit: bool
    rule: Rule | None


def approve_target(message: Message, *, edit_and_approve: bool, editor: UUID | None = None) -> Target:
    """Return what the policy must know to let somebody approve."""
    return Target(
        scope=message.scope,
        facts={
            "author": str(message.author),
            "editors": [str(editor or message.revision.editor)],
            "edit_and_approve": edit_and_approve,
        },
    )


async def approve_message(
    message_id: UUID | str,
    *,
    revision: int,
    text: str | None = None,
    reason: str | None = None,
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
) -> Message:
    """Approve one revision; the last approval it needs puts the message on its way.

    With a `text` other than the revision's it is edit and approve: a new revision, screened again, with the approver as
    its editor. Where `approval.toml` wants a second person after an edit, the revision is written and waits for one.
    """
    reason = check_reason(reason)
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        rule = rule_by_id(policies.approval, message.approval_rule)
        edited = text is not None and text != message.revision.text
        # Who edits now is no earlier editor: four eyes then only asks for another person than the author.
        target = approve_target(message, edit_and_approve=message.revision.edit_and_approve or edited)
        decision = await access.require(actor, Action.MESSAGE_APPROVE, target)
        await _require_role(decision, rule, actor=actor, access=access)
        check_revision(message.revision.number, revision)
        next_state(message.state, Event.APPROVE)
        check_deadline(message.deadline_at, now)
        if edited and text is not None:
            message = await _edit(
                message,
                check_text(text),
                rule,
                actor=actor,
                access=access,
                policies=policies,
                now=now,
                decision=decision,
            )
            if not message.revision.edit_and_approve:
                return message  # somebody else must approve the edit
        if message.decision == "needs_approval" and reason is None:
            raise ReasonRequired(why="screening asks for a person's judgement", field="reason")
        await _approve(message, reason, edited=edited, actor=actor, now=now, decision=decision)
        return await load_message(message.id)


async def _require_role(decision: Decision, rule: Rule | None, *, actor: Actor, access: Access) -> None:
    by_rule = await _within_rule(decision, rule, actor=actor, access=access)
    if not by_rule.allowed:
        raise Denied(
            decision=by_rule,
            reason=by_rule.reason.value,
            rule=by_rule.rule,
            action=by_rule.action,
            scope=by_rule.scope,
            sentence=by_rule.sentence,
            sentence_fr=by_rule.sentence_fr,
        )


async def _within_rule(decision: Decision, rule: Rule | None, *, actor: Actor, access: Access) -> Decision:
    """Return the decision, turned into a denial if `approval.toml` counts only verdicts of roles the actor has not."""
    requester = await access.requester(actor)
    counts = rule is None or any(requester.grant_of(role, decision.scope) for role in rule.from_roles)
    if rule is None or counts or not decision.allowed:
        return decision
    return msgspec.structs.replace(
        decision,
        allowed=False,
        reason=Reason.DENIED_BY_RULE,
        rule=f"approval.{rule.id}",
        sentence=_OTHER_ROLE,
        sentence_fr=_OTHER_ROLE_FR,
    )


async def _edit(
    message: Message,
    text: str,
    rule: Rule | None,
    *,
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
    await _require_role(decision, needed, actor=actor, access=access)
    may_edit = rule is not None and rule.edit_and_approve and needed.edit_and_approve
    message = await write_revision(
        message, text, state=message.state, edit_and_approve=may_edit, actor=actor, now=now, decision=decision
    )
    await keep_screening(message, screened, moment="submit", actor=actor, now=now)
    if needed.id != message.approval_rule:
        await change_message(message, now, approval_rule=needed.id, approvals_required=needed.approvals)
    return await load_message(message.id)


async def _approve(
    message: Message, reason: str | None, *, edited: bool, actor: Actor, now: datetime, decision: Decision
) -> None:
    if rows(await ApprovalTable.raw(_MINE, message.revision.id, actor.member)):
        raise AlreadyDecided
    await _insert(message, Verdict.APPROVED, reason, actor=actor, now=now)
    given = message.approvals + 1
    complete = given >= message.approvals_required
    state = next_state(message.state, Event.APPROVE) if complete else message.state
    if complete:
        await change_message(message, now, state=state.value)
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


async def reject_message(
    message_id: UUID | str,
    *,
    revision: int,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Say no to a revision, for good."""
    return await _refuse(
        message_id,
        Verdict.REJECTED,
        Event.REJECT,
        Action.MESSAGE_REJECT,
        revision=revision,
        reason=reason,
        actor=actor,
        access=access,
        now=now,
    )


async def request_changes(
    message_id: UUID | str,
    *,
    revision: int,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    """Send a revision back to its author, saying what should change."""
    return await _refuse(
        message_id,
        Verdict.CHANGES_REQUESTED,
        Event.REQUEST_CHANGES,
        Action.MESSAGE_REQUEST_CHANGES,
        revision=revision,
        reason=reason,
        actor=actor,
        access=access,
        now=now,
    )


async def _refuse(
    message_id: UUID | str,
    verdict: Verdict,
    event: Event,
    action: Action,
    *,
    revision: int,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Message:
    given = check_reason(reason)
    if given is None:
        raise ReasonRequired(why="the author must know what to do", field="reason")
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await access.require(actor, action, approve_target(message, edit_and_approve=False))
        check_revision(message.revision.number, revision)
        state = next_state(message.state, event)
        await _insert(message, verdict, given, actor=actor, now=now)
        await change_message(message, now, state=state.value)
        kind: type[MessageRejected | MessageChangesRequested] = (
            MessageRejected if verdict is Verdict.REJECTED else MessageChangesRequested
        )
        recorded: Recorded = kind(revision=message.revision.number, digest=message.revision.digest.hex(), comment=given)
        await audit.record(
            recorded,
            actor=actor,
            now=now,
            object=message_ref(message),
            scope=message.scope,
            change=state_change(message, state),
            decision=decision,
        )
        return await load_message(message.id)


async def withdraw_approval(message_id: UUID | str, *, actor: Actor, access: Access, now: datetime) -> Message:
    """Take one's own approval back, as long as the message was not handed to X; the row stays, marked.

    Raises:
        NothingToUndo: there is no approval of the actor's on the current revision.
        IllegalTransition: it was handed to X already.
    """
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await access.require(
            actor, Action.MESSAGE_APPROVE, approve_target(message, edit_and_approve=message.revision.edit_and_approve)
        )
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


async def can_decide(message: Message, *, actor: Actor, access: Access, policies: Policies) -> Verdicts:
    """Say what the actor may decide about a message."""
    rule = rule_by_id(policies.approval, message.approval_rule)
    target = approve_target(message, edit_and_approve=message.revision.edit_and_approve)
    approve = await access.decide(actor, Action.MESSAGE_APPROVE, target)
    return Verdicts(
        approve=await _within_rule(approve, rule, actor=actor, access=access),
        reject=await access.decide(actor, Action.MESSAGE_REJECT, target),
        request_changes=await access.decide(actor, Action.MESSAGE_REQUEST_CHANGES, target),
        needs_reason=message.decision == "needs_approval",
        second_person_after_edit=rule is not None and not rule.edit_and_approve,
        rule=rule,
    )


async def _insert(message: Message, verdict: Verdict, reason: str | None, *, actor: Actor, now: datetime) -> None:
    await ApprovalTable.insert(
        ApprovalTable(
            id=uuid7(now),
            message=message.id,
            revision=message.revision.id,
            screening=rows(await ScreeningTable.raw(_LAST_SCREENING, message.revision.id))[0]["id"],
            approver=actor.member,
            verdict=verdict.value,
            reason=reason,
            digest=message.revision.digest,
            message_author=message.author,
            revision_editor=message.revision.editor,
            edit_and_approve=message.revision.edit_and_approve,
            created_at=now,
        )
    )
