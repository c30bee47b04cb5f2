"""The sweep is the truth: whatever is due and nobody woke, whatever is overdue, is found here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from arq.connections import ArqRedis

from govern import log
from govern.services import outbox
from govern.services.answers import lose_overdue
from govern.services.denials import sum_denials
from govern.services.expiry import expire_late_approvals
from govern.services.publications import accounts_due
from govern.services.readings import readings_due
from govern.services.sending_watch import keep_watch
from govern.services.waiting import expire_missed, hold_moved_times

logger = log.get(__name__)
WHY = "it wakes others, who ask for themselves, and ends what its own deadline has ended"


async def sweep(redis: ArqRedis, *, reads: Sequence[timedelta] = (), now: datetime) -> None:
    """Wake what is due, settle what is overdue, expire what is late. Safe to run twice, and at once in two workers.

    `reads`: when X is read after an attempt without an answer.
    Waking comes first: one row that cannot be settled must not keep all others waiting.
    """
    if await outbox.answers(redis):  # without Valkey nobody is woken, so nobody sends
        await keep_watch(now=now)
    await outbox.push_due(redis, now=now)
    await _wake_due(redis, now=now)
    lost = await lose_overdue(now=now)
    expired = await expire_late_approvals(now=now) + await expire_missed(now=now)
    await hold_moved_times(now=now)
    await _wake_readings(redis, reads=reads, now=now)
    await sum_denials(now=now)
    if lost or expired:
        logger.warning("sweep.overdue", unknown=lost, expired=expired)


async def _wake_due(redis: ArqRedis, *, now: datetime) -> None:
    for account in await accounts_due(now=now):
        # A new id every few seconds: an id that a killed worker left "in progress" must not block the account.
        job_id = f"publish:{account}:{int(now.timestamp()) // 5}"
        if not await outbox.wake(redis, "publish", job_id, account=str(account)):
            return


async def _wake_readings(redis: ArqRedis, *, reads: Sequence[timedelta], now: datetime) -> None:
    for attempt in await readings_due(delays=reads, now=now):
        job_id = f"reconcile:{attempt}:{int(now.timestamp()) // 5}"
        if not await outbox.wake(redis, "reconcile", job_id, attempt=str(attempt)):
            return
