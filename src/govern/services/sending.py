"""Sending once: claim in one transaction, one POST outside any, settle in another; the database keeps the promise."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import AccountState
from govern.domain.actions import Action, Decision, Target
from govern.domain.audit import (
    MessageExpired,
    MessageWithdrawn,
    ObjectRef,
    PublicationHeld,
    PublicationSending,
)
from govern.domain.members import PUBLISHER, Via, member_actor
from govern.domain.messages import Event, Kind, Message, content_digest, next_state
from govern.domain.publications import Hold
from govern.services import audit
from govern.services.accounts import find_account
from govern.services.approvals import approve_target
from govern.services.contacts import get_contact, lock_contact
from govern.services.message_views import change_message, lock_message, message_ref, state_change
from govern.services.pauses import is_paused
from govern.services.policies import Policies
from govern.services.publications import close_unsent
from govern.services.screening import WRITE_ACTION, screen_revision
from govern.services.use_case import use_case
from govern.settings import Settings
from govern.tables import Account as AccountTable
from govern.tables import AccountCredential, Attempt, Publication
from govern.xapi.client import OutgoingDm, OutgoingPost
from govern.xapi.credentials import Credentials
from govern.xapi.vault import Vault

HOLD_FOR = timedelta(seconds=15)
STRICTNESS = ("allow", "warn", "needs_approval", "block")

# The lock and the look are two statements: choosing under the lock is what keeps claims from colliding.
_LOCK_ACCOUNT = "SELECT id FROM account WHERE id = {} FOR NO KEY UPDATE SKIP LOCKED"
_IN_FLIGHT = "SELECT id FROM attempt WHERE account = {} AND outcome IS NULL LIMIT 1"
_NEXT = """
SELECT p.id, p.message, p.next_attempt, p.not_after, p.content_digest, p.hold, p.tries
  FROM publication p JOIN message m ON m.id = p.message
 WHERE p.account = {} AND p.closed_at IS NULL AND p.wake_at <= {} AND m.state IN ('approved', 'scheduled')
 ORDER BY p.lane, p.due_at, p.id LIMIT 1
"""
_APPROVERS = """
SELECT ap.id, ap.approver, m.name FROM approval ap JOIN member m ON m.id = ap.approver
 WHERE ap.revision = {} AND ap.verdict = 'approved' AND ap.withdrawn_at IS NULL AND ap.digest = {}
