"""Delete wake-ups that were handed over long ago."""

from datetime import datetime

from govern.services import outbox

WHY = "spent wake-ups are the service's own paper: nobody asked for them, and nothing follows from them"


async def tidy(*, now: datetime) -> None:
    """Delete spent wake-ups. Safe to run twice."""
    await outbox.forget_old(now=now)
