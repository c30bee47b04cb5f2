"""The audit log: search, days, one entry at the side."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.domain.audit import BY_NAME, Outcome
from govern.domain.audit.query import read_jump
from govern.errors import Invalid
from govern.services.audit import EntryFilter, EntryView, Page, Why
from govern.services.audit_log import read_entry, search_log
from govern.web.panel.audit_detail import EntryDetail, action_words, entry_detail, place_of
from govern.web.panel.audit_export import export_address, may_export
from govern.web.panel.audit_query import Chip, address, chips, with_terms
from govern.web.panel.badge import Integrity, integrity_badge
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go
from govern.web.panel.i18n import error_sentence, in_language
from govern.web.panel.i18n import gettext as _
from govern.web.panel.saved_views import OwnView, own_views
from govern.web.panel.views import View
from govern.web.panel.words import OUTCOMES, Badge, colour_of, initials, outcome_badge

PAGE = 50
Choice = Sequence[tuple[str, str]]


class Line(View, frozen=True, kw_only=True):
    """One entry in the table."""

    arrival: int
    place: str
    href: str
    day: str
    """Only on the first entry of a day."""
    time: str
    at: datetime
    actor: str
    initials: str
    colour: int
    machine: bool
    action: str
    sentence: str
    because: str
    """Why it was found, where the sentence does not show it."""
    outcome: Badge
    selected: bool


class AuditPage(View, frozen=True, kw_only=True):
    q: str
    at: str
    form: Form
    subtitle: str
    badge: Integrity
    export_href: str
    chips: Sequence[Chip]
    tabs: Sequence[tuple[str, str, bool]]
    own: Sequence[OwnView]
    periods: Choice
    actions: Choice
    outcomes: Choice
    lines: Sequence[Line]
    jumped: str
    reached: str
    """Set if time ran out: how far back was searched."""
    older: str
    newest: str
    empty_title: str
    empty_words: str
    entry: EntryDetail | None
    back: str


class Asked(View, frozen=True, kw_only=True):
    """The state of the page, as its address has it."""

    q: str = ""
    at: str = ""
    older: str = ""

    def address(self, *, entry: int | None = None) -> str:
        return address(self.q, at=self.at, older=self.older, entry=entry)


@get("/audit", opt={"action": Action.AUDIT_READ})
async def show_log(
    desk: AtDesk,
    q: FromQuery[str] = "",
    at: FromQuery[str] = "",
    older: FromQuery[str] = "",
    add: Annotated[list[str] | None, QueryParameter()] = None,
) -> Response[str] | Redirect:
    """The entries that match, newest first. What is chosen beside the box becomes a part of it: the address is the state."""
    added = [each for each in add or [] if each]
    if added or add is not None:
        try:
            return go(address(with_terms(q, added), at=at))
        except Invalid:
            pass  # said beside the box
    return await _page(desk, Asked(q=q, at=at, older=older))


@get("/audit/{arrival:int}", opt={"action": Action.AUDIT_READ})
async def show_entry(
    desk: AtDesk,
    arrival: FromPath[int],
    q: FromQuery[str] = "",
    at: FromQuery[str] = "",
    older: FromQuery[str] = "",
) -> Response[str]:
    """One entry beside the log."""
    entry = await read_entry(arrival, actor=desk.actor, access=desk.access, now=desk.now)
    return await _page(desk, Asked(q=q, at=at, older=older), entry=entry)


@post("/audit/{arrival:int}/personal", status_code=200, opt={"action": Action.AUDIT_READ})
async def post_personal(desk: AtDesk, arrival: FromPath[int], q: FromQuery[str] = "") -> Response[str]:
    """Show the personal fields of an entry; the look is an entry itself, so it is asked for."""
    entry = await read_entry(arrival, actor=desk.actor, access=desk.access, now=desk.now)
    return await _page(desk, Asked(q=q), entry=entry, personal=True)


async def _page(desk: Desk, asked: Asked, *, entry: EntryView | None = None, personal: bool = False) -> Response[str]:
    form = Form(values={"q": asked.q, "at": asked.at})
    found = await _search(desk, asked, form)
    badge_ = await integrity_badge(desk)
    page = AuditPage(
        q=asked.q,
        at=asked.at,
        form=form,
        subtitle=badge_.subtitle,
        badge=badge_,
        export_href=await _export_href(desk, asked.q),
        chips=chips(asked.q, at=asked.at),
        tabs=_tabs(asked.q),
        own=await own_views(desk, asked.q),
        periods=_periods(desk),
        actions=_actions(),
        outcomes=[(f"outcome:{each.value}", _(OUTCOMES[each.value].words)) for each in Outcome],
        lines=_lines(desk, found.items, asked, entry.arrival if entry else None),
        jumped=_jumped(asked, form),
        reached=_reached(desk, found),
        older=address(asked.q, at=asked.at, older=found.next_cursor) if found.next_cursor else "",
        newest=address(asked.q) if asked.older or asked.at else "",
        empty_title=_empty_title(asked, form),
        empty_words=_empty(asked, form),
        entry=await entry_detail(desk, entry, asked.q, personal=personal) if entry else None,
        back=asked.address(),
    )
    return await desk.show(
        "pages/audit.html", page, here="audit", title=_("Audit log"), part="asplit", status=form.status
    )


async def _search(desk: Desk, asked: Asked, form: Form) -> Page:
    """Search; what cannot be read is said at its field, and nothing is shown as if it were the answer."""
    zone = desk.fmt.zone
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    try:
        at = read_jump(asked.at, zone=zone) if asked.at else None
        wanted = EntryFilter(q=asked.q, zone=zone, at=at)
        return await search_log(wanted, limit=PAGE, before=asked.older or None, **who)
    except Invalid as error:
        form.refuse(error)
        if not form.errors.keys() & {"q", "at"}:
            form.errors["q"] = error_sentence(error)
        return Page((), None)


def _lines(desk: Desk, entries: Sequence[EntryView], asked: Asked, open_: int | None) -> Sequence[Line]:
    lines: list[Line] = []
    last = ""
    for entry in entries:
        day = desk.fmt.day(entry.at)
        lines.append(
            Line(
                arrival=entry.arrival,
                place=place_of(entry),
                href=asked.address(entry=entry.arrival),
                day=day if day != last else "",
                time=desk.fmt.clock(entry.at),
                at=entry.at,
                actor=entry.actor.name,
                initials=initials(entry.actor.name),
                colour=colour_of(entry.actor.name),
                machine=entry.actor.kind != "member",
                action=action_words(entry.action),
                sentence=_short(in_language(entry.sentence), entry.actor.name),
                because=_because(entry),
                outcome=outcome_badge(entry.action, entry.outcome),
                selected=entry.arrival == open_,
            )
        )
        last = day
    return lines


def _because(entry: EntryView) -> str:
    """Say why a free word found the entry, where the line itself does not show it."""
    words = {Why.TEXT: _("its text has the word"), Why.OBJECT: _("touches what bears the name")}
    return " · ".join(words[each] for each in entry.why if each in words)


def _tabs(q: str) -> Sequence[tuple[str, str, bool]]:
    found = (
        (_("Everything"), ""),
        (_("Messages"), "action:message"),
        (_("Sending"), "action:publication"),
        (_("Refusals"), "outcome:denied"),
        (_("Role changes"), "action:role"),
        (_("Sign-ins"), "action:session"),
    )
    return [(words, address(box), box == q.strip()) for words, box in found]


def _periods(desk: Desk) -> Choice:
    """Offer the beginnings of usual spans; as days, so that the address means the same tomorrow."""
    today = desk.fmt.local(desk.now).date()
    spans = ((_("Since today"), 0), (_("Since yesterday"), 1), (_("Last 7 days"), 7), (_("Last 30 days"), 30))
    return [(f"after:{(today - timedelta(days=days)).isoformat()}", words) for words, days in spans]


def _actions() -> Choice:
    """Offer the nouns of the log, as people say them."""
    return [(f"action:{noun}", action_words(noun)) for noun in sorted({name.partition(".")[0] for name in BY_NAME})]


def _jumped(asked: Asked, form: Form) -> str:
    return _("Read from %(day)s back.") % {"day": asked.at} if asked.at and "at" not in form.errors else ""


def _reached(desk: Desk, found: Page) -> str:
    if found.searched_to is None:
        return ""
    return _("Searched back to %(moment)s so far.") % {"moment": desk.fmt.full(found.searched_to)}


def _empty_title(asked: Asked, form: Form) -> str:
    if form.errors:
        return _("Nothing was searched")
    return _("No entry matches") if asked.q or asked.at else _("Nothing here yet")


def _empty(asked: Asked, form: Form) -> str:
    if form.errors:
        return _("Mend the filter above first.")
    if asked.q:
        return _("The whole log was searched. Remove a filter, or look for other words.")
    return _("No entry is that old. Show the newest.") if asked.at else _("The first thing anybody does is shown here.")


async def _export_href(desk: Desk, q: str) -> str:
    """Return where the export is asked for, for those who may with a fresh proof."""
    return export_address(q) if await may_export(desk) else ""


def _short(sentence: str, actor: str) -> str:
    """Leave the actor out where the line names them already."""
    return sentence.removeprefix(actor).strip() if actor else sentence


ROUTES = (show_log, show_entry, post_personal)
