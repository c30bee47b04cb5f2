"""A message as pages print it: one row of a list, or all there is to see of it."""

from collections.abc import Mapping, Sequence

from govern.domain.accounts import Account
from govern.domain.actions import Action, Target
from govern.domain.approvals import Approval, rule_by_id
from govern.domain.ids import message_number
from govern.domain.messages import Event, Kind, Message, ReplyLevel, Revision, State, can
from govern.domain.publications import DECISIONS, Hold
from govern.domain.reply_levels import WHO_SEES, audience
from govern.services.acknowledgements import list_acknowledged
from govern.services.conversations import find_inbound
from govern.services.message_history import message_history
from govern.services.message_views import list_approvals, list_attempts, list_revisions
from govern.services.screening import WRITE_ACTION
from govern.services.verdict_entries import find_verdict_entries
from govern.services.verdicts import can_decide
from govern.web.panel.asking import Asking
from govern.web.panel.desk import Desk
from govern.web.panel.history import steps
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.images import image_views
from govern.web.panel.inbound import bubble_of
from govern.web.panel.marks import compare
from govern.web.panel.previews import flags, preview_of
from govern.web.panel.views import AccountChip, Bubble, Comparison, MessageView, Row, Verdicts
from govern.web.panel.words import HOLDS, KINDS, LEVELS, PERMISSIONS, STATES, TAKEN_BACK, badge, role_name


def chip(handle: str, accounts: Mapping[str, Account]) -> AccountChip:
    """Return an account's colour and name; one that may not be read keeps its handle."""
    account = accounts.get(handle)
    return AccountChip(handle=handle, name=account.name if account else handle, colour=account.colour if account else 1)


def row_of(desk: Desk, message: Message, accounts: Mapping[str, Account], href: str, *, selected: bool = False) -> Row:
    """Build the row of a message."""
    waiting = can(message.state, Event.APPROVE) and message.deadline_at
    return Row(
        number=message_number(message.number),
        href=href,
        account=chip(message.account, accounts),
        kind=_(KINDS[message.kind]),
        state=badge(STATES.get(message.state), message.state),
        text=message.revision.text,
        author=message.author_name,
        due=desk.fmt.due(message.deadline_at) if waiting and message.deadline_at else None,
        flags=flags(message.findings, message.permission),
        selected=selected,
        when=desk.fmt.moment(message.updated_at),
    )


async def message_view(desk: Desk, message: Message, account: Account, *, since: int | None = None) -> MessageView:
    """Read what belongs to a message the caller may read, and build its view.

    The text is compared with revision `since`, or else with the one before.
    """
    revisions = await list_revisions(message.id)
    approvals = await list_approvals(message.id)
    attempts = await list_attempts(message.id)
    entries = await find_verdict_entries(message.id, message.scope, approvals, actor=desk.actor, access=desk.access)
    accounts = {account.handle: account}
    rule = rule_by_id(desk.policies.approval, message.approval_rule)
    screened = message.decision is not None
    return MessageView(
        id=str(message.id),
        number=message_number(message.number),
        title=await _title(message, account),
        kind=_(KINDS[message.kind]),
        state=badge(STATES.get(message.state), message.state),
        account=chip(message.account, accounts),
        author=message.author_name,
        written=desk.fmt.ago(message.revision.created_at),
        revision=message.revision.number,
        text=message.revision.text,
        version=message.version,
        context=await _context(desk, message, account),
        preview=preview_of(
            message.revision.text,
            message.kind,
            account,
            message.findings,
            screened=screened,
            asking=Asking(boxes=False),
            seen=await _seen_by(desk, message),
        ),
        comparison=comparison(revisions, since),
        due=desk.fmt.due(message.deadline_at) if message.deadline_at and can(message.state, Event.APPROVE) else None,
        images=image_views(message.revision.images),
        levels=level_steps(message.reply_level),
        audience=in_language(WHO_SEES[audience(message.kind, message.reply_level)]),
        publishes=_publishes(desk, message),
        approvals=_approvals(message),
        approvers=", ".join(role_name(role) for role in rule.from_roles) if rule and message.approvals_required else "",
        rule=message.approval_rule or "",
        why=in_language(rule.why) if rule else "",
        # What was said of the right to write before it ended would only mislead now.
        permission="" if message.withdrawn_for else _(PERMISSIONS.get(message.permission or "", "")),
        ledger=await _ledger(desk, message),
        facts=_facts(message.revision),
        said={name: "1" for name in ("paid_partnership", "ai_written") if getattr(message.revision, name)},
        taken_back=_taken_back(message),
        failure=message.failure or "",
        doubtful=can(message.state, Event.SETTLE_SENT),
        x_id=message.x_id,
        steps=steps(desk.actor.member, await message_history(message.id), approvals, attempts, entries=entries),
        verdicts=await verdicts(desk, message),
        can=await _can(desk, message, approvals),
        waits=message.hold in DECISIONS and can(message.state, Event.CLAIM),
    )


