"""Make the files of exports that wait; the table says which, whoever is woken."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from arq.connections import ArqRedis

from govern.access import Access
from govern.domain.actions import Action
from govern.services import outbox
from govern.services.export_runs import fail_export, lost_exports, run_export, waiting_exports
from govern.services.exports import JOB

ACTION = Action.AUDIT_READ
TIMEOUT = 3_600
"""Seconds a file may take."""


async def export(export_id: str, *, access: Access, clock: Callable[[], datetime]) -> None:
    """Make the file of one export. Runs zero, one or more times, also at once: the claim decides."""
    await run_export(UUID(export_id), access=access, clock=clock)


async def wake_exports(redis: ArqRedis, *, now: datetime) -> None:
    """Wake the exports that nobody took on, and give up those whose worker is gone. Safe to run twice."""
    for export_id in await lost_exports(now=now):
        await fail_export(export_id, cause="worker_lost", says="The worker that made it is gone. Ask again.", now=now)
    for export_id in await waiting_exports(now=now):
        job_id = f"{JOB}:{export_id}:{int(now.timestamp()) // 60}"
        if not await outbox.wake(redis, JOB, job_id, export=str(export_id)):
            return
