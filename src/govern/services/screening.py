"""Screening in its place: facts are gathered, the engine answers, the answer is kept beside the revision."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.domain.accounts import Account
from govern.domain.actions import Action
from govern.domain.approvals import Severity
from govern.domain.audit import ObjectRef, RevisionScreened
from govern.domain.consent import DmPermission, PermissionState
from govern.domain.drafts import check_target, check_text
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message
from govern.screening.engine import screen
from govern.screening.findings import Facts, Input, Screening
from govern.services import audit
from govern.services.accounts import find_account, require_on
from govern.services.consent import permission_for
from govern.services.contacts import find_contact
from govern.services.policies import Policies
from govern.services.use_case import use_case
from govern.tables import Screening as ScreeningTable

WRITE_ACTION = {
    Kind.POST: Action.MESSAGE_WRITE_POST,
    Kind.REPLY: Action.MESSAGE_WRITE_REPLY,
    Kind.QUOTE: Action.MESSAGE_WRITE_QUOTE,
    Kind.DM: Action.MESSAGE_WRITE_DM,
}


class Screened(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine said, under which permission, and the id of the row that keeps it."""

    id: UUID
    screening: Screening
    permission: DmPermission | None

    @property
    def decision(self) -> str:
        return str(self.screening.decision)

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that found something, each once."""
        return tuple(dict.fromkeys(finding.rule for finding in self.screening.findings))

    @property
    def severity(self) -> Severity | None:
        """The gravest finding's."""
        order = list(Severity)
        found = [Severity(str(finding.severity)) for finding in self.screening.findings if finding.decision != "allow"]
        return max(found, key=order.index, default=None)


def screen_text(
    kind: Kind, text: str, account: Account, permission: DmPermission | None, *, policies: Policies
) -> Screening:
    """Ask the engine about a text of ours."""
    return screen(
        Input(
            text=text,
            kind=kind,
            permission=permission.state if permission else None,
            facts=Facts(account=account.handle, length_limit=account.length_limit),
        ),
        policies.screening,
    )


async def screen_revision(
    message: Message, *, moment: str, actor: Actor, policies: Policies, now: datetime
) -> Screened:
    """Screen the current revision and keep the answer, in the caller's transaction."""
    screened = await judge_revision(message, policies=policies, now=now)
    await keep_screening(message, screened, moment=moment, actor=actor, now=now)
    return screened


async def judge_revision(message: Message, *, policies: Policies, now: datetime) -> Screened:
    """Screen the message's text as it stands in the value; nothing is kept."""
    account = await find_account(message.account)
    permission = None
    if message.kind is Kind.DM:
        permission = (
            await permission_for(message.contact_id, account, rules=policies.consent, now=now)
            if message.contact_id
            else DmPermission(PermissionState.UNSOLICITED)
        )
    answer = screen_text(message.kind, message.revision.text, account, permission, policies=policies)
    return Screened(id=uuid7(now), screening=answer, permission=permission)


async def keep_screening(message: Message, screened: Screened, *, moment: str, actor: Actor, now: datetime) -> None:
    """Keep what screening said of the current revision, in the caller's transaction."""
    answer, permission = screened.screening, screened.permission
    await ScreeningTable.insert(
        ScreeningTable(
            id=screened.id,
            revision=message.revision.id,
            moment=moment,
            policy_digest=answer.policy_digest,
            decision=screened.decision,
            klass=str(answer.klass),
            permission=permission.state.value if permission else None,
            permission_until=permission.until if permission else None,
            findings=msgspec.json.encode(answer.findings).decode(),
            created_at=now,
        )
    )
    await audit.record(
        RevisionScreened(
            revision=message.revision.number,
            decision=screened.decision,
            klass=str(answer.klass),
            rules=screened.rules,
            permission=permission.state.value if permission else None,
            policy=answer.policy_digest,
            stage=moment,
        ),
        actor=actor,
        now=now,
        object=ObjectRef(kind="message", id=message.id, rev=message.revision.number),
        scope=message.scope,
    )


async def preview(
    *,
    account: str,
    kind: Kind,
    text: str,
    in_reply_to: str | None = None,
    recipient: str | None = None,
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
) -> Screening:
    """Say what screening would say of a text; nothing is stored."""
    check_text(text)
    check_target(kind, in_reply_to=in_reply_to, recipient=recipient)
    ours = await find_account(account)
    async with use_case(actor=actor, now=now):
        await require_on(ours, WRITE_ACTION[kind], called=account, actor=actor, access=access)
        permission = await _permission(ours, recipient, policies=policies, now=now) if kind is Kind.DM else None
    return screen_text(kind, text, ours, permission, policies=policies)


async def permission_of(
    account: str, contact: str, *, actor: Actor, access: Access, policies: Policies, now: datetime
) -> DmPermission:
    """Say whether a DM from this account to this person may be written now."""
    ours = await find_account(account)
    async with use_case(actor=actor, now=now):
        await require_on(ours, Action.MESSAGE_WRITE_DM, called=account, actor=actor, access=access)
        return await _permission(ours, contact, policies=policies, now=now)


async def _permission(account: Account, contact: str | None, *, policies: Policies, now: datetime) -> DmPermission:
    person = await find_contact(contact) if contact else None
    if person is None:
        return DmPermission(PermissionState.UNSOLICITED)
    return await permission_for(person.id, account, rules=policies.consent, now=now)
