"""Approvals: the queue, one message beside it, and the decisions."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.domain.approvals import Verdict
from govern.domain.ids import message_number
from govern.domain.messages import Event, Message, can
from govern.errors import Conflict, Invalid, NotFound
from govern.services.accounts import list_accounts
from govern.services.approvals import approve_message, reject_message, request_changes, withdraw_approval
from govern.services.message_views import get_message, list_approvals
from govern.services.queue import QueueCounts, QueueView, count_queue, list_queue
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.message_view import message_view, row_of
from govern.web.panel.views import MessageView, Row, View

What = Literal["approve", "edit", "reject", "changes"]
_FRESH = timedelta(seconds=60)
_WRITES = (
    Action.MESSAGE_WRITE_POST,
    Action.MESSAGE_WRITE_REPLY,
    Action.MESSAGE_WRITE_QUOTE,
    Action.MESSAGE_WRITE_DM,
)


class VerdictForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision about one revision, and where in the queue it was taken."""

    revision: int
    what: What
    reason: str | None = msgspec.field(default=None)
    text: str | None = None
    view: QueueView = QueueView.MINE
    q: str | None = None
    next: str | None = None


class Tab(View, frozen=True, kw_only=True):
    words: str
    href: str
    count: int | None
    selected: bool


class Done(View, frozen=True, kw_only=True):
    """What this member did a moment ago."""

    number: str
    words: str
    undo: bool


class Nothing(View, frozen=True, kw_only=True):
    title: str
    sentence: str
    href: str = ""
    words: str = ""


class QueuePage(View, frozen=True, kw_only=True):
    name: str
    q: str
    views: Sequence[Tab]
    counts: QueueCounts
    rows: Sequence[Row]
    item: MessageView | None
    open: bool
    back: str
    previous: str
    next: str
    keep: Mapping[str, str]
    what: str
    form: Form
    done: Done | None
    empty: Nothing
    may_write: bool


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
        await approve_message(message.id, text=text, reason=data.reason, policies=desk.policies, **who)


def _view(form: Form) -> QueueView:
    return QueueView(form.get("view")) if form.get("view") in set(QueueView) else QueueView.MINE


async def queue_page(
    desk: Desk,
    *,
    view: QueueView,
    q: str = "",
    item: str | None = None,
    done: str | None = None,
    what: str = "",
    form: Form | None = None,
) -> Response[str]:
    """Show the queue; `what` and `form` bring a refused decision back, with what was typed."""
    who: Any = {"actor": desk.actor, "access": desk.access}
    accounts = {account.handle: account for account in await list_accounts(**who)}
    queue = await list_queue(view, q=q or None, now=desk.now, **who)
    chosen = await _chosen(desk, item, queue)
    around = _around(queue, chosen)
    links = {at: address(view, q, item=message_number(each.number)) if each else "" for at, each in around.items()}
    counts = await count_queue(now=desk.now, **who)
    following = around["next"] or around["previous"]
    page = QueuePage(
        name=view,
        q=q,
        views=_tabs(view, counts),
        counts=counts,
        rows=[
            row_of(
                desk,
                each,
                accounts,
                address(view, q, item=message_number(each.number)),
                selected=chosen is not None and each.id == chosen.id,
            )
            for each in queue
        ],
        item=await message_view(desk, chosen, accounts[chosen.account], since=_read(form)) if chosen else None,
        open=item is not None,
        back=address(view, q),
        previous=links["previous"],
        next=links["next"],
        keep={"view": view, "q": q, "next": message_number(following.number) if following else ""},
        what=what,
        form=form or Form(),
        done=await _done(desk, done, counts) if done else None,
        empty=_nothing(view, q, counts),
        may_write=await desk.may(*_WRITES),
    )
    status = form.status if form else 200
    return await desk.show(
        "pages/approvals.html", page, here="approvals", title=_("Approvals"), part="split", status=status
    )


def address(view: str, q: str = "", *, item: str | None = None, done: str | None = None) -> str:
    """Return the address of a state of the queue."""
    parts = {"view": view, "q": q, "item": item, "done": done}
    return "/admin/approvals?" + urlencode({name: value for name, value in parts.items() if value})


async def _chosen(desk: Desk, item: str | None, queue: Sequence[Message]) -> Message | None:
    if item:
        return await get_message(item, actor=desk.actor, access=desk.access, now=desk.now)
    return queue[0] if queue else None


def _around(queue: Sequence[Message], chosen: Message | None) -> dict[str, Message | None]:
    at = next((at for at, each in enumerate(queue) if chosen and each.id == chosen.id), None)
    if at is None:
        return {"previous": None, "next": queue[0] if queue and chosen else None}
    return {
        "previous": queue[at - 1] if at > 0 else None,
        "next": queue[at + 1] if at + 1 < len(queue) else None,
    }


def _tabs(view: str, counts: QueueCounts) -> Sequence[Tab]:
    found = (
        ("mine", _("Mine"), counts.mine),
        ("team", _("Team"), counts.team),
        ("changes", _("Changes"), counts.changes),
        ("decided", _("Decided"), None),
    )
    return [Tab(words=words, href=address(name), count=count, selected=name == view) for name, words, count in found]


def _read(form: Form | None) -> int | None:
    """Return the revision the decider had read, if the form says."""
    text = form.get("revision") if form else ""
    return int(text) if text.isascii() and text.isdigit() else None


async def _done(desk: Desk, number: str, counts: QueueCounts) -> Done | None:
    """Say what this member did to the message in the last minute; a made-up number says nothing."""
    try:
        message = await get_message(number, actor=desk.actor, access=desk.access, now=desk.now)
    except NotFound:
        return None
    given = [
        each
        for each in await list_approvals(message.id)
        if each.approver == desk.actor.member and desk.now - each.created_at < _FRESH and each.withdrawn_at is None
    ]
    if not given:
        return None
    words = {
        Verdict.APPROVED: _("Approved %(number)s."),
        Verdict.REJECTED: _("Rejected %(number)s."),
        Verdict.CHANGES_REQUESTED: _("Requested changes of %(number)s."),
    }[given[-1].verdict] % {"number": message_number(message.number)}
    left = ngettext("%(n)s left.", "%(n)s left.", counts.mine) % {"n": counts.mine}
    undoable = given[-1].verdict is Verdict.APPROVED and can(message.state, Event.UNDO)
    return Done(number=message_number(message.number), words=f"{words} {left}", undo=undoable)


def _nothing(view: str, q: str, counts: QueueCounts) -> Nothing:
    if q:
        title = _("Nothing found")
        return Nothing(
            title=title, sentence=_("No message here has these words."), href=address(view), words=_("Show all")
        )
    if view == "mine" and counts.team:
        others = ngettext("%(n)s waits for others.", "%(n)s wait for others.", counts.team) % {"n": counts.team}
        return Nothing(
            title=_("Nothing waits for you"), sentence=others, href=address("team"), words=_("Show the team's")
        )
    sentences = {
        "mine": (_("Nothing waits for you"), _("New messages appear here, the nearest deadline first.")),
        "team": (_("Nothing waits"), _("No message you may read waits for an approval.")),
        "changes": (_("No changes are open"), _("Messages sent back to their authors appear here.")),
    }
    title, sentence = sentences.get(view, (_("No decisions yet"), _("Decided messages appear here, newest first.")))
    return Nothing(title=title, sentence=sentence)


ROUTES = (show_queue, approve, reject, ask_for_changes, undo)
