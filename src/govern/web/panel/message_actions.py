"""What can be done with a message beside deciding and editing: hand in, copy, withdraw, schedule."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.domain.ids import message_number
from govern.domain.messages import Message
from govern.errors import Conflict, Invalid
from govern.services.accounts import get_account
from govern.services.copying import copy_message
from govern.services.message_views import get_message
from govern.services.messages import schedule_message, withdraw_message
from govern.services.submission import submit_message
from govern.web.panel.asking import read_acknowledged
from govern.web.panel.compose import WRITES
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.messages import message_page
from govern.web.panel.send_times import wall_time


class ActionForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action on the revision that was read."""

    revision: int = 0
    acknowledged: list[str] = []
    reason: str | None = None
    scheduled_at: str | None = None
    zone: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    fold: Annotated[int, msgspec.Meta(ge=0, le=1)] | None = None


@post("/messages/{number:str}/submit", status_code=303, opt={"action": WRITES})
async def submit(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Hand a draft in."""

    async def act(message: Message, data: ActionForm) -> object:
        return await submit_message(
            message.id,
            revision=data.revision,
            acknowledged=read_acknowledged(data.acknowledged),
            actor=desk.actor,
            access=desk.access,
            policies=desk.policies,
            now=desk.now,
        )

    return await _act(desk, number, "submit", act)


@post("/messages/{number:str}/copy", status_code=303, opt={"action": WRITES})
async def copy(desk: AtDesk, number: FromPath[str]) -> Redirect:
    """Take a copy of a message as a draft of one's own."""
    made = await copy_message(number, actor=desk.actor, access=desk.access, now=desk.now)
    return go(f"/admin/messages/{message_number(made.number)}/edit")


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
        zone = data.zone or account.zone
        at = wall_time(data.scheduled_at, zone, data.fold)
        if at is None:
            raise FieldFault(reason=_("Please fill this in."), field="scheduled_at")
        return await schedule_message(
            message.id,
            revision=data.revision,
            scheduled_at=at,
            zone=zone,
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )

    return await _act(desk, number, "schedule", act)


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


ROUTES = (submit, copy, withdraw, schedule)
