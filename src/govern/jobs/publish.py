"""Hand an account's next due publication to X, at most once."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from govern import log
from govern.access import Access
from govern.database import AWAY
from govern.domain.actions import Action
from govern.domain.messages import Message
from govern.domain.publications import Hold, Outcome, retry_after
from govern.domain.x_limits import DAY, Family, RateSeen
from govern.errors import Unavailable
from govern.jobs.upload import upload_media
from govern.services.answers import Result, settle_attempt
from govern.services.audit.included import included
from govern.services.credentials import ACCOUNT_LOCKED
from govern.services.media_uploads import MediaNeeded
from govern.services.pauses import is_paused
from govern.services.policies import Policies
from govern.services.sending import Claim, claim_next
from govern.services.x_app import CREDITS_AGAIN
from govern.settings import Settings
from govern.xapi import errors
from govern.xapi.client import Exchange, OutgoingDm, Receipt, XClient
from govern.xapi.vault import Vault

logger = log.get(__name__)
ACTION = Action.MESSAGE_PUBLISH
MOST_PASSED = 20
LOG_WAIT = timedelta(seconds=5)
# An answer in hand is worth waiting for the database: about a minute.
SETTLE_PAUSES = (0.5, 1.0, 2.0, *[4.0] * 14)

Connect = Callable[[Claim | MediaNeeded], XClient]
"""Makes the client that speaks for the account."""


async def publish(
    account: UUID,
    *,
    worker: str,
    connect: Connect,
    access: Access,
    policies: Policies,
    vault: Vault,
    settings: Settings,
    clock: Callable[[], datetime],
) -> Result | None:
    """Send one due publication and return what came of it; None if there was none to send.

    Runs zero, one or more times, also at once: the claim decides. The outbox wakes the account's next.
    """
    handed = set[UUID]()
    for _ in range(MOST_PASSED):
        claim = await claim_next(
            account, worker=worker, access=access, policies=policies, vault=vault, settings=settings, now=clock()
        )
        if claim is None:
            return None
        if isinstance(claim, Claim):
            result = await _send(claim, connect, clock=clock)
            message = await _undisturbed(_settle(claim, result, clock=clock))
            logger.info("publication.settled", message=message.number, state=message.state.value, code=result.code)
            return result
        if isinstance(claim, MediaNeeded):
            await upload_media(claim, connect(claim), handed=handed, clock=clock)
            continue  # what X holds now may go; what it does not waits
        logger.info("publication.passed", account=str(account), reason=claim.reason)
    return None


async def _send(claim: Claim, connect: Connect, *, clock: Callable[[], datetime]) -> Result:
    """One POST, no retry; every way it can end becomes a result. A cancelled one does too: the client sees to that."""
    held_back = await _barrier(claim, clock=clock)
    if held_back is None:
        held_back = await _paused_meanwhile(claim, clock=clock)
    if held_back is not None:
        return held_back
    if isinstance(claim.outgoing, OutgoingDm) and not claim.outgoing.recipient_id:
        reason = "X has not told us who this person is: they never wrote to one of our accounts."
        return Result(outcome=Outcome.REFUSED, code="no_x_id", reason=reason)
    try:
        receipt = await _post(claim, connect(claim))
    except errors.XError as error:
        return read_error(error, claim=claim, now=clock())
    except Exception:  # whatever it is, it may have been sent
        logger.exception("publication.broken", attempt=str(claim.attempt))
        return Result(outcome=Outcome.UNKNOWN, code="internal", reason="The worker failed while it was sending.")
    return _with_exchange(Result(outcome=Outcome.SENT, x_id=receipt.x_id), receipt.exchange, now=clock())


async def _barrier(claim: Claim, *, clock: Callable[[], datetime]) -> Result | None:
    """Wait until the log has confirmed that we are about to send; what it does not confirm is not sent."""
    try:
        await included(claim.receipt, timeout=LOG_WAIT.total_seconds())
    except Unavailable as error:
        logger.error("publication.not_in_log", attempt=str(claim.attempt), reason=error.detail)  # noqa: TRY400 - no more to say
        return _not_sent(claim, "log_not_included", error.detail, clock())
    except asyncio.CancelledError:  # honoured once the outcome is written
        return _not_sent(claim, "cancelled", "The worker was stopped before it sent anything.", clock())
    return None


async def _paused_meanwhile(claim: Claim, *, clock: Callable[[], datetime]) -> Result | None:
    """Read the pauses once more: one may have been set since the claim. What cannot be read is not sent."""
    try:
        paused = await is_paused(claim.scope, claim.kind)
    except (*AWAY, asyncpg.PostgresError) as error:
        logger.warning("publication.pause_unread", attempt=str(claim.attempt), error=type(error).__name__)
        return _not_sent(claim, "pause_unread", "Whether publishing is paused could not be read.", clock())
    except asyncio.CancelledError:
        return _not_sent(claim, "cancelled", "The worker was stopped before it sent anything.", clock())
    if not paused:
        return None
    reason = "Publishing was paused before it was handed to X."
    result = _not_sent(claim, "paused", reason, clock())
    return replace(result, hold=Hold.PAUSE)


def _not_sent(claim: Claim, code: str, reason: str, now: datetime) -> Result:
    return Result(outcome=Outcome.NOT_SENT, code=code, reason=reason, again_at=now + retry_after(claim.tries))


async def _post(claim: Claim, client: XClient) -> Receipt:
    if isinstance(claim.outgoing, OutgoingDm):
        return await client.send_dm(claim.outgoing, write_before=claim.write_before)
    return await client.send_post(claim.outgoing, write_before=claim.write_before)


async def _settle(claim: Claim, result: Result, *, clock: Callable[[], datetime]) -> Message:
    """Write what X answered, also if the database is away for a moment."""
    for pause in SETTLE_PAUSES:
        try:
            return await settle_attempt(claim.attempt, result, now=clock())
        except (*AWAY, asyncpg.PostgresError) as error:
            logger.warning("publication.settle_waits", attempt=str(claim.attempt), error=type(error).__name__)
            await asyncio.sleep(pause)
    return await settle_attempt(claim.attempt, result, now=clock())


async def _undisturbed(work: Coroutine[Any, Any, Message]) -> Message:
    """Let it end whoever cancels meanwhile, or did during the call before; the cancellation is honoured after it."""
    caller, task = asyncio.current_task(), asyncio.create_task(work)
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            continue
    message = task.result()
    if caller is not None and caller.cancelling():
        raise asyncio.CancelledError
    return message


def read_error(error: errors.XError, *, claim: Claim, now: datetime) -> Result:
    """Turn what the client says into what it means for the message (the table of errors in the design)."""
    return _with_exchange(_meaning(error, claim, now), error.exchange, now=now)


def _meaning(error: errors.XError, claim: Claim, now: datetime) -> Result:
    meant: dict[str, Any] = {"outcome": Outcome.REFUSED, "code": error.code, "reason": error.sentence.en}
    again = now + retry_after(claim.tries)
    match error:
        case errors.NotSent():
            meant |= {"outcome": Outcome.NOT_SENT, "code": error.cause, "again_at": again}
        case errors.RateLimited():
            meant |= {"again_at": min(max(error.reset_at, now), now + DAY) + _spread(claim), "rates": _spent(error)}
        case errors.NoCredits():
            meant |= {"again_at": now + CREDITS_AGAIN, "hold": Hold.CREDITS}
        case errors.AuthLost():
            meant |= {"again_at": again, "hold": Hold.AUTH, "key_version": error.version}
        case errors.DuplicateClaimed():
            meant |= {"duplicate": True}
        case errors.Refused():
            meant |= _refused(error, again)
        case errors.OutcomeUnknown():
            meant |= {"outcome": Outcome.UNKNOWN, "code": error.cause}
        case _:
            meant |= {"outcome": Outcome.UNKNOWN}
    return Result(**meant)


def _refused(error: errors.Refused, again: datetime) -> dict[str, Any]:
    """A refusal is for good, unless it is of the whole account: what else waits would be refused as well."""
    if error.reason == ACCOUNT_LOCKED:
        return {"code": error.reason, "again_at": again, "hold": Hold.AUTH}
    return {"code": error.reason}


def _spread(claim: Claim) -> timedelta:
    """Between 1 and 5 s, so that not all accounts come back at the same moment; from the attempt's random id."""
    return timedelta(seconds=1 + claim.attempt.int % 5)


def _spent(error: errors.RateLimited) -> tuple[RateSeen, ...]:
    """Return X's limits as a 429 leaves them: the one it is about is spent, whatever its headers say."""
    exchange = error.exchange or Exchange()
    spent = RateSeen(
        family=Family(exchange.rate_window),
        limit=exchange.rate_limit,
        remaining=0,
        reset_at=error.reset_at,
        refused=True,
    )
    return (*(rate for rate in exchange.rates if rate.family is not spent.family), spent)


def _with_exchange(result: Result, exchange: Exchange | None, *, now: datetime) -> Result:
    if exchange is None:
        return result
    return replace(
        result,
        connected=exchange.connected,
        status=exchange.status,
        transaction_id=exchange.transaction_id,
        rates=result.rates or exchange.rates,
        clock_offset=now - exchange.date if exchange.date else None,
    )
