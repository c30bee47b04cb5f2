"""Hand an account's due publications to X, one after the other, each at most once."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from govern import log
from govern.access import Access
from govern.domain.publications import Hold, Outcome, retry_after
from govern.services.outcomes import Result, settle_attempt
from govern.services.policies import Policies
from govern.services.sending import Claim, Passed, claim_next
from govern.settings import Settings
from govern.xapi import errors
from govern.xapi.client import Exchange, OutgoingDm, XClient
from govern.xapi.vault import Vault

logger = log.get(__name__)
MOST_IN_A_ROW = 20

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
) -> int:
    """Send what is due for an account and return how many were sent. Runs zero, one or more times: the claim decides."""
    sent = 0
    for _ in range(MOST_IN_A_ROW):
        claim = await claim_next(
            account, worker=worker, access=access, policies=policies, vault=vault, settings=settings, now=clock()
        )
        if claim is None:
            break
        if isinstance(claim, Passed):
            logger.info("publication.passed", account=str(account), reason=claim.reason)
            continue
        result = await _send(claim, connect(claim), clock=clock)
        message = await settle_attempt(claim.attempt, result, now=clock())
        sent += result.outcome is Outcome.SENT
        logger.info("publication.settled", message=message.number, outcome=result.outcome.value, code=result.code)
    return sent


async def _send(claim: Claim, client: XClient, *, clock: Callable[[], datetime]) -> Result:
    """One POST, no retry; every way it can end becomes a result."""
    try:
        if isinstance(claim.outgoing, OutgoingDm):
            receipt = await client.send_dm(claim.outgoing, write_before=claim.write_before)
        else:
            receipt = await client.send_post(claim.outgoing, write_before=claim.write_before)
    except errors.XError as error:
        return read_error(error, now=clock())
    return _with_exchange(Result(outcome=Outcome.SENT, x_id=receipt.x_id), receipt.exchange)


def read_error(error: errors.XError, *, now: datetime) -> Result:
    """Turn what the client says into what it means for the message (the table of errors in the design)."""
    return _with_exchange(_meaning(error, now), error.exchange)


def _meaning(error: errors.XError, now: datetime) -> Result:
    match error:
        case errors.NotSent():
            return Result(outcome=Outcome.NOT_SENT, code=error.cause, reason=str(error), again_at=now + retry_after(1))
        case errors.RateLimited():
            return Result(
                outcome=Outcome.REFUSED, code="rate_limited", reason=str(error), again_at=max(error.reset_at, now)
            )
        case errors.NoCredits():
            return Result(
                outcome=Outcome.REFUSED,
                code="no_credits",
                reason=str(error),
                again_at=now + retry_after(7),
                hold=Hold.CREDITS,
            )
        case errors.AuthLost():
            return Result(
                outcome=Outcome.REFUSED,
                code="auth_lost",
                reason=str(error),
                again_at=now + retry_after(3),
                hold=Hold.AUTH,
            )
        case errors.DuplicateClaimed():
            return Result(outcome=Outcome.REFUSED, code="duplicate", reason=str(error), duplicate=True)
        case errors.Refused():
            return Result(outcome=Outcome.REFUSED, code=error.reason, reason=error.sentence.en)
        case _:
            cause = getattr(error, "cause", "unknown")
            return Result(outcome=Outcome.UNKNOWN, code=str(cause), reason=str(error))


def _with_exchange(result: Result, exchange: Exchange | None) -> Result:
    if exchange is None:
        return result
    return replace(result, connected=exchange.connected, status=exchange.status, transaction_id=exchange.transaction_id)
