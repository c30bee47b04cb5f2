"""Delete what is spent: old wake-ups, codes and deliveries of X, and files of exports that were kept long enough."""

from datetime import datetime

from govern import log
from govern.services import outbox
from govern.services.deliveries import forget_old_deliveries
from govern.services.export_runs import drop_expired_files
from govern.services.oauth import forget_old_pending

logger = log.get(__name__)
WHY = "spent wake-ups, old deliveries and expired files are the service's own paper: nobody asked for them, and nothing follows from them"


async def tidy(*, now: datetime) -> None:
    """Delete spent wake-ups, old deliveries and expired files. Safe to run twice."""
    await outbox.forget_old(now=now)
    await forget_old_pending(now=now)
    await forget_old_deliveries(now=now)
    if dropped := await drop_expired_files(now=now):
        logger.info("export.files_expired", exports=dropped)
