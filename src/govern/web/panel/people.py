"""People and roles: who may do what, where, until when, given by whom and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get

from govern.domain.actions import Action
from govern.services.grants import GrantView, list_grants
from govern.services.members import list_members
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form
from govern.web.panel.grant_lines import PersonLine, person_line
from govern.web.panel.grants import sees_all
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View
from govern.web.panel.zones import zone_options


class PeoplePage(View, frozen=True, kw_only=True):
    people: Sequence[PersonLine]
    may_invite: bool
    form: Form
    zones: Sequence[tuple[str, str]]


@get("/people", opt={"action": Action.ACCESS_READ})
async def show_people(desk: AtDesk) -> Response[str]:
    """Everybody, with their roles."""
    return await show_everybody(desk, Form())


async def show_everybody(desk: Desk, form: Form) -> Response[str]:
    """Answer with the list of people; `form` is the invitation that was refused."""
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    grants = _by_email(await list_grants(**who)) if await sees_all(desk) else {}
    people = [person_line(member, grants.get(member.email)) for member in await list_members(**who)]
    page = PeoplePage(people=people, may_invite=await desk.may(Action.MEMBER_INVITE), form=form, zones=zone_options())
    title = _("People and roles")
    return await desk.show("pages/people.html", page, here="people", title=title, status=form.status)


def _by_email(grants: Sequence[GrantView]) -> Mapping[str, list[GrantView]]:
    found: dict[str, list[GrantView]] = {}
    for grant in grants:
        found.setdefault(grant.member_email, []).append(grant)
    return found


ROUTES = (show_people,)
