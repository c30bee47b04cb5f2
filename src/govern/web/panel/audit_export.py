"""Taking the log out: what, in which form and why; then how far it is, and the file."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Stream

from govern.domain.actions import COMPANY, Action, Target
from govern.domain.exports import ExportFormat, ExportState, Question, read_range
from govern.errors import N_, Conflict, Invalid
from govern.services.exports import (
    Export,
    check_may_export,
    fetch_export,
    get_export,
    list_exports,
    read_file,
    request_export,
)
from govern.web.panel.audit_query import address
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.proof import Proof
from govern.web.panel.views import View
from govern.web.panel.words import Badge

EXPORT = "/admin/audit/export"
FORMATS = {
    ExportFormat.BUNDLE: N_("Signed bundle: entries, proofs, and the program that checks them"),
    ExportFormat.CSV: N_("CSV: a table for people"),
    ExportFormat.JSONL: N_("JSON lines: for programs"),
}
STATES = {
    ExportState.QUEUED: Badge(N_("Waiting for the worker"), "info", "clock"),
    ExportState.RUNNING: Badge(N_("Being written"), "info", "refresh"),
    ExportState.DONE: Badge(N_("Done"), "ok", "circle-check"),
    ExportState.FAILED: Badge(N_("Failed"), "bad", "circle-x"),
}
EXPIRED = Badge(N_("Expired"), "", "clock")


class ExportForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be taken out; a range of places in the log goes without a filter."""

    q: str = ""
    range: str = ""
    format: ExportFormat = ExportFormat.BUNDLE
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    openings: bool = False


class ExportLine(View, frozen=True, kw_only=True):
    """One export: what was asked, how far it is, and its file."""

    id: str
    href: str
    what: str
    format: str
    reason: str
    asked: str
    state: Badge
    active: bool
    progress: int
    total: int
    share: int
    """Percent."""
    error: str
    sha256: str
    ready: bool
    expires: str
    """Until when its file can be fetched."""
    again: str
    """Where to ask again, if the file is gone."""


class AskPage(View, frozen=True, kw_only=True):
    form: Form
    proof: Proof
    q: str
    back: str
    formats: Sequence[tuple[str, str]]
    earlier: Sequence[ExportLine]


class ExportPage(View, frozen=True, kw_only=True):
    export: ExportLine
    proof: Proof
    form: Form
    back: str


def export_address(q: str) -> str:
    """Return where an export of these entries is asked for."""
    return f"{EXPORT}?{urlencode({'q': q})}" if q else EXPORT


async def may_export(desk: Desk) -> bool:
    """Tell whether the member may export, if need be after a fresh proof."""
    return await desk.access.allows(desk.actor, Action.AUDIT_EXPORT, Target(scope=COMPANY))


@get("/audit/export", opt={"action": Action.AUDIT_EXPORT})
async def show_ask(desk: AtDesk, q: FromQuery[str] = "") -> Response[str]:
    """Ask what to take out; the filter is the one that was open."""
    await check_may_export(actor=desk.actor, access=desk.access, now=desk.now)
    return await _ask(desk, Form(values={"q": q}))


@post("/audit/export", status_code=303, opt={"action": Action.AUDIT_EXPORT})
async def post_export(desk: AtDesk) -> Response[str] | Redirect:
    """Let a worker write it; the page that follows says how far it is."""
    form = await read_form(desk.request)
    try:
        data = form.read(ExportForm)
        begin, end = read_range(data.range) if data.range else (None, None)
        asked = await request_export(
            Question(begin=begin, end=end, query=data.q, openings=data.openings),
            output=data.format,
            reason=data.reason,
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )
    except (Invalid, Conflict) as error:
        return await _ask(desk, form.refuse(error))
    return go(f"/admin/audit/exports/{asked.id}")


@get("/audit/exports/{export:uuid}", opt={"action": Action.AUDIT_EXPORT})
async def show_export(desk: AtDesk, export: FromPath[UUID]) -> Response[str]:
    """How far an export is; its file when it is done."""
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    await check_may_export(**who)
    found = _line(desk, await get_export(export, **who))
    page = ExportPage(export=found, proof=await desk.proof(), form=Form(), back=EXPORT)
    return await desk.show("pages/audit_export.html", page, here="audit", title=_("Export"), part="export")


@post("/audit/exports/{export:uuid}/file", status_code=200, opt={"action": Action.AUDIT_EXPORT})
async def post_file(desk: AtDesk, export: FromPath[UUID]) -> Stream:
    """Hand the file out; that it was fetched is an entry, so a form asks for it."""
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    found = await fetch_export(export, **who)
    headers = {"content-disposition": f'attachment; filename="{found.file_name}"'}
    return Stream(read_file(found), media_type="application/octet-stream", headers=headers)


async def _ask(desk: Desk, form: Form) -> Response[str]:
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    q = form.get("q")
    page = AskPage(
        form=form,
        proof=await desk.proof(),
        q=q,
        back=address(q),
        formats=[(each.value, _(words)) for each, words in FORMATS.items()],
        earlier=[_line(desk, each) for each in await list_exports(**who)],
    )
    return await desk.show(
        "pages/audit_export_form.html", page, here="audit", title=_("Export the audit log"), status=form.status
    )


def _line(desk: Desk, export: Export) -> ExportLine:
    expired = export.expired(desk.now)
    state = EXPIRED if expired else STATES[export.state]
    share = 100 * export.progress // export.total if export.total else 0
    return ExportLine(
        id=str(export.id),
        href=f"/admin/audit/exports/{export.id}",
        what=_what(export.question),
        format=_(FORMATS[export.format]),
        reason=export.reason,
        asked=desk.fmt.moment(export.created_at),
        state=Badge(_(state.words), state.tone, state.icon),
        active=export.state in {ExportState.QUEUED, ExportState.RUNNING},
        progress=export.progress,
        total=export.total,
        share=100 if export.state is ExportState.DONE else share,
        error=export.error or "",
        sha256=export.sha256 or "",
        ready=export.state is ExportState.DONE and not expired,
        expires=desk.fmt.moment(export.expires_at) if export.expires_at else "",
        again=export_address(export.question.query) if expired else "",
    )


def _what(question: Question) -> str:
    if question.begin is not None:
        end = "" if question.end is None else str(question.end)
        return _("entries %(begin)s to %(end)s, nothing left out") % {"begin": question.begin, "end": end or "…"}
    return question.query or _("all entries")


ROUTES = (show_ask, post_export, show_export, post_file)
