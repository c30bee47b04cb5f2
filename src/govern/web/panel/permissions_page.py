"""The pages of the ledger: everybody met lately, and all that is kept about writing to one person."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from govern.domain.actions import Action
from govern.domain.consent import ConsentKind, OptOutScope, PermissionState
from govern.domain.consent_words import Words
from govern.domain.ids import message_number
from govern.domain.publications import XKind
from govern.services.accounts import find_account
from govern.services.conversations import read_thread
from govern.services.known_contacts import Doubt, Known, list_doubts, list_known
from govern.services.ledgers import Ledgers, PublicPost, UnsentDm, open_ledgers
from govern.services.permissions import Ledger, LedgerEvent
from govern.web.panel.contact_views import (
    ContactPage,
    DoubtView,
    EventView,
    KnownView,
    LedgerView,
    PermissionsPage,
    PostView,
    PrivateView,
    StandingView,
    UnsentView,
)
from govern.web.panel.desk import Desk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.inbound import bubble_of, notes_of, read_inbound
from govern.web.panel.message_view import chip
from govern.web.panel.previews import marked
from govern.web.panel.ready import Ready, reply_address
from govern.web.panel.standing import say_standing
from govern.web.panel.words import EVIDENCE, STANDINGS, STATES, TAKEN_BACK, badge


async def permissions_page(desk: Desk, q: str) -> Response[str]:
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    known = await list_known(q or None, policies=desk.policies, **who)
    page = PermissionsPage(
        q=q,
        doubts=[_doubt(desk, each) for each in await list_doubts(**who)],
        people=[_known(desk, each) for each in known],
    )
    return await desk.show("pages/permissions.html", page, here="permissions", title=_("DM permissions"))


async def contact_page(
    desk: Desk, contact: UUID, *, form: Form | None = None, at: str = "", done: str = "", thread_of: str = ""
) -> Response[str]:
    """Show one person; `at` and `form` bring a refused form back, `thread_of` the private messages with an account."""
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    found = await open_ledgers(contact, policies=desk.policies, **who)
    newest = {post.account: post for post in reversed(found.posts)}
    here = f"/admin/permissions/{contact}"
    page = ContactPage(
        handle=found.contact.handle,
        name=found.contact.name if found.contact.name != found.contact.handle else "",
        href=here,
        ledgers=[await _ledger(desk, each, newest) for each in found.met],
        others=[await _ledger(desk, each, newest) for each in found.others],
        events=_events(desk, found),
        posts=[await _post(desk, each, found) for each in found.posts],
        unsent=[_unsent(desk, each) for each in found.unsent],
        accounts=[(each.account, f"@{each.account}") for each in (*found.met, *found.others)],
        doubt=any(each.doubt_open for each in (*found.met, *found.others)),
        everywhere=desk.policies.consent.opt_out_scope is OptOutScope.COMPANY,
        may_record=await desk.may(Action.CONSENT_RECORD),
        may_read_dms=await desk.may(Action.CONVERSATION_READ_DM),
        thread=await _thread(desk, found, thread_of) if thread_of else None,
        of=thread_of,
        form=form or Form(),
        at=at,
        done=done,
    )
    title = _("Writing to @%(handle)s") % {"handle": found.contact.handle}
    status = form.status if form else 200
    return await desk.show("pages/contact.html", page, here="permissions", title=title, status=status)


def _said(words: Words) -> str:
    return in_language({"en": words.en, "fr": words.fr})


def _known(desk: Desk, known: Known) -> KnownView:
    return KnownView(
        handle=known.contact.handle,
        name=known.contact.name if known.contact.name != known.contact.handle else "",
        href=f"/admin/permissions/{known.contact.id}",
        when=desk.fmt.ago(known.seen_at),
        standings=[
            StandingView(
                account=chip(each.account.handle, {each.account.handle: each.account}),
                badge=badge(STANDINGS[each.permission.state], each.permission.state),
            )
            for each in known.standings
        ],
    )


def _doubt(desk: Desk, doubt: Doubt) -> DoubtView:
    return DoubtView(
        handle=doubt.contact.handle,
        account=chip(doubt.account, {}),
        when=desk.fmt.ago(doubt.since),
        href=f"/admin/permissions/{doubt.contact.id}",
    )


async def _ledger(desk: Desk, ledger: Ledger, newest: Mapping[str, PublicPost]) -> LedgerView:
    post = newest.get(ledger.account)
    offers = ledger.way_out is not None and ledger.way_out.code == "public_reply" and post is not None
    answers = ledger.state not in {PermissionState.UNSOLICITED, PermissionState.OPTED_OUT}
    account = await find_account(ledger.account)
    reply = offers and await desk.may_at(Action.MESSAGE_WRITE_REPLY, account.scope)
    dm = answers and await desk.may_at(Action.MESSAGE_WRITE_DM, account.scope)
    return LedgerView(
        account=chip(account.handle, {account.handle: account}),
        badge=badge(STANDINGS[ledger.state], ledger.state),
        sentence=say_standing(desk.fmt, ledger),
        why=_said(ledger.words),
        way_out=_said(ledger.way_out.words) if ledger.way_out else "",
        invite=reply_address(ledger.account, post.x_id, Ready.INVITE) if reply and post else "",
        write=f"/admin/compose?account={ledger.account}&kind=dm&recipient={ledger.contact.handle}" if dm else "",
        doubt=ledger.doubt_open,
    )


def _events(desk: Desk, found: Ledgers) -> Sequence[EventView]:
    """Return the history over all accounts the reader sees, each fact once, newest first."""
    ledgers = (*found.met, *found.others)
    explains = {event.id for ledger in ledgers for event in ledger.events if event.explains}
    once = {event.id: event for ledger in ledgers for event in ledger.events}
    ordered = sorted(once.values(), key=lambda event: (event.occurred_at, event.id), reverse=True)
    return [_event(desk, event, explains=event.id in explains) for event in ordered]


def _event(desk: Desk, event: LedgerEvent, *, explains: bool) -> EventView:
    late = event.recorded_at - event.occurred_at
    by = event.recorded_by.partition(":")[0]
    return EventView(
        words=_said(event.words),
        when=desk.fmt.moment(event.occurred_at),
        noted=_("noted %(moment)s") % {"moment": desk.fmt.moment(event.recorded_at)}
        if late.total_seconds() > 60
        else "",
        by=_("by a member") if by == "member" else _("by the worker, from X"),
        evidence=[
            (_(EVIDENCE.get(name, name)), str(value)) for name, value in event.evidence.items() if name != "inbound"
        ],
        explains=explains,
        tone=_TONES.get(event.kind, ""),
    )


_TONES = {
    ConsentKind.INBOUND_DM: "info",
    ConsentKind.INVITE_ACCEPTED: "ok",
    ConsentKind.OPT_IN: "ok",
    ConsentKind.OPT_OUT: "bad",
    ConsentKind.OPT_OUT_DOUBTFUL: "warn",
    ConsentKind.CONTACT_BLOCKED: "bad",
}


async def _post(desk: Desk, post: PublicPost, found: Ledgers) -> PostView:
    bubble = await bubble_of(
        desk,
        account=post.account,
        scope=post.scope,
        name=found.contact.name,
        handle=found.contact.handle,
        text=post.text,
        written_at=post.written_at,
        x_id=post.x_id,
    )
    may = await desk.may_at(Action.MESSAGE_WRITE_REPLY, post.scope)
    return PostView(
        account=chip(post.account, {}),
        x_id=post.x_id,
        bubble=bubble,
        stop=read_inbound(desk, post.text, XKind.POST).stop,
        answer=reply_address(post.account, post.x_id) if may else "",
    )


def _unsent(desk: Desk, dm: UnsentDm) -> UnsentView:
    number = message_number(dm.number)
    return UnsentView(
        number=number,
        href=f"/admin/messages/{number}",
        account=chip(dm.account, {}),
        state=badge(STATES.get(dm.state), dm.state),
        why=_(TAKEN_BACK[dm.withdrawn_for]) if dm.withdrawn_for else ", ".join(dm.rules),
        when=desk.fmt.moment(dm.updated_at),
    )


async def _thread(desk: Desk, found: Ledgers, handle: str) -> Sequence[PrivateView]:
    """Read a private thread, which is an entry of the log."""
    account = await find_account(handle)
    said = await read_thread(account, found.contact.id, actor=desk.actor, access=desk.access, now=desk.now)
    views = []
    for each in said:
        ours = each.way == "out"
        read = None if ours else read_inbound(desk, each.text, XKind.DM)
        plain = [] if read is None else [msgspec.to_builtins(finding) for finding in read.findings]
        views.append(
            PrivateView(
                ours=ours,
                when=desk.fmt.moment(each.at),
                segments=marked(each.text, plain),
                notes=notes_of(read, each.text) if read else (),
                stop=read.stop if read else None,
            )
        )
    return views
