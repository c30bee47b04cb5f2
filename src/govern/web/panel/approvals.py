"""Approvals: the queue, one message beside it, and the decisions."""

from typing import Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.errors import Conflict, Invalid
from govern.services.accounts import get_account
from govern.services.approvals import approve_message, withdraw_approval
from govern.services.message_views import get_message
from govern.services.queue import QueueView
from govern.services.refusals import reject_message, request_changes
from govern.services.screening import preview
from govern.web.panel.asking import mend, read_acknowledged
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.previews import limit_of
from govern.web.panel.queue_page import address, queue_page

What = Literal["approve", "edit", "reject", "changes"]


class VerdictForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision about one revision, and where in the queue it was taken."""

    revision: int
    what: What
    reason: str | None = msgspec.field(default=None)
    text: str | None = None
    acknowledged: list[str] = []
    use: str | None = None
    was: str | None = None
    view: QueueView = QueueView.MINE
    q: str | None = None
    next: str | None = None


@get("/approvals", opt={"action": Action.MESSAGE_READ})
async def show_queue(
    desk: AtDesk,
    view: FromQuery[QueueView] = QueueView.MINE,
    q: FromQuery[str] = "",
    item: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[str]:
    """The queue of a view, with one message open."""
    return await queue_page(desk, view=view, q=q[:100], item=item, done=done)


@post("/messages/{number:str}/approve", status_code=303, opt={"action": Action.MESSAGE_APPROVE})
async def approve(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Approve a revision, or a new text of the approver's own."""
    return await _decide(desk, number)


@post("/messages/{number:str}/reject", status_code=303, opt={"action": Action.MESSAGE_REJECT})
async def reject(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Reject a revision, for good."""
    return await _decide(desk, number)


@post("/messages/{number:str}/request-changes", status_code=303, opt={"action": Action.MESSAGE_REQUEST_CHANGES})
async def ask_for_changes(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Send a revision back to its author."""
    return await _decide(desk, number)


@post("/messages/{number:str}/undo", status_code=303, opt={"action": Action.MESSAGE_APPROVE})
async def undo(desk: AtDesk, number: FromPath[str]) -> Redirect:
    """Take one's own approval back, before the message is handed to X."""
    form = await read_form(desk.request)
    message = await get_message(number, actor=desk.actor, access=desk.access, now=desk.now)
    await withdraw_approval(message.id, actor=desk.actor, access=desk.access, now=desk.now)
    return go(address(_view(form), item=number))


async def _decide(desk: Desk, number: str) -> Response[str] | Redirect:
    form = await read_form(desk.request)
    try:
        data = form.read(VerdictForm)
        if data.use:
            return await _mended(desk, number, data, form)
        await _apply(desk, number, data)
    except (Invalid, Conflict) as error:
        form.refuse(error)
        what = form.get("what") if form.get("what") in What.__args__ else "approve"  # type: ignore[attr-defined]
        return await queue_page(desk, view=_view(form), q=form.get("q"), item=number, what=what, form=form)
    return go(address(data.view, data.q or "", item=data.next, done=number))


async def _apply(desk: Desk, number: str, data: VerdictForm) -> None:
    message = await get_message(number, actor=desk.actor, access=desk.access, now=desk.now)
    who: Any = {"revision": data.revision, "actor": desk.actor, "access": desk.access, "now": desk.now}
    if data.what == "reject":
        await reject_message(message.id, reason=data.reason or "", **who)
    elif data.what == "changes":
        await request_changes(message.id, reason=data.reason or "", **who)
    else:
        text = data.text if data.what == "edit" and data.text != message.revision.text else None
        seen = read_acknowledged(data.acknowledged)
        await approve_message(
            message.id, text=text, reason=data.reason, acknowledged=seen, policies=desk.policies, **who
        )


async def _mended(desk: Desk, number: str, data: VerdictForm, form: Form) -> Response[str]:
    """Bring the edit back with one finding mended, for the approver to look at; nothing is kept."""
    message = await get_message(number, actor=desk.actor, access=desk.access, now=desk.now)
    account = await get_account(message.account, actor=desk.actor, access=desk.access, now=desk.now)
    if (data.text or "").strip():
        found = await preview(
            account=message.account,
            kind=message.kind,
            text=data.text or "",
            in_reply_to=message.in_reply_to,
            recipient=message.recipient,
            paid_partnership=message.revision.paid_partnership,
            ai_written=message.revision.ai_written,
            alt_texts=[each.alt_text for each in message.revision.images],
            message=message.id,
            actor=desk.actor,
            access=desk.access,
            policies=desk.policies,
            now=desk.now,
        )
        mend(form, found.findings, limit=limit_of(message.kind, account))
    return await queue_page(desk, view=data.view, q=data.q or "", item=number, what="edit", form=form)


def _view(form: Form) -> QueueView:
    return QueueView(form.get("view")) if form.get("view") in set(QueueView) else QueueView.MINE


ROUTES = (show_queue, approve, reject, ask_for_changes, undo)
