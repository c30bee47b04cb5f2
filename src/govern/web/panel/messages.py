"""Messages: the list, and the permanent page of each."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from govern.domain.actions import Action
from govern.domain.messages import Kind, Message, Revision, State
from govern.errors import NotFound
from govern.services.accounts import get_account, list_accounts
from govern.services.audit import EntryFilter, EntryView
from govern.services.audit_log import search_log
from govern.services.message_lists import MessageFilter, list_messages
from govern.services.message_views import get_message, list_revisions
from govern.web.panel.asking import asking_of
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.format import zone_name
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.images import image_views
from govern.web.panel.marks import Segment, compare
from govern.web.panel.message_view import message_view, row_of
from govern.web.panel.previews import finding_views
from govern.web.panel.send_times import twice
from govern.web.panel.views import FindingView, ImageView, MessageView, Row, View
from govern.web.panel.words import KINDS, STATES

_FRESH = timedelta(seconds=60)
_ACTS = frozenset({"revise", "submit", "withdraw", "schedule", "undo"})


class MessagesPage(View, frozen=True, kw_only=True):
    rows: Sequence[Row]
    states: Sequence[tuple[str, str]]
    accounts: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, str]]
    form: Form
    filtered: bool
    older: str


class RevisionView(View, frozen=True, kw_only=True):
    """One revision, compared with the one before it."""

    number: int
    by: str
    when: str
    segments: Sequence[Segment]
    images: Sequence[ImageView]
    digest: str


class MessagePage(View, frozen=True, kw_only=True):
    item: MessageView
    revisions: Sequence[RevisionView]
    entries: Sequence[EntryView]
    acts: bool
    done: str
    refused: bool
    """Whether what was just done ended in a block: said in the colour of refusals."""
    what: str
    form: Form
    found: Sequence[FindingView]
    """Of a refused submit: the warnings to acknowledge."""
    zone: str
    planned: str
    twice: Sequence[tuple[str, str]]
    """What to choose from where the typed time comes twice."""


@get("/messages", opt={"action": Action.MESSAGE_READ})
async def show_messages(
    desk: AtDesk,
    *,
    of_state: Annotated[str, QueryParameter(name="state")] = "",
    account: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    q: FromQuery[str] = "",
    cursor: FromQuery[str | None] = None,
) -> Response[str]:
    """Every message one may read, newest first."""
    accounts = {each.handle: each for each in await list_accounts(actor=desk.actor, access=desk.access)}
    wanted = MessageFilter(
        state=State(of_state) if of_state in set(State) else None,
        account=account or None,
        kind=Kind(kind) if kind in set(Kind) else None,
        q=q[:100] or None,
    )
    found = await list_messages(wanted, limit=50, cursor=cursor, actor=desk.actor, access=desk.access, now=desk.now)
    values = {"state": of_state, "account": account, "kind": kind, "q": q[:100]}
    given = {name: value for name, value in values.items() if value}
    page = MessagesPage(
        rows=[row_of(desk, each, accounts, f"/admin/messages/M-{each.number}") for each in found.items],
        states=[(each.value, _(badge.words)) for each, badge in STATES.items()],
        accounts=[(handle, f"@{handle}") for handle in accounts],
        kinds=[(each.value, _(words)) for each, words in KINDS.items()],
        form=Form(values=values),
        filtered=bool(given),
        older="/admin/messages?" + urlencode({**given, "cursor": found.next_cursor}) if found.next_cursor else "",
    )
    here = "unknown" if wanted.state is State("outcome_unknown") else "messages"
    return await desk.show("pages/messages.html", page, here=here, title=_("Messages"))


@get("/messages/{number:str}", opt={"action": Action.MESSAGE_READ})
async def show_message(desk: AtDesk, number: FromPath[str], done: FromQuery[str] = "") -> Response[str]:
    """One message with its whole history."""
    return await message_page(desk, number, done=done)


async def message_page(
    desk: Desk, number: str, *, done: str = "", what: str = "", form: Form | None = None
) -> Response[str]:
    """Show a message; `what` and `form` bring a refused action back, with what was typed."""
    message = await get_message(number, actor=desk.actor, access=desk.access, now=desk.now)
    account = await get_account(message.account, actor=desk.actor, access=desk.access, now=desk.now)
    item = await message_view(desk, message, account)
    page = MessagePage(
        item=item,
        revisions=[_revision(desk, before, each) for before, each in _pairs(await list_revisions(message.id))],
        entries=await _entries(desk, item),
        acts=bool(item.can & _ACTS),
        done=_done(desk, message) if done else "",
        refused=message.decision == "block",
        what=what,
        form=form or Form(),
        found=finding_views(form.findings, item.text, asking=asking_of(form, mends=False)) if form else (),
        zone=zone_name(account.zone),
        planned=desk.fmt.wall(message.scheduled_at, account.zone) if message.scheduled_at else "",
        twice=twice(form.get("scheduled_at"), account.zone) if form else (),
    )
    status = form.status if form else 200
    return await desk.show("pages/message.html", page, here="messages", title=item.number, status=status)


async def _entries(desk: Desk, item: MessageView) -> Sequence[EntryView]:
    if "log" not in item.can:
        return ()
    wanted = EntryFilter(subject=item.number)
    try:
        found = await search_log(wanted, limit=50, actor=desk.actor, access=desk.access, now=desk.now)
    except NotFound:
        return ()
    return found.items


def _pairs(revisions: Sequence[Revision]) -> list[tuple[Revision | None, Revision]]:
    return list(reversed(list(zip([None, *revisions], revisions, strict=False))))


def _revision(desk: Desk, before: Revision | None, revision: Revision) -> RevisionView:
    return RevisionView(
        number=revision.number,
        by=revision.editor_name,
        when=desk.fmt.moment(revision.created_at),
        segments=compare(before.text, revision.text) if before else [Segment(revision.text)],
        images=image_views(revision.images),
        digest=revision.digest.hex(),
    )


def _done(desk: Desk, message: Message) -> str:
    """Say what became of what this member just did; an old link says nothing."""
    if desk.now - message.updated_at > _FRESH:
        return ""
    words = {
        State("draft"): _("Draft saved."),
        State("blocked"): _("Screening blocked it: see the findings. Nothing goes out."),
        State("pending_approval"): _("Handed in: it waits for approval."),
        State("approved"): _("Ready to go out: it is sent at once."),
        State("scheduled"): _("Ready to go out at its time."),
        State("withdrawn"): _("Withdrawn: it does not go out."),
    }
    return words.get(message.state, _("Saved."))


ROUTES = (show_messages, show_message)
