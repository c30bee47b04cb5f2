"""Conversations: who wrote to us, who waits for an answer until when, and who is on it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.domain.conversations import CloseReason
from govern.errors import Conflict, Invalid
from govern.services import conversation_care
from govern.web.panel.conversation_page import Asked, conversations_page
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import go, read_form

READS = (Action.CONVERSATION_READ, Action.CONVERSATION_READ_DM)
Short = Annotated[str, msgspec.Meta(max_length=60)]


class AskedForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the page was when a button was pressed."""

    view: Short = "open"
    place: Short = ""
    kind: Short = ""


class TakeForm(AskedForm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who was on it when the page was made."""

    was: UUID | None = None


class CloseForm(AskedForm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why no answer is due."""

    reason: CloseReason
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get("/conversations", opt={"action": READS})
async def show_conversations(
    desk: AtDesk, view: FromQuery[str] = "open", place: FromQuery[str] = "", kind: FromQuery[str] = ""
) -> Response[str]:
    """Who wrote to us, what is due first."""
    return await conversations_page(desk, Asked(view=view[:20], place=place[:60], kind=kind[:10]))


@get("/conversations/{conversation:uuid}", opt={"action": READS})
async def show_conversation(
    desk: AtDesk,
    conversation: FromPath[UUID],
    *,
    view: FromQuery[str] = "open",
    place: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Response[str]:
    """One conversation; what is private in it stays closed."""
    asked = Asked(view=view[:20], place=place[:60], kind=kind[:10])
    return await conversations_page(desk, asked, chosen=conversation, done=done)


@post("/conversations/{conversation:uuid}/private", status_code=200, opt={"action": Action.CONVERSATION_READ_DM})
async def post_private(desk: AtDesk, conversation: FromPath[UUID]) -> Response[str]:
    """Show what is private in it; the look is an entry, so it is asked for."""
    form = await read_form(desk.request)
    return await conversations_page(desk, _asked(form.read(AskedForm)), chosen=conversation, private=True)


@post("/conversations/{conversation:uuid}/take", status_code=303, opt={"action": Action.CONVERSATION_ASSIGN})
async def post_take(desk: AtDesk, conversation: FromPath[UUID]) -> Response[str] | Redirect:
    """Say that one is on it."""

    async def act(data: TakeForm, who: Any) -> None:
        await conversation_care.take_conversation(conversation, was=data.was, **who)

    return await _do(desk, conversation, "taken", TakeForm, act)


@post("/conversations/{conversation:uuid}/release", status_code=303, opt={"action": Action.CONVERSATION_ASSIGN})
async def post_release(desk: AtDesk, conversation: FromPath[UUID]) -> Response[str] | Redirect:
    """Say that nobody is on it any more."""

    async def act(_data: AskedForm, who: Any) -> None:
        await conversation_care.release_conversation(conversation, **who)

    return await _do(desk, conversation, "released", AskedForm, act)


@post("/conversations/{conversation:uuid}/close", status_code=303, opt={"action": Action.CONVERSATION_CLOSE})
async def post_close(desk: AtDesk, conversation: FromPath[UUID]) -> Response[str] | Redirect:
    """Say that no answer is due."""

    async def act(data: CloseForm, who: Any) -> None:
        await conversation_care.close_conversation(conversation, reason=data.reason, note=data.note, **who)

    return await _do(desk, conversation, "closed", CloseForm, act)


@post("/conversations/{conversation:uuid}/reopen", status_code=303, opt={"action": Action.CONVERSATION_CLOSE})
async def post_reopen(desk: AtDesk, conversation: FromPath[UUID]) -> Response[str] | Redirect:
    """Undo a closing."""

    async def act(_data: AskedForm, who: Any) -> None:
        await conversation_care.reopen_conversation(conversation, **who)

    return await _do(desk, conversation, "reopened", AskedForm, act)


async def _do(
    desk: Desk,
    conversation: UUID,
    done: str,
    into: type[Any],
    act: Callable[[Any, Any], Awaitable[None]],
) -> Response[str] | Redirect:
    form, asked = await read_form(desk.request), Asked()
    try:
        data = form.read(into)
        asked = _asked(data)
        await act(data, {"actor": desk.actor, "access": desk.access, "now": desk.now})
    except (Invalid, Conflict) as error:
        return await conversations_page(desk, asked, chosen=conversation, form=form.refuse(error))
    return go(asked.address(conversation, done=done))


def _asked(data: AskedForm) -> Asked:
    return Asked(view=data.view, place=data.place, kind=data.kind)


ROUTES = (
    show_conversations,
    show_conversation,
    post_private,
    post_take,
    post_release,
    post_close,
    post_reopen,
)