async def verdicts(desk: Desk, message: Message) -> Verdicts:
    """Ask which decisions are this member's, and keep the sentence of the first that is not."""
    if not can(message.state, Event.APPROVE):
        return Verdicts(
            approve=False,
            reject=False,
            request_changes=False,
            edit=False,
            needs_reason=False,
            second_person=False,
            sentence="",
        )
    asked = await can_decide(message, actor=desk.actor, access=desk.access, policies=desk.policies)
    refused = asked.approve if not asked.approve.allowed else asked.reject
    return Verdicts(
        approve=asked.approve.allowed,
        reject=asked.reject.allowed,
        request_changes=asked.request_changes.allowed,
        edit=asked.approve.allowed
        and await desk.access.allows(desk.actor, WRITE_ACTION[message.kind], Target(scope=message.scope)),
        needs_reason=asked.needs_reason,
        second_person=asked.second_person_after_edit,
        sentence="" if refused.allowed else in_language({"en": refused.sentence, "fr": refused.sentence_fr}),
    )


def comparison(revisions: Sequence[Revision], since: int | None = None) -> Comparison | None:
    """Compare the current revision with `since`, or with the one before it."""
    earlier = [each for each in revisions[:-1] if since is None or each.number >= since]
    if not earlier:
        return None
    before, after = (earlier[0] if since else earlier[-1]), revisions[-1]
    return Comparison(
        before=before.number,
        after=after.number,
        segments=compare(before.text, after.text),
        images=before.images != after.images,
    )


async def _can(desk: Desk, message: Message, approvals: Sequence[Approval]) -> frozenset[str]:
    """Return what this member may do with it beside deciding, as `revise` or `withdraw`."""
    target, own = Target(scope=message.scope), message.author == desk.actor.member
    withdrawn = Target(scope=message.scope, facts={"author": str(message.author)})
    write = await desk.access.allows(desk.actor, WRITE_ACTION[message.kind], target)
    plan = await desk.access.allows(desk.actor, Action.MESSAGE_SCHEDULE, target)
    draft = can(message.state, Event.QUEUE)
    given = any(
        approval.approver == desk.actor.member and approval.withdrawn_at is None and approval.verdict == "approved"
        for approval in approvals
    )
    asked = {
        "revise": write and can(message.state, Event.REVISE),
        "submit": write and draft,
        "withdraw": can(message.state, Event.WITHDRAW)
        and await desk.access.allows(desk.actor, Action.MESSAGE_WITHDRAW, withdrawn),
        "schedule": can(message.state, Event.SCHEDULE) and (plan or (write and own and draft)),
        "settle": can(message.state, Event.SETTLE_SENT)
        and await desk.access.allows(desk.actor, Action.MESSAGE_SETTLE, target),
        "copy": write and (message.withdrawn_for is not None or _expired(message)) and message.confirms is None,
        "undo": given and can(message.state, Event.UNDO),
        "log": await desk.may(Action.AUDIT_READ),
    }
    return frozenset(name for name, allowed in asked.items() if allowed)


