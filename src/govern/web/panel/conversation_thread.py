"""One conversation as the page shows it: the timeline, who is on it, what may be answered and where."""

from collections.abc import Sequence
from typing import Any

import msgspec

from govern.domain.accounts import Account
from govern.domain.actions import Action
from govern.domain.conversations import CHOOSABLE, Conversation, ConversationState
from govern.domain.ids import message_number
from govern.domain.messages import Event, can
from govern.domain.publications import XKind
from govern.services.conversation_threads import Said, Thread
from govern.services.ledgers import ledger_of
from govern.web.panel.conversation_views import ConversationView, SaidView
from govern.web.panel.desk import Desk
from govern.web.panel.i18n import gettext as _
from govern.web.panel.inbound import notes_of, read_inbound
from govern.web.panel.message_view import chip
from govern.web.panel.permission_note import permission_note
from govern.web.panel.previews import marked
from govern.web.panel.ready import dm_address, reply_address
from govern.web.panel.words import (
    CLOSE_REASONS,
    CONVERSATIONS,
    PLACES,
    STATES,
    badge,
    colour_of,
    initials,
)


async def conversation_view(desk: Desk, thread: Thread, account: Account) -> ConversationView:
    """Build the view of a conversation the caller has read."""
    found = thread.conversation
    may: dict[str, Any] = await _rights(desk, found)
    note = await permission_note(desk, account, found.contact_handle) if may["dm"] else None
    ledger = await ledger_of(found.contact_handle, actor=desk.actor, access=desk.access)
    private = sum(each.x_kind == "dm" for each in thread.said)
    posts = [each for each in thread.said if each.way == "in" and each.x_kind == "post" and not each.erased]
    return ConversationView(
        id=str(found.id),
        handle=found.contact_handle,
        name=found.contact_name,
        account=chip(account.handle, {account.handle: account}),
        href=f"/admin/conversations/{found.id}",
        state=badge(CONVERSATIONS[found.state], found.state),
        due=desk.fmt.due(found.due_at) if found.due_at and found.state is ConversationState.OPEN else None,
        since=desk.fmt.moment(found.waiting_since or found.newest_at),
        said=[_said(desk, each, found, account, private=thread.private) for each in thread.said],
        hidden=0 if thread.private else private,
        may_read_dms=may["read_dm"],
        on_it=found.assigned_name or "",
        mine=found.assigned_to == desk.actor.member,
        was=str(found.assigned_to or ""),
        warnings=_warnings(desk, thread),
        permission=note,
        ledger=f"/admin/permissions/{ledger}" if ledger else "",
        public=reply_address(account.handle, posts[-1].x_id or "") if may["reply"] and posts else "",
        private=dm_address(account.handle, found.contact_handle) if note and not note.refuses else "",
        may_assign=may["assign"],
        may_close=may["close"] and found.state is ConversationState.OPEN,
        closed=_(CLOSE_REASONS[found.closed_for]) if found.closed_for and not _waits(found) else "",
        may_reopen=may["close"] and found.state is ConversationState.CLOSED and found.due_at is not None,
        reasons=[(reason.value, _(CLOSE_REASONS[reason])) for reason in CHOOSABLE],
    )


async def _rights(desk: Desk, found: Conversation) -> dict[str, bool]:
    wanted = {
        "read_dm": Action.CONVERSATION_READ_DM,
        "reply": Action.MESSAGE_WRITE_REPLY,
        "dm": Action.MESSAGE_WRITE_DM,
        "assign": Action.CONVERSATION_ASSIGN,
        "close": Action.CONVERSATION_CLOSE,
    }
    return {name: await desk.may_at(action, found.scope) for name, action in wanted.items()}


def _waits(found: Conversation) -> bool:
    return found.state is not ConversationState.CLOSED


def _warnings(desk: Desk, thread: Thread) -> Sequence[str]:
    """Say who else may answer at this moment: two answers to one question help nobody."""
    found, warnings = thread.conversation, []
    if found.assigned_to is not None and found.assigned_to != desk.actor.member and _waits(found):
        warnings.append(_("%(name)s is on this conversation. Speak with them before you answer.") % _name(found))
    for each in thread.said:
        if each.state is not None and each.number is not None and can(each.state, Event.WITHDRAW):
            told = {"name": each.author or "", "number": message_number(each.number)}
            state = badge(STATES.get(each.state), each.state).words.lower()
            warnings.append(_("%(name)s wrote an answer, %(number)s: %(state)s.") % {**told, "state": state})
    return warnings


def _name(found: Conversation) -> dict[str, str]:
    return {"name": found.assigned_name or ""}


def _said(desk: Desk, said: Said, found: Conversation, account: Account, *, private: bool) -> SaidView:
    ours = said.way == "out"
    shown = said.x_kind == "post" or private
    read = None if ours or not said.text else read_inbound(desk, said.text, XKind(said.x_kind))
    who = (said.author or "") if ours else (found.contact_name or f"@{found.contact_handle}")
    plain = [] if read is None else [msgspec.to_builtins(finding) for finding in read.findings]
    return SaidView(
        ours=ours,
        place=badge(PLACES[said.x_kind], said.x_kind),
        who=f"@{account.handle} · {who}" if ours else who,
        initials=initials(account.name if ours else who),
        colour=account.colour if ours else colour_of(found.contact_handle),
        when=desk.fmt.moment(said.at),
        segments=marked(said.text, plain) if shown else (),
        notes=notes_of(read, said.text) if read and shown else (),
        stop=read.stop if read and shown else None,
        hidden=_hidden(said, shown=shown),
        state=badge(STATES.get(said.state), said.state) if said.state else None,
        href=f"/admin/messages/{message_number(said.number)}" if said.number else "",
    )


def _hidden(said: Said, *, shown: bool) -> str:
    if said.erased:
        return _("Erased: it is gone from X, or the person asked for it.")
    return "" if shown else _("A private message.")
