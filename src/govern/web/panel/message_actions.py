"""What can be done with a message beside deciding: edit, hand in, withdraw, schedule, settle."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.domain.ids import message_number
from govern.domain.messages import Message
from govern.errors import Conflict, Invalid
from govern.services.accounts import get_account
from govern.services.message_rights import get_for_writing
from govern.services.message_views import get_message
from govern.services.messages import revise_message, schedule_message, withdraw_message
from govern.services.outcomes import settle_outcome
from govern.services.screening import preview
from govern.services.submission import submit_message
from govern.web.panel.compose import WRITES, wall_time
from govern.web.panel.compose_page import ComposePage, permission
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.format import zone_name
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.message_view import chip
from govern.web.panel.messages import message_page
from govern.web.panel.previews import preview_of
from govern.web.panel.words import KINDS


class ReviseForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new text for the revision that was read."""

    revision: int
    text: str = ""
    do: Literal["draft", "submit", "check"] = "check"


class ActionForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action on the revision that was read."""

    revision: int = 0
    reason: str | None = None
    scheduled_at: str | None = None
    is_out: bool | None = None
    x_id: str | None = None


@get("/messages/{number:str}/edit", opt={"action": WRITES})
async def show_edit(desk: AtDesk, number: FromPath[str]) -> Response[str]:
    """Write a new revision."""
    return await _edit_page(desk, number, Form())


@post("/messages/{number:str}/edit", status_code=303, opt={"action": WRITES})
async def post_edit(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Keep a new revision, and hand it in if asked."""
    form = await read_form(desk.request)
    try:
        data = form.read(ReviseForm)
        if data.do == "check":
            return await _edit_page(desk, number, form, checked=True)
        message = await get_message(number, actor=desk.actor, access=desk.access, now=desk.now)
        who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
        message = await revise_message(message.id, text=data.text, revision=data.revision, **who)
        if data.do == "submit":
            message = await submit_message(message.id, revision=message.revision.number, policies=desk.policies, **who)
    except (Invalid, Conflict) as error:
        return await _edit_page(desk, number, form.refuse(error))
    return go(f"/admin/messages/{message_number(message.number)}?done={data.do}")


@post("/messages/{number:str}/preview", status_code=200, opt={"action": WRITES})
async def post_edit_preview(desk: AtDesk, number: FromPath[str]) -> Response[str]:
    """Say what screening would say of the new text; nothing is stored."""
    return await _edit_page(desk, number, await read_form(desk.request), checked=True)


@post("/messages/{number:str}/submit", status_code=303, opt={"action": WRITES})
async def submit(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Hand a draft in."""

    async def act(message: Message, data: ActionForm) -> object:
        return await submit_message(
            message.id,
            revision=data.revision,
            actor=desk.actor,
            access=desk.access,
            policies=desk.policies,
            now=desk.now,
        )

    return await _act(desk, number, "submit", act)


@post("/messages/{number:str}/withdraw", status_code=303, opt={"action": Action.MESSAGE_WITHDRAW})
async def withdraw(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Take a message back."""

    async def act(message: Message, data: ActionForm) -> object:
        return await withdraw_message(
            message.id,
            revision=data.revision,
            reason=data.reason,
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )

    return await _act(desk, number, "withdraw", act)


@post("/messages/{number:str}/schedule", status_code=303, opt={"action": (Action.MESSAGE_SCHEDULE, *WRITES)})
async def schedule(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Choose when a message goes out."""

    async def act(message: Message, data: ActionForm) -> object:
        account = await get_account(message.account, actor=desk.actor, access=desk.access, now=desk.now)
        at = wall_time(data.scheduled_at, account.zone)
        if at is None:
            raise FieldFault(reason=_("Please fill this in."), field="scheduled_at")
        return await schedule_message(
            message.id,
            revision=data.revision,
            scheduled_at=at,
            zone=account.zone,
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )

    return await _act(desk, number, "schedule", act)


@post("/messages/{number:str}/settle", status_code=303, opt={"action": Action.MESSAGE_SETTLE})
async def settle(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Say what became of a message whose outcome is unknown."""

    async def act(message: Message, data: ActionForm) -> object:
        if data.is_out is None:
            raise FieldFault(reason=_("Say whether it is out or not."))
        return await settle_outcome(
            message.id,
            is_out=data.is_out,
            x_id=data.x_id,
            reason=data.reason or "",
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )

    return await _act(desk, number, "settle", act)


async def _act(
    desk: Desk, number: str, what: str, act: Callable[[Message, ActionForm], Awaitable[object]]
) -> Response[str] | Redirect:
    form = await read_form(desk.request)
    try:
        data = form.read(ActionForm)
        await act(await get_message(number, actor=desk.actor, access=desk.access, now=desk.now), data)
    except (Invalid, Conflict) as error:
        return await message_page(desk, number, what=what, form=form.refuse(error))
    return go(f"/admin/messages/{number}?done={what}")


async def _edit_page(desk: Desk, number: str, form: Form, *, checked: bool = False) -> Response[str]:
    message = await get_for_writing(number, actor=desk.actor, access=desk.access, now=desk.now)
    account = await get_account(message.account, actor=desk.actor, access=desk.access, now=desk.now)
    text = form.get("text", message.revision.text)
    answer = None
    if checked and text.strip():
        answer = await preview(
            account=message.account,
            kind=message.kind,
            text=text,
            in_reply_to=message.in_reply_to,
            recipient=message.recipient,
            actor=desk.actor,
            access=desk.access,
            policies=desk.policies,
            now=desk.now,
        )
    form.values.setdefault("text", text)
    here = f"/admin/messages/{message_number(message.number)}"
    page = ComposePage(
        choices=(),
        account=chip(account.handle, {account.handle: account}),
        zone=zone_name(account.zone),
        limit=account.length_limit,
        kind=message.kind.value,
        form=form,
        preview=preview_of(text, message.kind, account, answer.findings, screened=True) if answer else None,
        permission=await permission(desk, account.handle, message.recipient or ""),
        action=f"{here}/edit",
        check=f"{here}/preview",
        fixed=True,
        number=message_number(message.number),
        revision=message.revision.number,
        asked=[_(KINDS[message.kind])],
    )
    title = _("Edit %(number)s") % {"number": message_number(message.number)}
    return await desk.show("pages/compose.html", page, here="messages", title=title, part="preview", status=form.status)


ROUTES = (show_edit, post_edit, post_edit_preview, submit, withdraw, schedule, settle)
