"""What can this person do, who can do it here: now, or as of a day."""

from collections.abc import Mapping, Sequence

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from govern.access.weighing import Standing
from govern.services.access_questions import WhatCan, what_can
from govern.web.panel.access_words import answer_badge, dependences, groups, text
from govern.web.panel.days import past_words, read_day
from govern.web.panel.desk import AtDesk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.views import View
from govern.web.panel.words import Badge, scope_name

NAMED = 3


class Answers(View, frozen=True, kw_only=True):
    """One action: an answer per column, and what the answers depend on."""

    deed: str
    cells: Sequence[Badge]
    notes: Sequence[str]
    critical: bool


class Group(View, frozen=True, kw_only=True):
    title: str
    rows: Sequence[Answers]


class CanPage(View, frozen=True, kw_only=True):
    name: str
    href: str
    own: bool
    columns: Sequence[str]
    groups: Sequence[Group]
    nothing: bool
    at: str
    past: str
    now: str
    form: Form


@get("/people/{email:str}/can", opt={"signed_in": "one's own rights; of others, to those the service lets read them"})
async def show_can(desk: AtDesk, email: FromPath[str], at: FromQuery[str] = "") -> Response[str]:
    """All a person can do, where, and what it depends on."""
    form, moment = read_day(at, desk)
    found = await what_can(email=email, at=moment, actor=desk.actor, access=desk.access, now=desk.now)
    columns = _columns(found)
    member = found.member
    page = CanPage(
        name=member.name,
        href=f"/admin/people/{member.email}",
        own=member.id == desk.actor.member,
        columns=[_place(scopes) for scopes in columns],
        groups=_groups(found, [scopes[0] for scopes in columns]),
        nothing=not found.actions,
        at=at,
        past=past_words(desk, moment),
        now=f"/admin/people/{member.email}/can",
        form=form,
    )
    title = _("What can %(name)s do?") % {"name": member.name}
    return await desk.show("pages/can.html", page, here="people", title=title, status=form.status)


def _columns(found: WhatCan) -> Sequence[tuple[str, ...]]:
    """Put places with the same answers together; where the answer is no to everything there is no column."""
    same: dict[tuple[object, ...], list[str]] = {}
    for scope in found.scopes:
        answers = tuple(row.places.get(scope) for row in found.actions)
        if any(answers):
            same.setdefault(answers, []).append(scope)
    return [tuple(scopes) for scopes in same.values()]


def _place(scopes: Sequence[str]) -> str:
    named = ", ".join(scope_name(scope) for scope in scopes[:NAMED])
    more = len(scopes) - NAMED
    if more <= 0:
        return named
    return ngettext("%(places)s and %(num)s more", "%(places)s and %(num)s more", more) % {"places": named, "num": more}


def _groups(found: WhatCan, scopes: Sequence[str]) -> Sequence[Group]:
    rows = {row.action: row for row in found.actions}
    built = []
    for title, actions in groups():
        inside = [row for name, row in rows.items() if name in actions]
        answers = [
            Answers(
                deed=text(row.label),
                cells=[_cell(row.places, scope) for scope in scopes],
                notes=_notes(row.places, scopes),
                critical=row.risk == "critical",
            )
            for row in inside
        ]
        if answers:
            built.append(Group(title=title, rows=answers))
    return built


def _cell(places: Mapping[str, Standing], scope: str) -> Badge:
    standing = places.get(scope)
    return answer_badge(standing.answer) if standing else Badge(_("No"), "", "x")


def _notes(places: Mapping[str, Standing], scopes: Sequence[str]) -> Sequence[str]:
    said = [words for scope in scopes if scope in places for words in dependences(places[scope].conditions)]
    return list(dict.fromkeys(said))


ROUTES = (show_can,)
