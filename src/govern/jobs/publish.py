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
from govern.errors import Unavailable
from govern.services.answers import Result, settle_attempt
from govern.services.audit.included import included
from govern.services.policies import Policies
from govern.services.sending import Claim, claim_next
from govern.settings import Settings
from govern.xapi import errors
from govern.xapi.client import Exchange, OutgoingDm, Receipt, XClient
from govern.xapi.reasons import DUPLICATE_CLAIMED, unknown_for
from govern.xapi.vault import Vault

logger = log.get(__name__)
ACTION = Action.MESSAGE_PUBLISH
MOST_PASSED = 20
LOG_WAIT = timedelta(seconds=5)
CREDITS_AGAIN = timedelta(minutes=5)
# An answer in hand is worth waiting for the database: about a minute.
SETTLE_PAUSES = (0.5, 1.0, 2.0, *[4.0] * 14)

Connect = Callable[[Claim], XClient]
"""Makes the client that speaks for the claim's account."""


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
        logger.info("publication.passed", account=str(account), reason=claim.reason)
    return None


async def _send(claim: Claim, connect: Connect, *, clock: Callable[[], datetime]) -> Result:
    """One POST, no retry; every way it can end becomes a result. A cancelled one does too: the client sees to that."""
    held_back = await _barrier(claim, clock=clock)
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
    meant: dict[str, Any] = {"outcome": Outcome.REFUSED, "code": error.code, "reason": str(error)}
    again = now + retry_after(claim.tries)
    match error:
        case errors.NotSent():
            meant |= {"outcome": Outcome.NOT_SENT, "code": error.cause, "again_at": again}
        case errors.RateLimited():
            meant |= {"again_at": max(error.reset_at, now) + _spread(claim)}
        case errors.NoCredits():
            meant |= {"again_at": now + CREDITS_AGAIN, "hold": Hold.CREDITS}
        case errors.AuthLost():
            meant |= {"again_at": again, "hold": Hold.AUTH, "key_version": error.version}
        case errors.DuplicateClaimed():
            meant |= {"duplicate": True, "reason": DUPLICATE_CLAIMED.en}
        case errors.Refused():
            meant |= {"code": error.reason, "reason": error.sentence.en}
        case errors.OutcomeUnknown():
            meant |= {"outcome": Outcome.UNKNOWN, "code": error.cause, "reason": unknown_for(error.cause).en}
        case _:
            meant |= {"outcome": Outcome.UNKNOWN}
    return Result(**meant)


def _spread(claim: Claim) -> timedelta:
    """Between 1 and 5 s, so that not all accounts come back at the same moment; from the attempt's random id."""
    return timedelta(seconds=1 + claim.attempt.int % 5)


def _with_exchange(result: Result, exchange: Exchange | None, *, now: datetime) -> Result:
    if exchange is None:
        return result
    return replace(
        result,
        connected=exchange.connected,
        status=exchange.status,
        transaction_id=exchange.transaction_id,
        clock_offset=now - exchange.date if exchange.date else None,
    )
