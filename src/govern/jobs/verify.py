"""Verify the audit log by night; what it finds is an entry of the log."""

from collections.abc import Callable
from datetime import datetime

from govern import log
from govern.domain.members import Actor, Via, system_actor
from govern.services.audit.claims import Verdict
from govern.services.audit.state import full_due, verification_due
from govern.services.audit.verifying import Question, record_verdict, verify_log
from govern.settings import Settings

logger = log.get(__name__)
WHY = "whether the log is as it was written is asked whoever works here, and nothing is changed by it"
QUARTERS = {4, 19, 34, 49}
"""Minutes at which it is asked whether it is time: what a night missed is made up for within a quarter of an hour."""
TIMEOUT = 3_600
"""Seconds; ten million entries take some minutes."""
VERIFIER: Actor = system_actor("verify", via=Via.JOB)


async def verify(*, settings: Settings, clock: Callable[[], datetime]) -> Verdict | None:
    """Verify the log if it is time, and return what was found; None if it is not. Safe to run twice, and at once."""
    if not await verification_due(now=clock()):
        return None
    verdict = await verify_log(Question(full=await full_due(now=clock())), settings=settings)
    await record_verdict(verdict, actor=VERIFIER, now=clock())
    for claim in verdict.false:
        logger.error("audit.mismatch", check=claim.check, entry=claim.entry, says=claim.says)
    logger.info("audit.verified", begin=verdict.begin, size=verdict.size, false=len(verdict.false))
    return verdict
