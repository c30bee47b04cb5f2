"""The pages of the desk "Outcome unknown", as they are printed."""

from collections.abc import Sequence

from litestar import Response

from govern.domain.ids import message_number
from govern.domain.matching import Seen
from govern.domain.messages import Kind
from govern.domain.publications import Found, Outcome
from govern.domain.readings import Reading
from govern.errors import N_
from govern.services.accounts import find_account
from govern.services.late_answers import LateAnswer, list_late_answers
from govern.services.message_views import AttemptView
from govern.services.unknown import Unknown, UnknownInFull, get_outcome_unknown, list_outcomes_unknown
from govern.web.panel.desk import Desk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.message_view import chip
from govern.web.panel.unknown_views import (
    LateView,
    ReadingView,
    SeenView,
    TryView,
    UnknownLine,
    UnknownPage,
    UnknownsPage,
)
from govern.web.panel.words import ATTEMPTS, KINDS, Badge, badge

_FOUND = {
    Found.ONE: Badge(N_("One fits"), "ok", "circle-check"),
    Found.SEVERAL: Badge(N_("More than one fits"), "warn", "alert-triangle"),
    Found.NONE: Badge(N_("None fits"), "", "search"),
    Found.FAILED: Badge(N_("X could not be read"), "warn", "alert-triangle"),
}
_FAULTS = {
    "not_connected": N_("The account must be connected again."),
    "auth_lost": N_("X did not take the account's credentials."),
    "rate_limited": N_("X allows no more readings for a while."),
    "no_credits": N_("The X app has no credits left."),
    "twin_in_flight": N_("A message of the same text is being sent: it could not be told which is which."),
}


async def list_page(desk: Desk, *, form: Form | None = None, done: str = "") -> Response[str]:
    """Show what waits, oldest first."""
    found = await list_outcomes_unknown(delays=desk.settings.reconcile_reads, actor=desk.actor, access=desk.access)
    page = UnknownsPage(
        lines=[await _line(desk, each) for each in found],
        late=[_late(desk, each) for each in await list_late_answers(actor=desk.actor, access=desk.access)],
        form=form or Form(),
        done=done,
    )
    status = form.status if form else 200
    return await desk.show("pages/unknowns.html", page, here="unknown", title=_("Unknown outcome"), status=status)


async def one_page(
    desk: Desk, number: str, *, form: Form | None = None, what: str = "", done: str = ""
) -> Response[str]:
    """Show one, with what X showed beside it; `form` brings a refused one back."""
    delays = desk.settings.reconcile_reads
    found = await get_outcome_unknown(number, delays=delays, actor=desk.actor, access=desk.access, now=desk.now)
    message, seen = found.unknown.message, _seen(desk, found)
    account = await find_account(message.account)
    page = UnknownPage(
        number=message_number(message.number),
        account=chip(message.account, {account.handle: account}),
        kind=_(KINDS[message.kind]),
        text=message.revision.text,
        author=message.author_name,
        contact=message.recipient or "",
        tries=[_try(desk, n, each) for n, each in enumerate(found.attempts, 1)],
        readings=[_reading(desk, each) for each in found.unknown.readings],
        next=_next(desk, found.unknown),
        seen=seen,
        seen_at=desk.fmt.clock(found.seen.at) if found.seen else "",
        was_read=found.seen is not None,
        hides_thread=found.hides_thread,
        private=message.kind is Kind.DM,
        live=found.unknown.may_settle,
        choices=[each for each in seen if each.ours and not each.belongs_to],
        form=form or Form(),
        what=what,
        done=done,
    )
    status = form.status if form else 200
    return await desk.show("pages/unknown.html", page, here="unknown", title=page.number, status=status)


