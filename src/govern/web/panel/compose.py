"""Writing: a new message, or a new revision of one's own."""

from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from govern.domain.drafts import Draft
from govern.domain.ids import message_number
from govern.domain.messages import Kind, ReplyLevel
from govern.errors import Conflict, Invalid
from govern.services.accounts import get_account
from govern.services.acknowledgements import Unacknowledged
from govern.services.messages import draft_message
from govern.services.screening import WRITE_ACTION
from govern.web.panel.asking import read_acknowledged
from govern.web.panel.compose_page import DraftForm, compose_page, ready_text
from govern.web.panel.desk import AtDesk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.images import attachments_of, take_images
from govern.web.panel.ready import Ready
from govern.web.panel.send_times import wall_time
from govern.web.pictures import MAX_UPLOAD

WRITES = tuple(WRITE_ACTION.values())


@get("/compose", opt={"action": WRITES})
async def show_compose(
    desk: AtDesk,
    *,
    account: FromQuery[str | None] = None,
    kind: FromQuery[str] = "post",
    in_reply_to: FromQuery[str] = "",
    recipient: FromQuery[str] = "",
    ready: FromQuery[Ready | None] = None,
    reply_level: FromQuery[ReplyLevel | None] = None,
) -> Response[str]:
    """Choose the account, then write; `ready` brings a prepared reply along."""
    values = {"kind": kind, "in_reply_to": in_reply_to[:19], "recipient": recipient[:16], "account": account or ""}
    if text := await ready_text(desk, account or "", in_reply_to, ready):
        values |= {"text": text, "reply_level": ReplyLevel.PRIVATE.value}  # each asks to write privately
    elif reply_level is not None:
        values["reply_level"] = reply_level.value
    return await compose_page(desk, Form(values=values))


@post("/compose", status_code=303, opt={"action": WRITES}, request_max_body_size=MAX_UPLOAD)
async def post_compose(desk: AtDesk) -> Response[str] | Redirect:
    """Keep a draft, hand it in, or only check it."""
    form = await read_form(desk.request)
    data: DraftForm | None = None
    try:
        about_images = bool(form.get("image"))
        await take_images(desk, form)
        data = form.read(DraftForm)
        if data.use or about_images or data.do == "check":
            return await compose_page(desk, form, checked=data)
        account = await get_account(data.account, actor=desk.actor, access=desk.access, now=desk.now)
        message = await draft_message(
            Draft(
                account=account.handle,
                kind=data.kind,
                text=data.text,
                in_reply_to=data.in_reply_to,
                recipient=data.recipient,
                scheduled_at=wall_time(data.scheduled_at, account.zone, data.fold),
                zone=account.zone,
                paid_partnership=data.paid_partnership,
                ai_written=data.ai_written,
                images=attachments_of(form),
                reply_level=data.reply_level if data.kind is Kind.REPLY else None,
            ),
            acknowledged=read_acknowledged(data.acknowledged),
            submit=data.do == "submit",
            form_key=data.form_key,
            actor=desk.actor,
            access=desk.access,
            policies=desk.policies,
            now=desk.now,
        )
    except Unacknowledged as error:
        return await compose_page(desk, form.refuse(error), checked=data)
    except (Invalid, Conflict) as error:
        return await compose_page(desk, form.refuse(error))
    return go(f"/admin/messages/{message_number(message.number)}?done={data.do}")


@post("/compose/preview", status_code=200, opt={"action": WRITES}, request_max_body_size=MAX_UPLOAD)
async def post_preview(desk: AtDesk) -> Response[str]:
    """Say what screening would say, while it is being typed; nothing is stored."""
    form = await read_form(desk.request)
    try:
        return await compose_page(desk, form, checked=form.read(DraftForm))
    except (Invalid, Conflict):
        return await compose_page(desk, form)  # half-typed: the submit says what is wrong


ROUTES = (show_compose, post_compose, post_preview)
