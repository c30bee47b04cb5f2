"""The page of the queue: views, rows, the open message, and what is offered."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from govern.domain.actions import Action
from govern.domain.approvals import Verdict
from govern.domain.ids import message_number
from govern.domain.messages import Event, Message, can
from govern.errors import NotFound
from govern.services.accounts import list_accounts
from govern.services.message_views import get_message, list_approvals
from govern.services.queue import QueueCounts, QueueView, count_queue, list_queue
from govern.web.panel.asking import asking_of
from govern.web.panel.desk import Desk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.message_view import message_view, row_of
from govern.web.panel.previews import finding_views
from govern.web.panel.views import FindingView, MessageView, Row, View

_FRESH = timedelta(seconds=60)

_WRITES = (
    Action.MESSAGE_WRITE_POST,
    Action.MESSAGE_WRITE_REPLY,
    Action.MESSAGE_WRITE_QUOTE,
    Action.MESSAGE_WRITE_DM,
)


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
    found: Sequence[FindingView]
    """Of a refused edit: what screening found in it."""
    done: Done | None
    empty: Nothing
    may_write: bool


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
        found=finding_views(form.findings, form.get("text"), asking=asking_of(form)) if form else (),
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
