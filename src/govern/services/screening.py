"""Screening in its place: facts are gathered, the engine answers, the answer is kept beside the revision."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal as Exact
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from uuid import UUID

import msgspec

from govern import __version__, log
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
from govern.domain.publications import XKind
from govern.errors import N_, Unavailable
from govern.screening.engine import screen
from govern.screening.findings import Decision, Direction, Finding, Input, Screening, strictness
from govern.services import audit
from govern.services.accounts import find_account, require_on
from govern.services.contacts import find_contact
from govern.services.permissions import permission_called, permission_for
from govern.services.policies import Policies
from govern.services.screening_facts import Text, gather_facts, text_of
from govern.services.use_case import use_case
from govern.tables import Screening as ScreeningTable

logger = log.get(__name__)
LIBRARIES = ("google-re2", "phonenumbers", "pyahocorasick", "python-stdnum", "rapidfuzz")

WRITE_ACTION = {
    Kind.POST: Action.MESSAGE_WRITE_POST,
    Kind.REPLY: Action.MESSAGE_WRITE_REPLY,
    Kind.QUOTE: Action.MESSAGE_WRITE_QUOTE,
    Kind.DM: Action.MESSAGE_WRITE_DM,
}


class ScreeningFailed(Unavailable):
    """The engine gave no answer; that is never "nothing found"."""

    code = "screening.failed"
    template = N_("Screening could not judge this text, so nothing goes out. An admin must look.")


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


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody saw who let a revision pass: author or approver."""

    decision: Decision
    permission: str | None
    findings: tuple[Finding, ...]


def still_allows(again: Screened, seen: Iterable[Seen]) -> bool:
    """Tell whether a later screening lets pass what these people let pass; False where nobody saw anything.

    It must be no stricter, and nothing that asks for a person, or forbids, may be new.
    """
    known = list(seen)
    return bool(known) and all(_no_worse(again.screening, each) for each in known)


def _no_worse(again: Screening, seen: Seen) -> bool:
    if again.decision is Decision.BLOCK or strictness(again.decision) > strictness(seen.decision):
        return False
    grave = strictness(Decision.NEEDS_APPROVAL)
    known = {(found.rule, found.span, found.decision) for found in seen.findings}
    return all(
        (found.rule, found.span, found.decision) in known
        for found in again.findings
        if strictness(found.decision) >= grave
    )


def judge(given: Input, *, policies: Policies) -> Screening:
    """Ask the engine.

    Raises:
        ScreeningFailed: it broke; the cause is in the program's own log, without the text.
    """
    try:
        return screen(given, policies.screening)
    except Exception as error:
        logger.error("screening.failed", kind=given.kind.value, error=type(error).__name__)  # noqa: TRY400 - a trace may quote
        raise ScreeningFailed from error


async def screen_text(
    given: Text, account: Account, permission: DmPermission | None, *, policies: Policies, now: datetime
) -> Screening:
    """Ask the engine about a text of ours, with all that is known."""
    facts = await gather_facts(given, account, policy=policies.screening, now=now)
    state = permission.state if permission else None
    asked = Input(text=given.text, kind=given.kind, permission=state, facts=facts, alt_texts=given.alt_texts)
    return judge(asked, policies=policies)


def screen_inbound(text: str, x_kind: XKind, *, is_reply: bool = False, policies: Policies) -> Screening:
    """Ask the engine about what a person wrote to us: whether they say stop, and which personal data stands there."""
    kind = Kind.DM if x_kind is XKind.DM else Kind.REPLY if is_reply else Kind.POST
    return judge(Input(text=text, kind=kind, direction=Direction.INBOUND), policies=policies)


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
    answer = await screen_text(text_of(message), account, permission, policies=policies, now=now)
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
            engine=msgspec.json.encode(engine_versions()).decode(),
            decision=screened.decision,
            klass=str(answer.klass),
            points=Exact(f"{answer.points:.2f}"),
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


@cache
def engine_versions() -> Mapping[str, str]:
    """Return the versions of all that a finding depends on beside the policy: the same policy may find otherwise."""
    found = {"govern": __version__, "unicode": unicodedata.unidata_version}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "none"
    return found


async def preview(
    *,
    account: str,
    kind: Kind,
    text: str,
    in_reply_to: str | None = None,
    recipient: str | None = None,
    paid_partnership: bool = False,
    ai_written: bool = False,
    alt_texts: Sequence[str] = (),
    message: UUID | None = None,
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
) -> Screening:
    """Say what screening would say of a text; nothing is stored. `message`: the one it is a new text for."""
    check_text(text)
    check_target(kind, in_reply_to=in_reply_to, recipient=recipient)
    ours = await find_account(account)
    async with use_case(actor=actor, now=now):
        await require_on(ours, WRITE_ACTION[kind], called=account, actor=actor, access=access)
        person = await find_contact(recipient) if recipient else None
        is_dm = kind is Kind.DM
        permission = await permission_called(ours, recipient, policies=policies, now=now) if is_dm else None
        given = Text(
            text=text,
            kind=kind,
            in_reply_to=in_reply_to,
            contact=person.id if person else None,
            message=message,
            paid_partnership=paid_partnership,
            ai_written=ai_written,
            alt_texts=tuple(alt_texts),
        )
        return await screen_text(given, ours, permission, policies=policies, now=now)
