"""Taking the audit log out: asked for with a fresh proof and a reason, made in the background, and itself in the log."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit import AuditExportFetched, AuditExportRequested, ObjectRef
from govern.domain.exports import (
    KEPT_FOR,
    ExportExpired,
    ExportFormat,
    ExportNotFound,
    ExportNotReady,
    ExportState,
    Question,
    check_export_reason,
    check_question,
)
from govern.domain.ids import uuid7
from govern.domain.members import Actor, NotSignedIn
from govern.services import audit
from govern.services.outbox import enqueue
from govern.services.use_case import about, use_case
from govern.tables import AuditExport, AuditExportPart

JOB = "export"
SHOWN = 50
SUFFIX = {
    ExportFormat.BUNDLE: ".govern-evidence.zip",
    ExportFormat.CSV: ".csv",
    ExportFormat.JSONL: ".jsonl",
}
_ALL = """
SELECT id, requested_by, filter, format, reason, state, progress, total, sha256, error, created_at, finished_at
  FROM audit_export
"""
_ONE = _ALL + " WHERE id = {} AND requested_by = {}"
_MINE = _ALL + " WHERE requested_by = {} ORDER BY created_at DESC, id DESC LIMIT {}"
_PART = "SELECT content FROM audit_export_part WHERE export = {} AND n = {}"


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """An export and how far it is."""

    id: UUID
    requested_by: UUID
    question: Question
    format: ExportFormat
    reason: str
    state: ExportState
    progress: int
    """Entries written so far, of `total`; 0 of 0 until they are counted."""
    total: int
    sha256: str | None
    """Hexadecimal; of the file, once it is there."""
    error: str | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def expires_at(self) -> datetime | None:
        """Until when its file can be fetched; None: there is none."""
        return self.finished_at + KEPT_FOR if self.sha256 and self.finished_at else None

    def expired(self, now: datetime) -> bool:
        """Tell whether its file is gone."""
        return self.expires_at is not None and self.expires_at <= now

    @property
    def file_name(self) -> str:
        """What to call the file."""
        return f"audit-{self.id}{SUFFIX[self.format]}"


async def request_export(
    question: Question,
    *,
    output: ExportFormat,
    reason: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Export:
    """Ask for a part of the log; a worker makes the file.

    Raises:
        Denied: also for API tokens, and without a fresh proof of who asks.
        ExportReasonRequired, QuestionInvalid, ExportTooLarge
        Invalid: the query breaks a rule of its language.
    """
    check_question(question)
    why = check_export_reason(reason)
    export_id = uuid7(now)
    async with use_case(actor=actor, now=now):
        this = ObjectRef(kind="export", id=export_id)
        about(this)
        decision = await access.require(actor, Action.AUDIT_EXPORT, Target(scope=COMPANY))
        row = AuditExport(
            id=export_id,
            requested_by=_member(actor),
            filter=msgspec.json.encode(question).decode(),
            format=output.value,
            reason=why,
            created_at=now,
        )
        await AuditExport.insert(row)
        await audit.record(
            AuditExportRequested(format=output.value, openings=question.openings, reason=why),
            actor=actor,
            now=now,
            object=this,
            scope=COMPANY,
            decision=decision,
        )
        await enqueue(JOB, now=now, export=str(export_id))
        return await _own(export_id, actor)


async def check_may_export(*, actor: Actor, access: Access, now: datetime) -> None:
    """Refuse who may not export, whatever they prove; the fresh proof is asked for when the export is.

    Raises:
        Denied
    """
    async with use_case(actor=actor, now=now):
        if COMPANY not in await access.where_can(actor, Action.AUDIT_EXPORT):
            await access.require(actor, Action.AUDIT_EXPORT, Target(scope=COMPANY))


async def list_exports(*, actor: Actor, access: Access, now: datetime) -> list[Export]:
    """Return one's own exports, the newest first, at most 50.

    Raises:
        Denied: the actor may not read the log.
    """
    await _check_reader(actor, access, now)
    return [_export(row) for row in rows(await AuditExport.raw(_MINE, _member(actor), SHOWN))]


async def get_export(export_id: UUID, *, actor: Actor, access: Access, now: datetime) -> Export:
    """Return one of one's own exports: how far it is.

    Raises:
        Denied: the actor may not read the log.
        ExportNotFound
    """
    await _check_reader(actor, access, now)
    return await _own(export_id, actor)


async def fetch_export(export_id: UUID, *, actor: Actor, access: Access, now: datetime) -> Export:
    """Record that the file of one's own export is handed out; `read_file` then gives it.

    Raises:
        Denied: also without a fresh proof of who asks: the file is the log itself.
        ExportNotFound, ExportNotReady, ExportExpired
    """
    async with use_case(actor=actor, now=now):
        this = ObjectRef(kind="export", id=export_id)
        about(this)
        decision = await access.require(actor, Action.AUDIT_EXPORT, Target(scope=COMPANY))
        export = await _own(export_id, actor)
        if export.sha256 is None:
            raise ExportNotReady(state=export.state.value)
        if export.expired(now):
            raise ExportExpired(days=KEPT_FOR.days)
        await audit.record(
            AuditExportFetched(file=export.sha256), actor=actor, now=now, object=this, scope=COMPANY, decision=decision
        )
        return export


async def read_file(export: Export) -> AsyncIterator[bytes]:
    """Give the file of an export that was just fetched, in pieces of up to 1 MiB."""
    n = 0
    while found := rows(await AuditExportPart.raw(_PART, export.id, n)):
        yield bytes(found[0]["content"])
        n += 1


async def _check_reader(actor: Actor, access: Access, now: datetime) -> None:
    async with use_case(actor=actor, now=now):
        await access.require(actor, Action.AUDIT_READ, Target(scope=COMPANY))


async def _own(export_id: UUID, actor: Actor) -> Export:
    found = rows(await AuditExport.raw(_ONE, export_id, _member(actor)))
    if not found:
        raise ExportNotFound(noun="export", name=str(export_id))
    return _export(found[0])


def _member(actor: Actor) -> UUID:
    if actor.member is None:
        raise NotSignedIn
    return actor.member


def _export(row: dict[str, Any]) -> Export:
    return Export(
        id=row["id"],
        requested_by=row["requested_by"],
        question=msgspec.json.decode(row["filter"], type=Question),
        format=ExportFormat(row["format"]),
        reason=row["reason"],
        state=ExportState(row["state"]),
        progress=row["progress"],
        total=row["total"],
        sha256=row["sha256"].hex() if row["sha256"] else None,
        error=row["error"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
