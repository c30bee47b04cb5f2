"""The page of conversations: views, filters, rows, the open one, and how many were answered in time."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response

from govern.domain.accounts import Account
from govern.domain.conversations import Conversation, ConversationState
from govern.services.accounts import find_account, list_accounts
from govern.services.conversation_lists import (
    Counts,
    Filter,
    InTime,
    Whose,
    answered_in_time,
    count_conversations,
    list_conversations,
    newest_posts,
)
from govern.services.conversation_threads import read_conversation
from govern.services.polling import Gap, list_gaps
from govern.web.panel.charts import bar
from govern.web.panel.conversation_thread import conversation_view
from govern.web.panel.conversation_views import ConversationRow, ConversationsPage, ConversationView, InTimeView, Tab
from govern.web.panel.desk import Desk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.message_view import chip
from govern.web.panel.words import CONVERSATIONS, PLACES, SOURCES, badge

HERE = "/admin/conversations"
_VIEWS: Mapping[str, Filter] = {
    "open": Filter(),
    "mine": Filter(whose=Whose.MINE),
    "unassigned": Filter(whose=Whose.NOBODY),
    "late": Filter(whose=Whose.LATE),
    "answered": Filter(state=ConversationState.ANSWERED),
    "closed": Filter(state=ConversationState.CLOSED),
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address asks for."""

    view: str = "open"
    place: str = ""
    """`account:Help` or `brand:care`."""
    kind: str = ""

    def filter(self) -> Filter:
        """Return what the services are asked; what is not known is not filtered by."""
        kind, _colon, name = self.place.partition(":")
        return msgspec.structs.replace(
            _VIEWS.get(self.view, Filter()),
            account=name if kind == "account" else None,
            brand=name if kind == "brand" else None,
            x_kind=self.kind if self.kind in PLACES else None,
        )

    def parts(self) -> dict[str, str]:
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}

    def address(self, conversation: UUID | str = "", **more: str) -> str:
        """Return the address of a state of the page."""
        return f"{HERE}{f'/{conversation}' if conversation else ''}?{urlencode({**self.parts(), **more})}"


async def conversations_page(
    desk: Desk,
    asked: Asked,
    *,
    chosen: UUID | None = None,
    private: bool = False,
    form: Form | None = None,
    done: str = "",
) -> Response[str]:
    """Show the list and one conversation; `private` shows what is private in it, which is recorded."""
    who: Any = {"actor": desk.actor, "access": desk.access}
    accounts = {account.handle: account for account in await list_accounts(**who)}
    item = await _item(desk, chosen, accounts, private=private) if chosen else None
    found = await list_conversations(asked.filter(), now=desk.now, **who)
    posts, counts = await newest_posts(found), await count_conversations(now=desk.now, **who)
    page = ConversationsPage(
        tabs=_tabs(asked, counts),
        rows=[_row(desk, each, posts[each.id], accounts, asked.address(each.id), chosen=chosen) for each in found],
        waiting=counts.waiting,
        late=counts.late,
        item=item,
        open=item is not None,
        back=asked.address(),
        keep=tuple(asked.parts().items()),
        places=_places(accounts),
        kinds=[("post", _("Mentions and replies")), ("dm", _("Private messages"))],
        filters=Form(values=asked.parts()),
        gaps=[_gap(desk, gap) for gap in await list_gaps(_scopes(accounts), now=desk.now)],
        in_time=[_in_time(each, accounts) for each in await answered_in_time(now=desk.now, **who) if each.due],
        empty=_empty(asked),
        form=form or Form(),
        done=_done(done),
        undo=done == "closed",
    )
    title, status = _("Conversations"), form.status if form else 200
    return await desk.show(
        "pages/conversations.html", page, here="conversations", title=title, part="split", status=status
    )


