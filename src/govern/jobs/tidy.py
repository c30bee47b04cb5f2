"""Delete what is spent: wake-ups that were handed over long ago, and the files of exports that were kept long enough."""

from datetime import datetime

from govern import log
from govern.services import outbox
from govern.services.export_runs import drop_expired_files

logger = log.get(__name__)
WHY = (
    "spent wake-ups and expired files are the service's own paper: nobody asked for them, and nothing follows from them"
)


async def tidy(*, now: datetime) -> None:
    """Delete spent wake-ups and expired files. Safe to run twice."""
    await outbox.forget_old(now=now)
    if dropped := await drop_expired_files(now=now):
        logger.info("export.files_expired", exports=dropped)
