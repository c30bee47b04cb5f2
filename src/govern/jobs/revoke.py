"""Let X forget the tokens of a connection that somebody ended."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from govern.jobs.renew import end
from govern.services.refreshing import Renewing

WHY = "who may end a connection was asked when it was ended; this only tells X"


async def revoke(account: str, *, renewing: Renewing, clock: Callable[[], datetime]) -> None:
    """Tell X. Should it not answer, the next round of `renew` tells it."""
    await end(UUID(account), renewing=renewing, clock=clock)
