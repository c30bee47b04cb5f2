"""Handing a message in: screening answers, then `approval.toml` says who must approve, if anybody."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from govern.access import Access
from govern.domain.accounts import Account
from govern.domain.actions import Action, Decision, Target
from govern.domain.approvals import ApprovalFacts, Rule, approval_deadline, find_rule
from govern.domain.audit import MessageBlocked, MessageSubmitted
from govern.domain.drafts import check_schedule
from govern.domain.members import Actor
from govern.domain.messages import Event, Kind, Message, check_revision, next_state
from govern.screening.findings import Klass
from govern.screening.tweet_urls import extract_urls
from govern.services import audit
from govern.services.accounts import find_account
from govern.services.acknowledgements import Acknowledged, acknowledge
from govern.services.conversation_clock import answer_due
from govern.services.conversations import find_inbound
from govern.services.credentials import refuse_missing_scopes
from govern.services.grant_source import roles_at
from govern.services.message_rights import require
from govern.services.message_views import change_message, load_message, lock_message, message_ref, state_change
from govern.services.policies import Policies
from govern.services.publications import on_its_way, plan_publication, refuse_unknown_twin
from govern.services.screening import WRITE_ACTION, Screened, judge_revision, keep_screening
from govern.services.use_case import use_case

BLOCKED = "block"
_DIRECT_ACTION = {
    Kind.POST: Action.MESSAGE_DIRECT_POST,
    Kind.REPLY: Action.MESSAGE_DIRECT_REPLY,
    Kind.QUOTE: Action.MESSAGE_DIRECT_QUOTE,
    Kind.DM: Action.MESSAGE_DIRECT_DM,
}


async def submit_message(
    message_id: UUID | str,
    *,
    revision: int,
    acknowledged: Sequence[Acknowledged] = (),
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
) -> Message:
    """Hand a draft in: screening decides, then `approval.toml` says who must approve, if anybody.

    Raises:
        Unacknowledged: screening warns of something that is not among `acknowledged`; nothing is kept.
        ScreeningFailed
    """
    async with use_case(actor=actor, now=now):
        message = await lock_message(message_id)
        decision = await require(message, WRITE_ACTION[message.kind], called=message_id, actor=actor, access=access)
        check_revision(message.revision.number, revision)
        if message.scheduled_at is not None:
            check_schedule(message.scheduled_at, now)
        await hand_in(
            message,
            acknowledged=acknowledged,
            actor=actor,
            access=access,
            policies=policies,
            now=now,
            decision=decision,
        )
        return await load_message(message.id)


async def _block(
    message: Message, screened: Screened, *, actor: Actor, now: datetime, decision: Decision | None
) -> None:
    state = next_state(message.state, Event.BLOCK)
    await change_message(message, now, state=state.value)
    await audit.record(
        MessageBlocked(revision=message.revision.number, rules=screened.rules),
        actor=actor,
        now=now,
        object=message_ref(message),
        scope=message.scope,
        change=state_change(message, state),
        decision=decision,
    )


async def _answers_somebody(message: Message, account: Account) -> bool:
    """Tell whether somebody wrote first: a DM that screening allows has its permission, a reply its mention."""
    if message.kind is Kind.REPLY and message.in_reply_to:
        return await find_inbound(account.id, message.in_reply_to) is not None
    return message.kind is Kind.DM


async def hand_in(
    message: Message,
    *,
    acknowledged: Sequence[Acknowledged] = (),
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
    decision: Decision | None = None,
) -> None:
    """Submit a message that the caller wrote or locked, in the caller's transaction.

    Raises:
        Unacknowledged, MissingScopes: nothing was written yet.
    """
    next_state(message.state, Event.QUEUE)  # before the work: only what could be queued can be handed in
    await refuse_unknown_twin(message)
    await refuse_missing_scopes(message)
    screened = await _screen(message, acknowledged, actor=actor, policies=policies, now=now)
    if screened.decision == BLOCKED:
        await _block(message, screened, actor=actor, now=now, decision=decision)
        return
    rule, plain = await approval_rule(message, screened, policies=policies)
    needs_person = screened.decision == "needs_approval"  # whatever `approval.toml` says
    allowing = None
    if not needs_person:
        allowing = await _direct_decision(message, rule, plain=plain, actor=actor, access=access)
    direct = allowing is not None
    state = next_state(message.state, Event.PASS if direct else Event.QUEUE)
    required = 0 if direct else max(rule.approvals, int(needs_person))
    deadline = None if direct else await _deadline(message, rule, now=now)
    await change_message(
        message,
        now,
        state=state.value,
        approval_rule=rule.id,
        approvals_required=required,
        deadline_at=deadline,
    )
    led_to = on_its_way(message, state, now=now) if direct else state
    await audit.record(
        MessageSubmitted(
            revision=message.revision.number,
            digest=message.revision.digest.hex(),
            state=led_to.value,
            rule=rule.id,
            required=required,
            deadline=deadline,
        ),
        actor=actor,
        now=now,
        object=message_ref(message),
        scope=message.scope,
        change=state_change(message, led_to),
        decision=allowing if direct else decision,
    )
    if direct:
        await plan_publication(await load_message(message.id), undo_window=False, now=now)


async def _deadline(message: Message, rule: Rule, *, now: datetime) -> datetime:
    due = await answer_due(message)
    return approval_deadline(rule, now=now, scheduled_at=message.scheduled_at, answer_due=due)


async def _screen(
    message: Message, acknowledged: Sequence[Acknowledged], *, actor: Actor, policies: Policies, now: datetime
) -> Screened:
    screened = await judge_revision(message, policies=policies, now=now)
    if screened.decision != BLOCKED:  # of a text that cannot go, no warning needs to be seen
        await acknowledge(message, screened.screening, acknowledged, actor=actor, now=now)
    await keep_screening(message, screened, moment="submit", actor=actor, now=now)
    return screened


async def approval_rule(message: Message, screened: Screened, *, policies: Policies) -> tuple[Rule, bool]:
    """Return the rule of `approval.toml` a screened text falls under, and whether it is a plain answer.

    A warning, which its author has seen, does not make an answer less plain, unless it is of promotion.
    """
    account = await find_account(message.account)
    has_link = bool(extract_urls(message.revision.text))
    harmless = screened.screening.klass is Klass.CLEAN and screened.decision in {"allow", "warn"}
    plain = not has_link and harmless and await _answers_somebody(message, account)
    facts = ApprovalFacts(
        kind=message.kind,
        account=account.handle,
        brand=account.brand,
        author_roles=await roles_at(message.author, (account.scope, f"brand:{account.brand}", "company")),
        severity=screened.severity,
        contains_link=has_link,
        plain=plain,
    )
    return find_rule(policies.approval, facts), plain


async def _direct_decision(
    message: Message, rule: Rule, *, plain: bool, actor: Actor, access: Access
) -> Decision | None:
    """Return the decision that lets it go without approval, if there is one; a no is no refusal, the message queues."""
    if not rule.direct:
        return None
    decision = await access.decide(
        actor,
        _DIRECT_ACTION[message.kind],
        Target(
            scope=message.scope,
            facts={"plain_reply": plain, "direct_allowed": rule.direct, "within_hours": True},
        ),
    )
    return decision if decision.allowed else None
