"""What the job that sends does, step by step and without waiting for the log: for who measures the steps."""

from govern.bench.sending_company import Company, clock
from govern.domain.publications import Outcome
from govern.services.answers import Result, settle_attempt
from govern.services.sending import Claim, claim_next
from govern.xapi.client import OutgoingPost


async def claim_as(company: Company, handle: str) -> object:
    """Claim an account's next."""
    return await claim_next(
        company.accounts[handle].id,
        worker="bench",
        access=company.access,
        policies=company.policies,
        vault=company.vault,
        settings=company.settings,
        now=clock(),
    )


async def finish(company: Company, handle: str, claim: object) -> None:
    """Hand a claimed post to X and settle it.

    Raises:
        TypeError: there was none to claim.
    """
    if not isinstance(claim, Claim) or not isinstance(claim.outgoing, OutgoingPost):
        raise TypeError(f"no post was claimed: {claim}")
    receipt = await company.client(handle).send_post(claim.outgoing, write_before=claim.write_before)
    result = Result(outcome=Outcome.SENT, x_id=receipt.x_id, connected=True, status=receipt.exchange.status)
    await settle_attempt(claim.attempt, result, now=clock())
