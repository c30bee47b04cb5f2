"""Screen what waits anew when the screening policy is another one; the send does not rely on it."""

from collections.abc import Callable
from datetime import datetime

from govern import log
from govern.services.policies import Policies
from govern.services.rescreening import rescreen_unsent

logger = log.get(__name__)
WHY = "the rules changed, not what anybody may do: what they no longer allow is taken back, whoever wrote it"


async def rescreen(*, policies: Policies, clock: Callable[[], datetime]) -> int:
    """Screen what the policy in force has not seen yet, and return how many that were. Safe to run twice, and at once."""
    done = await rescreen_unsent(policies=policies, now=clock())
    if done:
        logger.info("rescreen.done", messages=done, policy=policies.screening.digest)
    return done
