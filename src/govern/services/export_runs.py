"""Making the file of an export: by a worker for those who asked, or at once for the command line."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import IO
from uuid import UUID

import msgspec

from govern import log
from govern.access import Access
from govern.database import rows, transaction
from govern.domain.actions import COMPANY, Action, Decision, Target
from govern.domain.audit import AuditExported, AuditExportFailed, ObjectRef
from govern.domain.exports import KEPT_FOR, ExportFormat, Question, check_export_reason, check_question
from govern.domain.ids import uuid7
from govern.domain.members import Actor, Via, member_actor
from govern.errors import GovernError
from govern.services import audit
from govern.services.audit.bundles import Exporter, Progress, Written, write_bundle
from govern.services.audit.evidence import Found, find_places
from govern.services.audit.export_lines import write_lines
from govern.services.members import find_by_id
from govern.services.use_case import about, use_case
from govern.tables import AuditExport, AuditExportPart

logger = log.get(__name__)
PART = 1 << 20
LOST_AFTER = timedelta(hours=2)
"""An export that is not done by then was lost with its worker."""
ENDING = timedelta(hours=1)
"""A download that began in time ends: the bytes go this much later."""
_WHOLE = frozenset({COMPANY})
_CLAIM = """
UPDATE audit_export SET state = 'running' WHERE id = {} AND state = 'queued'
 RETURNING requested_by, filter, format, reason
"""
_PROGRESS = "UPDATE audit_export SET progress = {}, total = {} WHERE id = {} AND state = 'running'"
_DONE = """
UPDATE audit_export SET state = 'done', sha256 = {}, finished_at = {} WHERE id = {} AND state = 'running' RETURNING id
"""
_FAILED = """
UPDATE audit_export SET state = 'failed', error = {}, finished_at = {}
 WHERE id = {} AND finished_at IS NULL RETURNING requested_by