async def _item(desk: Desk, chosen: UUID, accounts: Mapping[str, Account], *, private: bool) -> ConversationView:
    thread = await read_conversation(chosen, private=private, actor=desk.actor, access=desk.access, now=desk.now)
    handle = thread.conversation.account
    return await conversation_view(desk, thread, accounts.get(handle) or await find_account(handle))


def _scopes(accounts: Mapping[str, Account]) -> frozenset[str]:
    return frozenset(account.scope for account in accounts.values())


def _row(
    desk: Desk, found: Conversation, said: str, accounts: Mapping[str, Account], href: str, *, chosen: UUID | None
) -> ConversationRow:
    waits = found.state is ConversationState.OPEN and found.due_at is not None
    return ConversationRow(
        href=href,
        account=chip(found.account, accounts),
        handle=found.contact_handle,
        name=found.contact_name if found.contact_name != found.contact_handle else "",
        kind=badge(PLACES[found.x_kind], found.x_kind),
        state=badge(CONVERSATIONS[found.state], found.state),
        due=desk.fmt.due(found.due_at) if waits and found.due_at else None,
        said=said,
        on_it=_("you") if found.assigned_to == desk.actor.member and found.assigned_to else found.assigned_name or "",
        when=desk.fmt.moment(found.newest_at),
        selected=found.id == chosen,
    )


def _tabs(asked: Asked, counts: Counts) -> Sequence[Tab]:
    found: tuple[tuple[str, str, int | None], ...] = (
        ("open", _("Waiting"), counts.waiting),
        ("late", _("Late"), counts.late),
        ("mine", _("Mine"), counts.mine),
        ("unassigned", _("Nobody's"), counts.unassigned),
        ("answered", _("Answered"), None),
        ("closed", _("Closed"), None),
    )
    view = asked.view if asked.view in _VIEWS else "open"
    return [
        Tab(
            words=words,
            href=msgspec.structs.replace(asked, view=name).address(),
            count=count,
            selected=name == view,
        )
        for name, words, count in found
    ]


def _places(accounts: Mapping[str, Account]) -> Sequence[tuple[str, str]]:
    brands = {account.brand: account.brand_name for account in accounts.values()}
    return [
        *((f"brand:{slug}", name) for slug, name in sorted(brands.items())),
        *((f"account:{handle}", f"@{handle}") for handle in sorted(accounts)),
    ]


def _gap(desk: Desk, gap: Gap) -> str:
    told = {"account": gap.account, "source": _(SOURCES[gap.source]), "since": desk.fmt.moment(gap.gap_since)}
    return _("@%(account)s: X could not show all %(source)s since %(since)s; some may be missing here.") % told


def _in_time(found: InTime, accounts: Mapping[str, Account]) -> InTimeView:
    told = {"in_time": found.in_time, "due": found.due}
    return InTimeView(
        account=chip(found.account, accounts),
        words=_("%(in_time)s of %(due)s") % told,
        drawing=bar(found.in_time, found.due, "k1" if found.in_time == found.due else "k3"),
    )


def _empty(asked: Asked) -> tuple[str, str]:
    if asked.place or asked.kind:
        return _("Nothing found"), _("No conversation of this view fits the filter.")
    return {
        "open": (_("Nobody waits"), _("Who writes to your accounts appears here, the nearest due time first.")),
        "mine": (_("You are on none"), _("Take a conversation, and it appears here until it is answered.")),
        "unassigned": (_("Somebody is on each"), _("New conversations appear here until somebody takes them.")),
        "late": (_("Nobody waits too long"), _("Conversations past their due time appear here.")),
        "answered": (_("None yet"), _("Conversations appear here once your answer is on X.")),
    }.get(asked.view, (_("None yet"), _("Conversations closed without an answer appear here.")))


def _done(done: str) -> str:
    return {
        "taken": _("You are on this conversation."),
        "released": _("Nobody is on this conversation any more."),
        "closed": _("Closed without an answer."),
        "reopened": _("Reopened: the person waits as before."),
    }.get(done, "")
