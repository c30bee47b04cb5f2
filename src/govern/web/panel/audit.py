"""The audit log: search, days, one entry at the side."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from govern.domain.actions import Action
from govern.errors import Invalid
from govern.services.audit import EntryView, openings
from govern.services.audit_log import read_entry, search_log
from govern.web.panel.audit_query import Chip, address, chips, read_box
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.views import View
from govern.web.panel.words import OUTCOMES, Badge, badge, colour_of, initials, role_name, scope_name

PAGE = 50


class Line(View, frozen=True, kw_only=True):
    """One entry in the table."""

    arrival: int
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
    outcome: Badge
    selected: bool


class EntryDetail(View, frozen=True, kw_only=True):
    """One entry with all there is to see of it."""

    arrival: int
    title: str
    sentence: str
    stamp: str
    actor: str
    via: str
    role: str
    scope: str
    subject: str
    subject_href: str
    outcome: Badge
    rule: str
    digest: str
    request: str
    changes: Sequence[tuple[str, str | None, str | None]]
    data: Sequence[tuple[str, str]]
    opened: Mapping[str, str]
    sealed: Sequence[str]
    leaf_hash: str
    text: str


class AuditPage(View, frozen=True, kw_only=True):
    q: str
    form: Form
    chips: Sequence[Chip]
    tabs: Sequence[tuple[str, str, bool]]
    lines: Sequence[Line]
    older: str
    entry: EntryDetail | None
    back: str


@get("/audit", opt={"action": Action.AUDIT_READ})
async def show_log(desk: AtDesk, q: FromQuery[str] = "", older: FromQuery[int | None] = None) -> Response[str]:
    """The entries that match, newest first."""
    return await _page(desk, q, older=older)


@get("/audit/{arrival:int}", opt={"action": Action.AUDIT_READ})
async def show_entry(
    desk: AtDesk, arrival: FromPath[int], q: FromQuery[str] = "", older: FromQuery[int | None] = None
) -> Response[str]:
    """One entry beside the log."""
    return await _page(desk, q, older=older, arrival=arrival)


async def _page(desk: Desk, q: str, *, older: int | None, arrival: int | None = None) -> Response[str]:
    form, zone = Form(values={"q": q}), desk.fmt.zone
    try:
        wanted = read_box(q, zone)
    except Invalid as error:
        form.refuse(error)
        wanted = read_box("", zone)
    who = {"actor": desk.actor, "access": desk.access}
    found = await search_log(wanted, limit=PAGE, before=older, now=desk.now, **who)  # type: ignore[arg-type]
    entry = await read_entry(arrival, now=desk.now, **who) if arrival else None  # type: ignore[arg-type]
    page = AuditPage(
        q=q,
        form=form,
        chips=chips(q),
        tabs=_tabs(q),
        lines=_lines(desk, found.items, q, older, arrival),
        older=address(q, older=found.next_cursor) if found.next_cursor else "",
        entry=await _detail(desk, entry) if entry else None,
        back=address(q, older=older),
    )
    return await desk.show(
        "pages/audit.html", page, here="audit", title=_("Audit log"), part="asplit", status=form.status
    )


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


def _lines(desk: Desk, entries: Sequence[EntryView], q: str, older: int | None, open_: int | None) -> Sequence[Line]:
    lines: list[Line] = []
    last = ""
    for entry in entries:
        day = desk.fmt.day(entry.at)
        lines.append(
            Line(
                arrival=entry.arrival,
                href=address(q, older=older, entry=entry.arrival),
                day=day if day != last else "",
                time=desk.fmt.clock(entry.at),
                at=entry.at,
                actor=entry.actor.name,
                initials=initials(entry.actor.name),
                colour=colour_of(entry.actor.name),
                machine=entry.actor.kind != "member",
                action=action_words(entry.action),
                sentence=_short(in_language(entry.sentence), entry.actor.name),
                outcome=badge(OUTCOMES.get(entry.outcome), entry.outcome),
                selected=entry.arrival == open_,
            )
        )
        last = day
    return lines


async def _detail(desk: Desk, entry: EntryView) -> EntryDetail:
    opened = await openings(entry.id) if entry.id else {}
    granted = entry.context.via
    return EntryDetail(
        arrival=entry.arrival,
        title=action_words(entry.action),
        sentence=in_language(entry.sentence),
        stamp=desk.fmt.stamp(entry.at),
        actor=entry.actor.name,
        via=" · ".join(filter(None, (entry.via, ", ".join(entry.factors)))),
        role=_granted(granted.role, granted.scope) if granted else "",
        scope=scope_name(entry.scope) if entry.scope else "",
        subject=entry.object.name + (f" r{entry.object.rev}" if entry.object.rev else ""),
        subject_href=f"/admin/messages/{entry.object.name}" if entry.object.kind == "message" else "",
        outcome=badge(OUTCOMES.get(entry.outcome), entry.outcome),
        rule=entry.context.rule or "",
        digest=(entry.context.digest or "").removeprefix("sha256:")[:12],
        request=entry.context.request or entry.context.job or "",
        changes=[(each.field, each.before, each.after) for each in entry.changes],
        data=[(name, _plain(value)) for name, value in sorted(entry.data.items()) if value not in (None, "", [])],
        opened={name: _plain(value) for name, value in opened.items()},
        sealed=[name for name in entry.sealed if name not in opened],
        leaf_hash=entry.leaf_hash,
        text=entry.text,
    )


def _granted(role: str | None, scope: str | None) -> str:
    return ", ".join([role_name(role or ""), *([scope_name(scope)] if scope else [])])


def _short(sentence: str, actor: str) -> str:
    """Leave the actor out where the line names them already."""
    return sentence.removeprefix(actor).strip() if actor else sentence


def action_words(action: str) -> str:
    """`message.changes_requested` as people say it: `Message changes requested`."""
    return action.replace(".", " ").replace("_", " ").capitalize() or _("Unreadable entry")


def _plain(value: object) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value)


ROUTES = (show_log, show_entry)
