"""Unknown outcome: what nobody answered, what X shows of it, and a person's word. Neither answer is the default."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.errors import N_, Conflict, Invalid
from govern.services.late_answers import close_late_answer
from govern.services.outcomes import ask_reading, settle_outcome
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.unknown_page import list_page, one_page

OTHER = "other"
DONE = {
    "read": N_("X is read again: look in a moment."),
    "late": N_("Closed: what you did about it is in the log."),
}


class OutForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is out: one of what X showed, or another with a reason."""

    which: str = ""
    x_id: str | None = None
    reason: str = ""


class NotOutForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is not out, and how one knows."""

    not_reason: str = ""


class CloseForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done about a late answer."""

    reason: str = ""


@get("/unknown", opt={"action": Action.MESSAGE_SETTLE})
async def show_unknown(desk: AtDesk, done: FromQuery[str] = "") -> Response[str]:
    """What waits for a person's word, oldest first, and late answers of X."""
    return await list_page(desk, done=_(DONE.get(done, "")))


@get("/unknown/{number:str}", opt={"action": Action.MESSAGE_SETTLE})
async def show_one(desk: AtDesk, number: FromPath[str], done: FromQuery[str] = "") -> Response[str]:
    """One message, its attempts, and beside it what X shows."""
    return await one_page(desk, number, done=_(DONE.get(done, "")))


@post("/unknown/{number:str}/read", status_code=303, opt={"action": Action.MESSAGE_SETTLE})
async def post_read(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Have X read again."""
    form = await read_form(desk.request)

    async def act(who: Any) -> str:
        await ask_reading(number, **who)
        return f"/admin/unknown/{number}?done=read"

    return await _act(desk, number, form, act, what="read")


@post("/unknown/{number:str}/out", status_code=303, opt={"action": Action.MESSAGE_SETTLE})
async def post_out(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Say that it is out, and as which post."""
    form = await read_form(desk.request)

    async def act(who: Any) -> str:
        data = form.read(OutForm)
        if not data.which:
            raise FieldFault(reason=_("Choose which one it is."), field="which")
        x_id = data.x_id if data.which == OTHER else data.which
        await settle_outcome(number, is_out=True, x_id=x_id, reason=data.reason, **who)
        return f"/admin/messages/{number}?done=settle"

    return await _act(desk, number, form, act, what="out")


@post("/unknown/{number:str}/not-out", status_code=303, opt={"action": Action.MESSAGE_SETTLE})
async def post_not_out(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Say that it is not out: it goes once more."""
    form = await read_form(desk.request)

    async def act(who: Any) -> str:
        reason = form.read(NotOutForm).not_reason
        if not reason:
            raise FieldFault(reason=_("Please fill this in."), field="not_reason")
        await settle_outcome(number, is_out=False, reason=reason, **who)
        return f"/admin/messages/{number}?done=settle"

    return await _act(desk, number, form, act, what="not-out")


@post("/unknown/late/{attempt:uuid}/close", status_code=303, opt={"action": Action.MESSAGE_SETTLE})
async def post_close(desk: AtDesk, attempt: FromPath[UUID]) -> Response[str] | Redirect:
    """Say what was done about a late answer of X."""
    form = await read_form(desk.request)
    try:
        reason = form.read(CloseForm).reason
        await close_late_answer(attempt, reason=reason, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await list_page(desk, form=form.refuse(error))
    return go("/admin/unknown?done=late")


async def _act(
    desk: Desk, number: str, form: Form, act: Callable[[Any], Awaitable[str]], *, what: str
) -> Response[str] | Redirect:
    try:
        return go(await act({"actor": desk.actor, "access": desk.access, "now": desk.now}))
    except (Invalid, Conflict) as error:
        return await one_page(desk, number, form=form.refuse(error), what=what)


ROUTES = (show_unknown, show_one, post_read, post_out, post_not_out, post_close)