"""
_SEEN = """
SELECT decision FROM screening WHERE revision = {} AND moment = 'submit' ORDER BY created_at DESC, id DESC LIMIT 1
"""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A publication in hand: what to send, as whom, until when it may be written."""

    attempt: UUID
    account: UUID
    credentials: Credentials
    x_user_id: str | None
    outgoing: OutgoingPost | OutgoingDm
    write_before: datetime


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A publication that did not go now (held, expired, withdrawn); the next one of the account may."""

    reason: str


class _Next(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    message: UUID
    next_attempt: UUID
    not_after: datetime
    content_digest: bytes
    hold: str | None
    tries: int


async def claim_next(
    account: UUID,
    *,
    worker: str,
    access: Access,
    policies: Policies,
    vault: Vault,
    settings: Settings,
    now: datetime,
) -> Claim | Passed | None:
    """Take the account's next due publication, deciding everything again; None if there is none or another has the account.

    When this returns a claim, `sending` is committed: from here on only an answer, the sweep or a person moves it.
    """
    async with use_case(actor=PUBLISHER, now=now):
        if not rows(await AccountTable.raw(_LOCK_ACCOUNT, account)):
            return None
        if rows(await Attempt.raw(_IN_FLIGHT, account)):
            return None
        due = rows(await Publication.raw(_NEXT, account, now))
        if not due:
            return None
        publication = msgspec.convert(due[0], _Next)
        message = await lock_message(publication.message)
        if message.contact_id is not None:
            await lock_contact(message.contact_id)
        if publication.not_after < now:
            return await _expire(message, now=now)
        if _digest_of(message) != publication.content_digest:
            return await _hold(
                publication, message, Hold.DIGEST, "What would go out is not what was approved.", now=now
            )
        decision = await _decide(message, access=access)
        if not decision.allowed:
            hold = Hold.PAUSE if decision.rule == "pause.publish" else Hold.ACCESS
            return await _hold(publication, message, hold, decision.sentence, decision=decision, now=now)
        if not await _screening_still_allows(message, policies=policies, now=now):
            return await _withdraw(message, now=now)
        credentials = await _credentials(account, message, vault=vault, settings=settings)
        if credentials is None:
            return await _hold(publication, message, Hold.AUTH, "The account must be connected again.", now=now)
        return await _start(
            publication, message, credentials, worker=worker, settings=settings, decision=decision, now=now
        )


async def _decide(message: Message, *, access: Access) -> Decision:
    """Ask again whether this may go out: for the author, for each approver, for pauses, for the worker."""
    author = member_actor(message.author, message.author_name, via=Via.JOB)
    may_write = await access.decide(author, WRITE_ACTION[message.kind], Target(scope=message.scope))
    return await access.decide(
        PUBLISHER,
        Action.MESSAGE_PUBLISH,
        Target(
            scope=message.scope,
            facts={
                "author_may_write": may_write.allowed,
                "approvals_valid": len(await _valid_approvals(message, access=access)),
                "approvals_required": message.approvals_required,
                "paused": await is_paused(message.scope, message.kind),
            },
        ),
    )


async def _valid_approvals(message: Message, *, access: Access) -> list[UUID]:
    """Return the approvals whose givers may still give them."""
    valid = []
    for row in rows(await Publication.raw(_APPROVERS, message.revision.id, message.revision.digest)):
        approver = member_actor(row["approver"], row["name"], via=Via.JOB)
        target = approve_target(message, edit_and_approve=message.revision.edit_and_approve)
        if await access.allows(approver, Action.MESSAGE_APPROVE, target):
            valid.append(row["id"])
    return valid


async def _screening_still_allows(message: Message, *, policies: Policies, now: datetime) -> bool:
    """Screen once more; what is stricter now than what its approvers saw does not go."""
    seen = rows(await Publication.raw(_SEEN, message.revision.id))
    again = await screen_revision(message, moment="send", actor=PUBLISHER, policies=policies, now=now)
    return bool(seen) and STRICTNESS.index(again.decision) <= STRICTNESS.index(seen[0]["decision"])


def _digest_of(message: Message) -> bytes:
    """Return the digest of the rows that would be sent, made anew."""
    return content_digest(
        account=message.account,
        kind=message.kind,
        text=message.revision.text,
        in_reply_to=message.in_reply_to,
        recipient=message.recipient,
    )


async def _credentials(account: UUID, message: Message, *, vault: Vault, settings: Settings) -> Credentials | None:
    owner = await find_account(message.account)
    if owner.state is not AccountState.CONNECTED:
        return None
    return await load_credentials(account, vault=vault, settings=settings)


async def load_credentials(account: UUID, *, vault: Vault, settings: Settings) -> Credentials | None:
    """Open an account's keys; None if it has none that work. Only the worker holds the sealing keys.

    Raises:
        MissingKey, BrokenSeal: the row cannot be opened; the message names the key id.
    """
    row = (
        await AccountCredential.select(
            AccountCredential.access_sealed,
            AccountCredential.secret_sealed,
            AccountCredential.key_id,
            AccountCredential.version,
        )
        .where((AccountCredential.account == account) & (AccountCredential.state == "active"))
        .first()
    )
    if row is None:
        return None
    place = {"account_id": account, "key_id": row["key_id"], "version": row["version"]}
    return Credentials(
        api_key=settings.x_api_key,
        api_secret=settings.x_api_secret,
        access_token=vault.open(row["access_sealed"], column="access_sealed", **place),
        access_token_secret=vault.open(row["secret_sealed"], column="secret_sealed", **place),
    )


async def _start(
    publication: _Next,
    message: Message,
    credentials: Credentials,
    *,
    worker: str,
    settings: Settings,
    decision: Decision,
    now: datetime,
) -> Claim:
    write_before = now + settings.send_write_window
    await Attempt.insert(
        Attempt(
            id=publication.next_attempt,
            publication=publication.id,
            account=message.account_id,
            content_digest=publication.content_digest,
            started_at=now,
            write_before=write_before,
            deadline_at=now + settings.attempt_deadline,
            worker=worker[:80],
        )
    )
    await Publication.update(
        {
            Publication.tries: publication.tries + 1,
            Publication.hold: None,
            Publication.hold_reason: None,
            Publication.hold_since: None,
        }
    ).where(Publication.id == publication.id)
    state = next_state(message.state, Event.CLAIM)
    await change_message(message, now, state=state.value)
    approvals = rows(await Publication.raw(_APPROVERS, message.revision.id, message.revision.digest))
    await audit.record(
        PublicationSending(
            attempt=publication.tries + 1,
            digest=publication.content_digest.hex(),
            approvals=tuple(row["id"] for row in approvals),
            decisions=(Action.MESSAGE_PUBLISH.value,),
        ),
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        refs=(ObjectRef(kind="publication", id=publication.id), ObjectRef(kind="attempt", id=publication.next_attempt)),
        scope=message.scope,
        change=state_change(message, state),
        decision=decision,
    )
    owner = await find_account(message.account)
    return Claim(
        attempt=publication.next_attempt,
        account=message.account_id,
        credentials=credentials,
        x_user_id=owner.x_user_id,
        outgoing=await _outgoing(message),
        write_before=write_before,
    )


async def _outgoing(message: Message) -> OutgoingPost | OutgoingDm:
    text = message.revision.text
    if message.kind is Kind.DM and message.contact_id is not None:
        contact = await get_contact(message.contact_id)
        return OutgoingDm(text=text, recipient_id=contact.x_user_id or "")
    if message.kind is Kind.QUOTE:
        return OutgoingPost(text=text, quote_of=message.in_reply_to)
    return OutgoingPost(text=text, in_reply_to=message.in_reply_to)


async def _hold(
    publication: _Next,
    message: Message,
    hold: Hold,
    sentence: str,
    *,
    decision: Decision | None = None,
    now: datetime,
) -> Passed:
    """Let it wait and say why; asked again soon, recorded once per cause."""
    await Publication.update(
        {
            Publication.wake_at: now + HOLD_FOR,
            Publication.hold: hold.value,
            Publication.hold_reason: sentence,
            Publication.hold_since: now,
        }
    ).where(Publication.id == publication.id)
    if publication.hold != hold.value:
        await audit.record(
            PublicationHeld(hold=hold.value, rule=decision.rule if decision else None),
            actor=PUBLISHER,
            now=now,
            object=message_ref(message),
            refs=(ObjectRef(kind="publication", id=publication.id),),
            scope=message.scope,
            decision=decision,
        )
    return Passed(reason=hold.value)


async def _expire(message: Message, *, now: datetime) -> Passed:
    state = next_state(message.state, Event.EXPIRE)
    await close_unsent(message, now=now, failure="Its time to go out passed before it could be sent.")
    await change_message(message, now, state=state.value)
    await audit.record(
        MessageExpired(reason="window_passed"),
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        scope=message.scope,
        change=state_change(message, state),
    )
    return Passed(reason="expired")


async def _withdraw(message: Message, *, now: datetime) -> Passed:
    state = next_state(message.state, Event.WITHDRAW)
    failure = "Screening is stricter now than when it was approved, so it was not sent."
    if message.kind is Kind.DM:
        failure = "The right to write to this person ended before it could be sent."
    await close_unsent(message, now=now, failure=failure)
    await change_message(message, now, state=state.value)
    await audit.record(
        MessageWithdrawn(revision=message.revision.number, comment=failure),
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        scope=message.scope,
        change=state_change(message, state),
    )
    return Passed(reason="withdrawn")
