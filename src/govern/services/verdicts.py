"""What a verdict is about, who may give it, and how it is kept."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Decision, Reason, Target
from govern.domain.approvals import Rule, Verdict, rule_by_id
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import Message
from govern.errors import N_, Denied
from govern.services.policies import Policies
from govern.tables import Approval as ApprovalTable
from govern.tables import Screening as ScreeningTable

_LAST_SCREENING = "SELECT id FROM screening WHERE revision = {} ORDER BY created_at DESC, id DESC LIMIT 1"
_OTHER_ROLE = N_("The approval rule of this message asks for another role.")
_OTHER_ROLE_FR = "La règle d’approbation de ce message demande un autre rôle."


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


async def can_decide(message: Message, *, actor: Actor, access: Access, policies: Policies) -> Verdicts:
    """Say what the actor may decide about a message."""
    rule = rule_by_id(policies.approval, message.approval_rule)
    target = approve_target(message, edit_and_approve=message.revision.edit_and_approve)
    approve = await access.decide(actor, Action.MESSAGE_APPROVE, target)
    return Verdicts(
        approve=await within_rule(approve, rule, actor=actor, access=access),
        reject=await access.decide(actor, Action.MESSAGE_REJECT, target),
        request_changes=await access.decide(actor, Action.MESSAGE_REQUEST_CHANGES, target),
        needs_reason=message.decision == "needs_approval",
        second_person_after_edit=rule is not None and not rule.edit_and_approve,
        rule=rule,
    )


async def insert_verdict(
    message: Message, verdict: Verdict, reason: str | None, *, actor: Actor, now: datetime
) -> None:
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


async def require_role(decision: Decision, rule: Rule | None, *, actor: Actor, access: Access) -> None:
    by_rule = await within_rule(decision, rule, actor=actor, access=access)
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


async def within_rule(decision: Decision, rule: Rule | None, *, actor: Actor, access: Access) -> Decision:
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
