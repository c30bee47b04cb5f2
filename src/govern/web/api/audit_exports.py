"""Exports of the audit log: asked for, followed, fetched."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from govern.domain.actions import Action
from govern.domain.exports import ExportFormat, Question
from govern.services.exports import Export, fetch_export, get_export, list_exports, read_file, request_export
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

Place = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
MEDIA = {
    ExportFormat.BUNDLE: "application/zip",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/jsonl",
}


class ExportInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to take out: the places `begin` to `end`, which leaves nothing out, or what answers a query."""

    begin: Place | None = None
    end: Place | None = None
    """The place after the last one; null: up to the newest signed entry."""
    query: Annotated[str, msgspec.Meta(max_length=500)] = ""
    format: ExportFormat = ExportFormat.BUNDLE
    openings: bool = False
    """Whether personal fields go with it, opened."""
    since: Place | None = None
    """The size of a checkpoint that was kept earlier."""
    reason: Annotated[str, msgspec.Meta(max_length=500)]


class ExportJson(msgspec.Struct, kw_only=True):
    """An export and how far it is: `progress` entries of `total`. `sha256` is the file's, once it is there."""

    id: UUID
    state: str
    format: str
    question: Question
    reason: str
    progress: int
    total: int
    sha256: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    """Until when its file can be fetched."""
    file: str | None
    """Where to fetch it; null: it is not there yet, or not any more."""


class ExportsJson(msgspec.Struct, kw_only=True):
    """One's own exports, the newest first."""

    items: list[ExportJson]


class AuditExportsController(Controller):
    path = "/audit/export"
    tags = ("audit",)

    @post(
        status_code=202,
        summary="Ask for an export of the audit log",
        description="Critical: it takes a session signed in a moment ago; a token cannot. It is made in the background.",
        opt={"action": Action.AUDIT_EXPORT},
        responses=problems(403, 409, 422),
    )
    async def ask(
        self, *, data: JSONBody[ExportInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> ExportJson:
        question = Question(begin=data.begin, end=data.end, query=data.query, openings=data.openings, since=data.since)
        export = await request_export(
            question, output=data.format, reason=data.reason, actor=actor, access=access, now=now
        )
        return export_json(export, now=now)

    @get(summary="List your exports of the audit log", opt={"action": Action.AUDIT_READ}, responses=problems(403))
    async def list_all(self, *, actor: CurrentActor, access: CurrentAccess, now: Now) -> ExportsJson:
        return ExportsJson(
            items=[export_json(each, now=now) for each in await list_exports(actor=actor, access=access, now=now)]
        )

    @get(
        "/{export_id:uuid}",
        summary="See how far an export is",
        opt={"action": Action.AUDIT_READ},
        responses=problems(403, 404),
    )
    async def get_one(
        self, *, export_id: FromPath[UUID], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> ExportJson:
        return export_json(await get_export(export_id, actor=actor, access=access, now=now), now=now)

    @get(
        "/{export_id:uuid}/file",
        summary="Fetch the file of an export",
        description="Critical, and recorded: the file is the log itself.",
        opt={"action": Action.AUDIT_EXPORT},
        responses=problems(403, 404, 409),
    )
    async def fetch(self, *, export_id: FromPath[UUID], actor: CurrentActor, access: CurrentAccess, now: Now) -> Stream:
        export = await fetch_export(export_id, actor=actor, access=access, now=now)
        headers = {"Content-Disposition": f'attachment; filename="{export.file_name}"', "Cache-Control": "no-store"}
        return Stream(read_file(export), media_type=MEDIA[export.format], headers=headers)


def export_json(export: Export, *, now: datetime) -> ExportJson:
    """Return an export as programs read it."""
    return ExportJson(
        id=export.id,
        state=export.state.value,
        format=export.format.value,
        question=export.question,
        reason=export.reason,
        progress=export.progress,
        total=export.total,
        sha256=export.sha256,
        error=export.error,
        created_at=export.created_at,
        finished_at=export.finished_at,
        expires_at=export.expires_at,
        file=f"/api/v1/audit/export/{export.id}/file" if export.sha256 and not export.expired(now) else None,
    )
