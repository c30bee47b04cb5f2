"""People and roles: who may do what, where, until when, given by whom and why."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.errors import Conflict, Invalid
from govern.services.grants import GrantView, list_grants
from govern.services.members import create_member, list_members
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.grants import PersonLine, person_line, sees_all
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View
from govern.web.panel.zones import zone_options


class MemberForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new person."""

    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    password: Annotated[str, msgspec.Meta(min_length=12, max_length=128)]
    language: str = "en"
    zone: str = "Europe/Paris"


class PeoplePage(View, frozen=True, kw_only=True):
    people: Sequence[PersonLine]
    may_invite: bool
    form: Form
    zones: Sequence[tuple[str, str]]


@get("/people", opt={"action": Action.ACCESS_READ})
async def show_people(desk: AtDesk) -> Response[str]:
    """Everybody, with their roles."""
    return await _people(desk, Form())


@post("/people", status_code=303, opt={"action": Action.MEMBER_INVITE})
async def post_member(desk: AtDesk) -> Response[str] | Redirect:
    """Add a person."""
    form = await read_form(desk.request)
    try:
        data = form.read(MemberForm)
        member = await create_member(**msgspec.structs.asdict(data), actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await _people(desk, form.refuse(error))
    return go(f"/admin/people/{member.email}")


async def _people(desk: Desk, form: Form) -> Response[str]:
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


ROUTES = (show_people, post_member)