"""
_DROP_PARTS = "DELETE FROM audit_export_part WHERE export = {}"
_DROP_EXPIRED = """
DELETE FROM audit_export_part p USING audit_export e WHERE e.id = p.export AND e.finished_at < {} RETURNING p.export
"""
_WAITING = "SELECT id FROM audit_export WHERE state = 'queued' AND created_at <= {} ORDER BY created_at LIMIT 20"
_LOST = "SELECT id FROM audit_export WHERE finished_at IS NULL AND created_at < {} LIMIT 20"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written, and the checkpoint it is proven by."""

    written: Written
    size: int
    sha256: bytes
    begin: int | None = None
    end: int | None = None


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An export that this process took on."""

    id: UUID
    question: Question
    format: ExportFormat
    reason: str
    actor: Actor


async def run_export(export_id: UUID, *, access: Access, clock: Callable[[], datetime]) -> bool:
    """Make the file of an export that waits; False if another took it on. Whoever asked must still read the log.

    However it fails, the export says so, and the log too; what was not expected is raised again after that.
    """
    asked = await _claim(export_id)
    if asked is None:
        return False
    try:
        await _run(asked, access=access, clock=clock)
    except GovernError as error:
        await fail_export(export_id, cause=error.code, says=error.detail, now=clock())
    except BaseException:  # cancelled, or a fault of ours: nobody shall wait for it
        await asyncio.shield(fail_export(export_id, cause="internal", says="The worker failed.", now=clock()))
        raise
    return True


async def export_to(
    file: IO[bytes],
    question: Question,
    *,
    output: ExportFormat,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Made:
    """Write an export to a file at once, and record it; what is in the file when it fails is of no use.

    Raises:
        Denied, ExportReasonRequired, QuestionInvalid, ExportTooLarge, BeyondLog, NothingProven
    """
    check_question(question)
    why, export_id = check_export_reason(reason), uuid7(now)
    async with use_case(actor=actor, now=now):
        about(ObjectRef(kind="export", id=export_id))
        decision = await access.require(actor, Action.AUDIT_EXPORT, Target(scope=COMPANY))
    asked = _Asked(id=export_id, question=question, format=output, reason=why, actor=actor)
    found = await find_places(question, scopes=_WHOLE)
    made = await _make(file, asked, found, _go_on)
    async with use_case(actor=actor, now=now):
        await _record(asked, made, decision=decision, now=now)
    return made


async def fail_export(export_id: UUID, *, cause: str, says: str, now: datetime) -> None:
    """Say that nothing came of an export; its parts go. Nothing happens to one that is done."""
    async with transaction():
        found = rows(await AuditExport.raw(_FAILED, says[:500], now, export_id))
        if not found:
            return
        await AuditExportPart.raw(_DROP_PARTS, export_id)
        await audit.record(
            AuditExportFailed(cause=cause),
            actor=await _actor(found[0]["requested_by"]),
            now=now,
            object=ObjectRef(kind="export", id=export_id),
            scope=COMPANY,
        )
        logger.warning("export.failed", export=str(export_id), cause=cause)


async def drop_expired_files(*, now: datetime) -> int:
    """Delete the bytes of exports whose time is over, and return of how many; who took what out, and why, stays."""
    async with transaction():
        dropped = rows(await AuditExportPart.raw(_DROP_EXPIRED, now - KEPT_FOR - ENDING))
    return len({row["export"] for row in dropped})


async def waiting_exports(*, now: datetime) -> list[UUID]:
    """Return the exports that wait for a worker."""
    return [row["id"] for row in rows(await AuditExport.raw(_WAITING, now))]


async def lost_exports(*, now: datetime) -> list[UUID]:
    """Return the exports whose worker is gone: they are to be failed."""
    return [row["id"] for row in rows(await AuditExport.raw(_LOST, now - LOST_AFTER))]


async def _claim(export_id: UUID) -> _Asked | None:
    async with transaction():
        found = rows(await AuditExport.raw(_CLAIM, export_id))
    if not found:
        return None
    row = found[0]
    return _Asked(
        id=export_id,
        question=msgspec.json.decode(row["filter"], type=Question),
        format=ExportFormat(row["format"]),
        reason=row["reason"],
        actor=await _actor(row["requested_by"]),
    )


async def _run(asked: _Asked, *, access: Access, clock: Callable[[], datetime]) -> None:
    async with use_case(actor=asked.actor, now=clock()):
        about(ObjectRef(kind="export", id=asked.id))
        decision = await access.require(asked.actor, Action.AUDIT_READ, Target(scope=COMPANY))
    found = await find_places(asked.question, scopes=_WHOLE)

    async def progress(written: int) -> None:
        await AuditExport.raw(_PROGRESS, written, len(found.places), asked.id)

    await progress(0)
    with tempfile.TemporaryFile() as file:
        made = await _make(file, asked, found, progress)
        for n, content in enumerate(_parts(file)):
            await AuditExportPart.insert(AuditExportPart(id=uuid7(clock()), export=asked.id, n=n, content=content))
    async with use_case(actor=asked.actor, now=clock()):
        if not rows(await AuditExport.raw(_DONE, made.sha256, clock(), asked.id)):
            return  # given up meanwhile
        await _record(asked, made, decision=decision, now=clock())


async def _make(file: IO[bytes], asked: _Asked, found: Found, progress: Progress) -> Made:
    if asked.format is ExportFormat.BUNDLE:
        exporter = Exporter(id=asked.actor.id, name=asked.actor.name, reason=asked.reason)
        written = await write_bundle(file, asked.question, found, exporter=exporter, progress=progress)
    else:
        written = await write_lines(
            file, found, output=asked.format, personal=asked.question.openings, progress=progress
        )
    digest = sha256()
    for content in _parts(file):
        digest.update(content)
    ranged = asked.question.begin is not None
    return Made(
        written=written,
        size=found.anchor.size,
        sha256=digest.digest(),
        begin=found.places[0] if ranged else None,
        end=found.places[-1] + 1 if ranged else None,
    )


async def _record(asked: _Asked, made: Made, *, decision: Decision, now: datetime) -> None:
    manifest = made.written.manifest
    await audit.record(
        AuditExported(
            format=asked.format.value,
            entries=made.written.entries,
            opened=made.written.opened,
            size=made.size,
            file=made.sha256.hex(),
            manifest=manifest.hex() if manifest else None,
            begin=made.begin,
            end=made.end,
            reason=asked.reason,
        ),
        actor=asked.actor,
        now=now,
        object=ObjectRef(kind="export", id=asked.id),
        scope=COMPANY,
        decision=decision,
    )


async def _actor(member: UUID) -> Actor:
    """Return who asked, without the fresh proof they gave when they asked."""
    found = await find_by_id(member)
    return member_actor(member, found.name if found else "", via=Via.JOB, factors=())


async def _go_on(_written: int) -> None:
    """Tell nobody."""


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while content := file.read(PART):
        yield content
