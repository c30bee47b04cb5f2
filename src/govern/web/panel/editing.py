"""A new text for a message: written, checked, mended and kept as a new revision."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.ids import message_number
from govern.domain.messages import Message
from govern.domain.reply_levels import WHO_SEES, audience
from govern.errors import Conflict, Invalid
from govern.screening.findings import Finding
from govern.services.accounts import get_account
from govern.services.acknowledgements import Unacknowledged
from govern.services.message_rights import get_for_writing
from govern.services.message_views import get_message
from govern.services.messages import revise_message
from govern.services.screening import preview
from govern.services.submission import submit_message
from govern.web.panel.asking import asking_of, mend, read_acknowledged
from govern.web.panel.compose import WRITES
from govern.web.panel.compose_page import ComposePage, part
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.format import zone_name
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.images import alt_texts_of, attachments_of, image_fields, put_images, take_images
from govern.web.panel.message_view import chip
from govern.web.panel.permission_note import permission_note
from govern.web.panel.previews import limit_of, preview_of
from govern.web.panel.views import View
from govern.web.panel.words import KINDS
from govern.web.pictures import MAX_UPLOAD


class ReviseForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new text for the revision that was read."""

    revision: int
    text: str = ""
    paid_partnership: bool = False
    ai_written: bool = False
    media: list[UUID] = []
    alt: list[str] = []
    pictured: bool = False
    """Whether the form says which images there are; else they stay."""
    acknowledged: list[str] = []
    use: str | None = None
    was: str | None = None
    do: Literal["draft", "submit", "check"] = "check"


@get("/messages/{number:str}/edit", opt={"action": WRITES})
async def show_edit(desk: AtDesk, number: FromPath[str]) -> Response[str]:
    """Write a new revision."""
    return await _edit_page(desk, number, Form())


@post("/messages/{number:str}/edit", status_code=303, opt={"action": WRITES}, request_max_body_size=MAX_UPLOAD)
async def post_edit(desk: AtDesk, number: FromPath[str]) -> Response[str] | Redirect:
    """Keep a new revision, and hand it in if asked."""
    form = await read_form(desk.request)
    try:
        about_images = bool(form.get("image"))
        await take_images(desk, form)
        data = form.read(ReviseForm)
        if data.use or about_images or data.do == "check":
            return await _edit_page(desk, number, form, checked=True)
        message = await get_message(number, actor=desk.actor, access=desk.access, now=desk.now)
        who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
        message = await revise_message(
            message.id,
            text=data.text,
            revision=data.revision,
            paid_partnership=data.paid_partnership,
            ai_written=data.ai_written,
            images=attachments_of(form) if data.pictured else None,
            **who,
        )
        form.values["revision"] = str(message.revision.number)
        if data.do == "submit":
            message = await submit_message(
                message.id,
                revision=message.revision.number,
                acknowledged=read_acknowledged(data.acknowledged),
                policies=desk.policies,
                **who,
            )
    except Unacknowledged as error:
        return await _edit_page(desk, number, form.refuse(error), checked=True)
    except (Invalid, Conflict) as error:
        return await _edit_page(desk, number, form.refuse(error))
    return go(f"/admin/messages/{message_number(message.number)}?done={data.do}")


@post("/messages/{number:str}/preview", status_code=200, opt={"action": WRITES}, request_max_body_size=MAX_UPLOAD)
async def post_edit_preview(desk: AtDesk, number: FromPath[str]) -> Response[str]:
    """Say what screening would say of the new text; nothing is stored."""
    return await _edit_page(desk, number, await read_form(desk.request), checked=True)


class Edited(View, frozen=True, kw_only=True):
    """A new text for a message, and what is said of it."""

    text: str
    paid_partnership: bool
    ai_written: bool
    alt_texts: Sequence[str]


def _edited(form: Form, message: Message) -> Edited:
    """Return what the form holds; of a form nobody filled in, the message as it is."""
    known = message.revision
    put_images(form, known.images)
    if "text" not in form.values:
        form.values["text"] = known.text
        return Edited(
            text=known.text,
            paid_partnership=known.paid_partnership,
            ai_written=known.ai_written,
            alt_texts=alt_texts_of(form),
        )
    paid, machine = (bool(form.get(name)) for name in ("paid_partnership", "ai_written"))
    return Edited(text=form.get("text"), paid_partnership=paid, ai_written=machine, alt_texts=alt_texts_of(form))


async def _edit_page(desk: Desk, number: str, form: Form, *, checked: bool = False) -> Response[str]:
    message = await get_for_writing(number, actor=desk.actor, access=desk.access, now=desk.now)
    account = await get_account(message.account, actor=desk.actor, access=desk.access, now=desk.now)
    edited, shown = _edited(form, message), None
    if checked and edited.text.strip():
        if form.get("use"):
            mend(form, await _screened(desk, message, edited), limit=limit_of(message.kind, account))
            edited = _edited(form, message)
        found = await _screened(desk, message, edited)
        shown = preview_of(edited.text, message.kind, account, found, screened=True, asking=asking_of(form))
    here = f"/admin/messages/{message_number(message.number)}"
    page = ComposePage(
        choices=(),
        account=chip(account.handle, {account.handle: account}),
        zone=zone_name(account.zone),
        limit=account.length_limit,
        kind=message.kind.value,
        form=form,
        preview=shown,
        permission=await permission_note(desk, account, message.recipient or ""),
        paid_partnership=edited.paid_partnership,
        ai_written=edited.ai_written,
        pictures=await image_fields(desk, form, message.revision.images),
        sees={message.kind.value: in_language(WHO_SEES[audience(message.kind, message.reply_level)])},
        action=f"{here}/edit",
        check=f"{here}/preview",
        fixed=True,
        number=message_number(message.number),
        revision=message.revision.number,
        asked=[_(KINDS[message.kind])],
    )
    title = _("Edit %(number)s") % {"number": message_number(message.number)}
    return await desk.show(
        "pages/compose.html", page, here="messages", title=title, part=part(desk), status=form.status
    )


async def _screened(desk: Desk, message: Message, edited: Edited) -> Sequence[Finding]:
    found = await preview(
        account=message.account,
        kind=message.kind,
        text=edited.text,
        in_reply_to=message.in_reply_to,
        recipient=message.recipient,
        paid_partnership=edited.paid_partnership,
        ai_written=edited.ai_written,
        alt_texts=edited.alt_texts,
        message=message.id,
        actor=desk.actor,
        access=desk.access,
        policies=desk.policies,
        now=desk.now,
    )
    return found.findings


ROUTES = (show_edit, post_edit, post_edit_preview)
