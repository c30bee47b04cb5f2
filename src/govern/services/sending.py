"""Sending once: claim in one transaction, one POST outside any, settle in another; the database keeps the promise."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account, AccountState
from govern.domain.actions import Action, Decision
from govern.domain.audit import ObjectRef, PublicationSending
from govern.domain.backlog import LATE
from govern.domain.members import PUBLISHER
from govern.domain.messages import Event, Kind, Message, WithdrawnFor, next_state
from govern.domain.publications import Hold
from govern.screening.findings import Finding
from govern.services import audit
from govern.services.accounts import find_account
from govern.services.audit import Receipt
from govern.services.confirmations import confirmation_may_leave
from govern.services.credentials import load_credentials
from govern.services.gate import enter_gate
from govern.services.media_uploads import MediaMissing, MediaNeeded, held_by_x
from govern.services.message_views import change_message, lock_message, message_ref, state_change
from govern.services.outgoing import digest_of, make_outgoing
from govern.services.passing import Passed, expire_publication, hold_publication, withdraw_publication
from govern.services.policies import Policies
from govern.services.publications import FREE
from govern.services.publish_rights import decide_again
from govern.services.rescreening import lost_for, refused_by_x, seen_by
from govern.services.room import find_room, take_room, wish_of
from govern.services.screening import ScreeningFailed, judge_revision, keep_screening, still_allows
from govern.services.spending import Cost
from govern.services.use_case import use_case
from govern.services.waiting import wait_longer
from govern.settings import Settings
from govern.tables import Account as AccountTable
from govern.tables import Attempt, Publication
from govern.xapi.client import OutgoingDm, OutgoingPost
from govern.xapi.credentials import Keys
from govern.xapi.vault import BrokenSeal, MissingKey, Vault

# The lock and the look are two statements: choosing under the lock is what keeps claims from colliding.
_LOCK_ACCOUNT = "SELECT id FROM account WHERE id = {} FOR NO KEY UPDATE SKIP LOCKED"
_NEXT = (
    """
SELECT p.id, p.message, p.next_attempt, p.due_at, p.not_after, p.content_digest, p.tries, p.hold_since, p.lane
  FROM publication p JOIN message m ON m.id = p.message
 WHERE p.account = {} AND p.closed_at IS NULL AND p.wake_at <= {} AND m.state IN ('approved', 'scheduled')
   AND NOT EXISTS (SELECT 1 FROM attempt t WHERE t.account = p.account AND t.outcome IS NULL)
   AND NOT EXISTS (SELECT 1 FROM sending_watch w WHERE w.beat_at < {}) AND """  # noqa: S608 - constants only
    + FREE
    + " ORDER BY p.lane, p.due_at, p.id LIMIT 1"
)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A publication in hand: what to send, as whom, until when it may be written. `tries` counts this attempt.

    `receipt` is of its `publication.sending`: nothing leaves before a signed checkpoint covers that entry.
    """

    attempt: UUID
    tries: int
    receipt: Receipt
    credentials: Keys
    x_user_id: str | None
    outgoing: OutgoingPost | OutgoingDm
    write_before: datetime
    scope: str
    kind: Kind