async def _line(desk: Desk, unknown: Unknown) -> UnknownLine:
    message = unknown.message
    account = await find_account(message.account)
    number, read = message_number(message.number), unknown.readings
    return UnknownLine(
        number=number,
        href=f"/admin/unknown/{number}",
        account=chip(message.account, {account.handle: account}),
        kind=_(KINDS[message.kind]),
        text=message.revision.text or _("A private message of somebody else."),
        since=desk.fmt.ago(unknown.since),
        readings=_("%(n)s readings") % {"n": len(read)} if len(read) != 1 else _("1 reading"),
        next=_next(desk, unknown),
        found=badge(_FOUND[read[-1].result], read[-1].result) if read else None,
    )


def _late(desk: Desk, late: LateAnswer) -> LateView:
    return LateView(
        attempt=str(late.attempt),
        number=message_number(late.number),
        account=late.account,
        when=desk.fmt.ago(late.late_at),
        x_id=late.x_id,
        twice_as=late.known_as if late.known_as and late.known_as != late.x_id else "",
    )


def _next(desk: Desk, unknown: Unknown) -> str:
    """Say when X is read next."""
    if unknown.next_at is None:
        return _("X was read often enough: please decide.")
    if unknown.next_at <= desk.now:
        return _("X is being read now.")
    return _("X is read next at %(time)s.") % {"time": desk.fmt.clock(unknown.next_at)}


def _try(desk: Desk, number: int, attempt: AttemptView) -> TryView:
    outcome = Outcome(attempt.outcome) if attempt.outcome else None
    ended = attempt.finished_at
    return TryView(
        number=number,
        outcome=badge(ATTEMPTS[outcome], outcome.value) if outcome else Badge(_("Under way"), "info", "clock"),
        at=attempt.started_at,
        when=desk.fmt.clock(attempt.started_at),
        took=_("%(n)s s") % {"n": f"{(ended - attempt.started_at).total_seconds():.1f}"} if ended else "",
        known=_known(attempt),
        worker=attempt.worker,
        reason=attempt.reason or "",
        settled=_settled(attempt),
    )


def _known(attempt: AttemptView) -> str:
    """Say how far it came: to a connection, to a status."""
    if attempt.status is not None:
        return _("Connected; X answered %(status)s.") % {"status": attempt.status}
    if attempt.connected:
        return _("Connected; no answer.")
    return _("Not known whether it connected.") if attempt.connected is None else _("Never connected.")


def _settled(attempt: AttemptView) -> str:
    if attempt.resolved is None:
        return ""
    words = _("Settled: it is out.") if attempt.resolved == "sent" else _("Settled: it is not out.")
    return f"{words} {attempt.resolved_reason or ''}".strip()


def _reading(desk: Desk, reading: Reading) -> ReadingView:
    note = _(_FAULTS.get(reading.fault, N_("X gave no answer that could be used."))) if reading.fault else ""
    if not reading.fault and not reading.counts:
        note = _("Asked for in between: finding none would prove nothing.")
    return ReadingView(
        number=reading.n,
        at=reading.at,
        when=desk.fmt.clock(reading.at),
        found=badge(_FOUND[reading.result], reading.result),
        note=note,
    )


def _seen(desk: Desk, found: UnknownInFull) -> Sequence[SeenView]:
    """Return what X showed, newest first."""
    items = found.seen.items if found.seen else ()
    return [_item(desk, each, found) for each in reversed(items)]


def _item(desk: Desk, seen: Seen, found: UnknownInFull) -> SeenView:
    notes = [
        _("answers %(x_id)s") % {"x_id": seen.in_reply_to} if seen.in_reply_to else "",
        _("quotes %(x_id)s") % {"x_id": seen.quote_of} if seen.quote_of else "",
        _("%(n)s images") % {"n": seen.media} if seen.media else "",
    ]
    return SeenView(
        x_id=seen.x_id,
        text=seen.text,
        at=seen.at,
        when=desk.fmt.clock(seen.at),
        ours=seen.ours,
        fits=seen.x_id in found.unknown.fits,
        belongs_to=found.ours.get(seen.x_id, ""),
        note=" · ".join(filter(None, notes)),
    )