def _expired(message: Message) -> bool:
    return message.state is State("expired")


def _taken_back(message: Message) -> str:
    """Say why the service itself took it back, or why its time passed without it."""
    if message.withdrawn_for:
        return _(TAKEN_BACK[message.withdrawn_for])
    if _expired(message):
        return message.failure or _("It was not sent: nobody approved it in time.")
    return ""


async def _title(message: Message, account: Account) -> str:
    if message.confirms is not None:
        return _("Confirmation of an opt-out to @%(handle)s") % {"handle": message.recipient}
    if message.kind is Kind.DM:
        return _("DM to @%(handle)s") % {"handle": message.recipient}
    if message.in_reply_to is None:
        return _("Post")
    answered = await find_inbound(account.id, message.in_reply_to)
    whom = f"@{answered.contact_handle}" if answered else message.in_reply_to
    if message.kind is Kind.QUOTE:
        return _("Quote of %(whom)s") % {"whom": whom}
    return _("Reply to %(whom)s") % {"whom": whom}


async def _context(desk: Desk, message: Message, account: Account) -> Sequence[Bubble]:
    """Return what is answered, if we received it. DM threads stay closed here: opening one is an entry of the log."""
    answered = await find_inbound(account.id, message.in_reply_to) if message.in_reply_to else None
    if answered is None:
        return ()
    shown = await bubble_of(
        desk,
        account=account.handle,
        scope=account.scope,
        name=answered.contact_name,
        handle=answered.contact_handle,
        text=answered.text,
        written_at=answered.written_at,
        x_id=answered.x_id,
    )
    return (shown,)


async def _seen_by(desk: Desk, message: Message) -> Mapping[str, Sequence[str]]:
    """Return who acknowledged each warning, by the name the warning has in forms."""
    found: dict[str, list[str]] = {}
    for each in await list_acknowledged(message.revision.id):
        said = f"{each.name}, {desk.fmt.moment(each.at)}"
        found.setdefault(str(each.warning), []).append(said)
    return found


async def _ledger(desk: Desk, message: Message) -> str:
    """Return where it is explained why the person may be written to, for those who may read that."""
    if message.contact_id is None or not await desk.access.allows(
        desk.actor, Action.CONTACT_READ, Target(scope=message.scope)
    ):
        return ""
    return f"/admin/permissions/{message.contact_id}"


def _facts(revision: Revision) -> Sequence[str]:
    found = ((revision.paid_partnership, _("paid partnership")), (revision.ai_written, _("text made with AI")))
    return [words for holds, words in found if holds]


def level_steps(level: ReplyLevel | None) -> Sequence[tuple[str, bool]]:
    """Return the levels an answer can have, and which one it has; none where there is nothing to choose."""
    return [(_(words), level is each) for each, words in LEVELS.items()] if level else ()


def _publishes(desk: Desk, message: Message) -> str:
    if message.x_id:
        return _("It is on X")
    if can(message.state, Event.SETTLE_SENT):
        return _("Nobody knows whether it is out")
    if message.hold:
        return _(HOLDS[Hold(message.hold)])
    if message.decision == "block" or (not can(message.state, Event.WITHDRAW) and message.due_at is None):
        return _("Not as it is now")
    planned = message.scheduled_at or message.due_at
    if planned is None:
        return _("At once when approved")
    return _("%(moment)s, %(zone)s time") % {"moment": desk.fmt.moment(planned), "zone": desk.fmt.zone_name}


def _approvals(message: Message) -> str:
    if message.approval_rule is None:
        return _("decided when it is submitted")
    if not message.approvals_required:
        return _("none needed")
    return _("%(given)s of %(required)s") % {"given": message.approvals, "required": message.approvals_required}
