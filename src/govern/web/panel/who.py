"""Who can do one thing at one place: now, or as of a day; by which role, given by whom."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter

from govern.domain.actions import Action
from govern.errors import Invalid
from govern.services.access_questions import AblePerson, GrantStory, who_can
from govern.services.grants import list_scopes
from govern.web.panel.access_words import action_label, action_options, answer_badge, dependences
from govern.web.panel.days import past_words, read_day
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View
from govern.web.panel.words import Badge, role_name, scope_label, scope_name


class Able(View, frozen=True, kw_only=True):
    """Somebody who can, by which role, given by whom."""

    name: str
    href: str
    answer: Badge
    notes: Sequence[str]
    grants: Sequence[str]


class WhoPage(View, frozen=True, kw_only=True):
    people: Sequence[Able] | None
    deed: str
    place: str
    action: str
    scope: str
    actions: Sequence[tuple[str, str]]
    scopes: Sequence[tuple[str, str]]
    at: str
    past: str
    now: str
    form: Form


@get("/access/who", opt={"action": Action.ACCESS_READ})
async def show_who(
    desk: AtDesk,
    action: FromQuery[str] = Action.MESSAGE_APPROVE.value,
    place: Annotated[str, QueryParameter(name="scope")] = "",
    at: FromQuery[str] = "",
) -> Response[str]:
    """Everybody who can do one thing at one place."""
    form, moment = read_day(at, desk)
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    people = None
    try:
        people = (await who_can(action=action, scope=place, at=moment, **who)).people if place else None
    except Invalid as error:
        form.refuse(error)
    bundle = desk.access.bundle
    page = WhoPage(
        people=None if people is None else [able_line(each) for each in people],
        deed=action_label(bundle, action),
        place=scope_name(place),
        action=action,
        scope=place,
        actions=action_options(bundle),
        scopes=await scope_options(desk),
        at=at,
        past=past_words(desk, moment),
        now=f"/admin/access/who?{urlencode({'action': action, 'scope': place})}",
        form=form,
    )
    return await desk.show("pages/who.html", page, here="people", title=_("Who can?"), status=form.status)


async def scope_options(desk: Desk) -> Sequence[tuple[str, str]]:
    """Return the places where this member may ask, widest first."""
    found = await list_scopes(actor=desk.actor, access=desk.access)
    order = {"company": 0, "brand": 1, "account": 2}
    return [(each.key, scope_label(each.kind, each.label)) for each in sorted(found, key=lambda one: order[one.kind])]


def grant_words(grant: GrantStory) -> str:
    """Say a grant: the role, where, who gave it and why."""
    return _("%(role)s at %(place)s, given by %(name)s: “%(reason)s”") % {
        "role": role_name(grant.role),
        "place": scope_name(grant.scope),
        "name": grant.granted_by or _("the set-up"),
        "reason": grant.reason,
    }


def able_line(person: AblePerson) -> Able:
    """Build the line of somebody who can."""
    notes = list(dependences(person.standing.conditions))
    if person.standing.fresh:
        notes.append(_("with a fresh sign-in"))
    return Able(
        name=person.member.name,
        href=f"/admin/people/{person.member.email}",
        answer=answer_badge(person.standing.answer),
        notes=notes,
        grants=[grant_words(grant) for grant in person.grants],
    )


ROUTES = (show_who,)