class _Due(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    message: UUID
    next_attempt: UUID
    due_at: datetime
    not_after: datetime
    content_digest: bytes
    tries: int
    hold_since: datetime | None
    lane: int


async def claim_next(
    account: UUID,
    *,
    worker: str,
    access: Access,
    policies: Policies,
    vault: Vault,
    settings: Settings,
    now: datetime,
) -> Claim | Passed | MediaNeeded | None:
    """Take the account's next due publication, deciding everything again; None if there is none or another has the account.

    When this returns a claim, `sending` is committed: from here on only an answer, the sweep or a person moves it.
    What may go but for its images, which X does not hold, is left as it was.
    """
    try:
        async with use_case(actor=PUBLISHER, now=now):
            await enter_gate()
            due = await _first_due(account, now) if await _take_account(account) else None
            if due is None:
                return None
            message = await lock_message(due.message)  # of a DM the person first: a stop comes before or after
            if await _first_due(account, now) != due:
                return Passed(reason="changed")  # while we waited for its lock
            return await _claim(
                due, message, worker=worker, access=access, policies=policies, vault=vault, settings=settings, now=now
            )
    except MediaMissing as missing:
        return missing.needed


async def _claim(
    due: _Due,
    message: Message,
    *,
    worker: str,
    access: Access,
    policies: Policies,
    vault: Vault,
    settings: Settings,
    now: datetime,
) -> Claim | Passed:
    """Decide about one publication, whose rows are locked: time, content, rights, keys, screening."""
    if (passed := await _unfit(due, message, now=now)) is not None:
        return passed
    decision, approvals = await decide_again(message, access=access)
    if not decision.allowed:
        hold = Hold.PAUSE if decision.rule == "pause.publish" else Hold.ACCESS
        return await hold_publication(due.id, message, hold, decision.sentence, decision=decision, now=now)
    if (
        passed := await wait_longer(due.id, message, due_at=due.due_at, hold_since=due.hold_since, now=now)
    ) is not None:
        return passed
    owner = await find_account(message.account)
    keys = await _open_keys(owner, vault=vault, settings=settings)
    if isinstance(keys, str):
        return await hold_publication(due.id, message, Hold.AUTH, keys, now=now)
    wish = await wish_of(due.id, message, lane=due.lane, not_after=due.not_after, policies=policies)
    passed = (
        await find_room(wish, now=now)
        or await _screen_again(due, message, policies=policies, now=now)
        or await take_room(wish, now=now)
    )
    if passed is not None:
        return passed
    media_ids = await held_by_x(due.id, message, now=now)
    if media_ids is None:
        raise MediaMissing(
            MediaNeeded(
                publication=due.id,
                message=message.id,
                account=message.account_id,
                credentials=keys,
                x_user_id=owner.x_user_id,
            )
        )
    await _start(due, message, wish.cost, worker=worker, settings=settings, now=now)
    receipt = await _record(due, message, approvals, decision=decision, now=now)
    return Claim(
        attempt=due.next_attempt,
        tries=due.tries + 1,
        receipt=receipt,
        credentials=keys,
        x_user_id=owner.x_user_id,
        outgoing=await make_outgoing(message, media_ids),
        write_before=now + settings.send_write_window,
        scope=message.scope,
        kind=message.kind,
    )


async def _take_account(account: UUID) -> bool:
    """Lock the account for this claim; False if another claim has it."""
    return bool(rows(await AccountTable.raw(_LOCK_ACCOUNT, account)))


async def _first_due(account: UUID, now: datetime) -> _Due | None:
    """Return what is next; None also while something of the account is in flight."""
    found = rows(await Publication.raw(_NEXT, account, now, now - LATE))
    return msgspec.convert(found[0], _Due) if found else None


async def _unfit(due: _Due, message: Message, *, now: datetime) -> Passed | None:
    """Let what is late expire, and hold what is not what was approved."""
    if due.not_after < now:
        return await expire_publication(message, now=now)
    if await digest_of(message) != due.content_digest:
        sentence = "What would go out is not what was approved."
        return await hold_publication(due.id, message, Hold.DIGEST, sentence, now=now)
    return None


async def _screen_again(due: _Due, message: Message, *, policies: Policies, now: datetime) -> Passed | None:
    """Hold what the engine cannot judge, and take back what may not go any more."""
    try:
        lost = await _lost(message, policies=policies, now=now)
    except ScreeningFailed as error:
        return await hold_publication(due.id, message, Hold.SCREENING, error.detail, now=now)
    if isinstance(lost, Finding):
        return await hold_publication(due.id, message, Hold.RULE, lost.message.en, now=now)
    return None if lost is None else await withdraw_publication(message, lost, now=now)


async def _lost(message: Message, *, policies: Policies, now: datetime) -> WithdrawnFor | Finding | None:
    """Screen once more, under the right to write of now; what is stricter than what was seen does not go."""
    if message.confirms is not None:
        screened = await confirmation_may_leave(message, policies=policies, now=now)
        if screened is None:
            return WithdrawnFor.PERMISSION_LOST
        await keep_screening(message, screened, moment="send", actor=PUBLISHER, now=now)
        return None
    seen = await seen_by(message)
    again = await judge_revision(message, policies=policies, now=now)
    refused = refused_by_x(again, seen)
    if refused is None or message.hold != Hold.RULE:  # of one that waits on, the first answer is kept
        await keep_screening(message, again, moment="send", actor=PUBLISHER, now=now)
    return refused or (None if still_allows(again, seen) else lost_for(again, seen))


async def _open_keys(owner: Account, *, vault: Vault, settings: Settings) -> Keys | str:
    """Return the account's keys, or the sentence that says why there are none to use."""
    try:
        keys = await load_credentials(owner.id, vault=vault, settings=settings)
    except (MissingKey, BrokenSeal) as error:
        return error.detail
    if owner.state is not AccountState.CONNECTED or keys is None:
        return "The account must be connected again."
    return keys


async def _start(due: _Due, message: Message, cost: Cost, *, worker: str, settings: Settings, now: datetime) -> None:
    """Begin the attempt: from its commit on, nobody else may begin another."""
    await Attempt.insert(
        Attempt(
            id=due.next_attempt,
            publication=due.id,
            account=message.account_id,
            content_digest=due.content_digest,
            started_at=now,
            write_before=now + settings.send_write_window,
            deadline_at=now + settings.attempt_deadline,
            worker=worker[:80],
            cost=msgspec.json.encode(cost).decode(),
        )
    )
    await Publication.update(
        {
            Publication.tries: due.tries + 1,
            Publication.hold: None,
            Publication.hold_reason: None,
            Publication.hold_since: None,
        }
    ).where(Publication.id == due.id)


async def _record(due: _Due, message: Message, approvals: list[UUID], *, decision: Decision, now: datetime) -> Receipt:
    """Move the message to `sending`, and record it with what was decided."""
    state = next_state(message.state, Event.CLAIM)
    await change_message(message, now, state=state.value)
    return await audit.record(
        PublicationSending(
            attempt=due.tries + 1,
            digest=due.content_digest.hex(),
            approvals=tuple(approvals),
            decisions=(Action.MESSAGE_PUBLISH.value,),
        ),
        actor=PUBLISHER,
        now=now,
        object=message_ref(message),
        refs=(ObjectRef(kind="publication", id=due.id), ObjectRef(kind="attempt", id=due.next_attempt)),
        scope=message.scope,
        change=state_change(message, state),
        decision=decision,
    )
