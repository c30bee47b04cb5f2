"""One person: the grants held and ended, giving and taking roles."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import COMPANY, Action, Role
from govern.domain.members import Member
from govern.errors import Conflict, Invalid, NotFound
from govern.services.grants import GrantView, assign_role, list_grants, list_scopes, revoke_role
from govern.services.members import get_member
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View
from govern.web.panel.words import Badge, colour_of, initials, role_name, scope_name

_GIVEN = (Role.VIEWER, Role.AUTHOR, Role.AGENT, Role.BRAND_MANAGER, Role.COMPLIANCE, Role.ADMIN)

_RESTRICTIONS = (Role.SUSPENDED, Role.OFFICE_HOURS_ONLY)


class GrantForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role at a scope."""

    role: str
    scope: str
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    until: date | None = None


class RevokeForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of a role."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class GrantLine(View, frozen=True, kw_only=True):
    """A grant in words."""

    id: str
    email: str
    name: str
    role: str
    scope: str
    given: str
    reason: str
    ends: str
    ended: Badge | None = None
    end_reason: str = ""


class PersonLine(View, frozen=True, kw_only=True):
    email: str
    name: str
    initials: str
    colour: int
    href: str
    state: Badge | None
    grants: Sequence[tuple[str, str]]


class PersonPage(View, frozen=True, kw_only=True):
    person: PersonLine
    zone: str
    language: str
    held: Sequence[GrantLine]
    past: Sequence[GrantLine]
    may_assign: bool
    may_revoke: bool
    self: bool
    roles: Sequence[tuple[str, str]]
    scopes: Sequence[tuple[str, str]]
    form: Form
    revoking: str


@get("/people/{email:str}", opt={"action": Action.ACCESS_READ})
async def show_person(desk: AtDesk, email: FromPath[str]) -> Response[str]:
    """One person: grants held, grants that ended, a form for a new one."""
    return await _person(desk, email, Form())


@post("/people/{email:str}/grants", status_code=303, opt={"action": Action.ROLE_ASSIGN})
async def post_grant(desk: AtDesk, email: FromPath[str]) -> Response[str] | Redirect:
    """Give a role; it counts from the next request on."""
    form = await read_form(desk.request)
    try:
        data = form.read(GrantForm)
        await assign_role(
            email=email,
            role=data.role,
            scope=data.scope,
            reason=data.reason,
            expires_at=_end_of(data.until, desk.fmt.zone),
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )
    except (Invalid, Conflict) as error:
        return await _person(desk, email, form.refuse(error))
    except NotFound as error:
        return await _person(desk, email, form.refuse(FieldFault(reason=error.detail, field="scope")))
    return go(f"/admin/people/{email}")


@post("/people/{email:str}/grants/{grant:uuid}/revoke", status_code=303, opt={"action": Action.ROLE_REVOKE})
async def post_revoke(desk: AtDesk, email: FromPath[str], grant: FromPath[UUID]) -> Response[str] | Redirect:
    """Take a role away; it counts from the next request on."""
    form = await read_form(desk.request)
    try:
        data = form.read(RevokeForm)
        await revoke_role(grant, reason=data.reason, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await _person(desk, email, form.refuse(error), revoking=str(grant))
    return go(f"/admin/people/{email}")


async def _person(desk: Desk, email: str, form: Form, *, revoking: str = "") -> Response[str]:
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    member = await get_member(email, **who)
    grants = await _grants_of(desk, member)
    held = [_grant(desk, grant) for grant in grants if _in_force(grant, desk.now)]
    own = member.id == desk.actor.member
    page = PersonPage(
        person=person_line(member, [grant for grant in grants if _in_force(grant, desk.now)]),
        zone=member.zone,
        language=member.language,
        held=held,
        past=[_grant(desk, grant) for grant in grants if not _in_force(grant, desk.now)],
        may_assign=await desk.may(Action.ROLE_ASSIGN) and not own,
        may_revoke=await desk.may(Action.ROLE_REVOKE) and not own,
        self=own,
        roles=await _givable(desk),
        scopes=await _scopes(desk),
        form=form,
        revoking=revoking,
    )
    return await desk.show("pages/person.html", page, here="people", title=member.name, status=form.status)


async def sees_all(desk: Desk) -> bool:
    return COMPANY in await desk.access.where_can(desk.actor, Action.ACCESS_READ)


async def _grants_of(desk: Desk, member: Member) -> Sequence[GrantView]:
    """Return a person's grants, as far as the reader's rights go."""
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    if member.id == desk.actor.member or await sees_all(desk):
        return await list_grants(email=member.email, include_revoked=True, **who)
    found = []
    for scope in sorted(await desk.access.where_can(desk.actor, Action.ACCESS_READ)):
        found += await list_grants(email=member.email, scope=scope, include_revoked=True, **who)
    return found


async def _givable(desk: Desk) -> Sequence[tuple[str, str]]:
    """Return the roles this member may give somewhere."""
    requester = await desk.access.requester(desk.actor)
    places = await desk.access.where_can(desk.actor, Action.ACCESS_READ)
    givable: set[str] = set()
    for place in places:
        givable |= desk.access.givable_roles(requester, place)
    return [(role.value, role_name(role)) for role in (*_GIVEN, *_RESTRICTIONS) if role in givable]


async def _scopes(desk: Desk) -> Sequence[tuple[str, str]]:
    found = await list_scopes(actor=desk.actor, access=desk.access)
    order = {"company": 0, "brand": 1, "account": 2}
    return [(each.key, scope_label(each.kind, each.label)) for each in sorted(found, key=lambda one: order[one.kind])]


def scope_label(kind: str, label: str) -> str:
    """Say a scope of a list: its kind, then its name."""
    return {
        "company": _("The whole company"),
        "brand": _("Brand: %(name)s") % {"name": label},
        "account": _("Account: %(name)s") % {"name": label if label.startswith("@") else f"@{label}"},
    }[kind]


def person_line(member: Member, grants: Sequence[GrantView] | None) -> PersonLine:
    active = member.state == "active"
    return PersonLine(
        email=member.email,
        name=member.name,
        initials=initials(member.name),
        colour=colour_of(member.name),
        href=f"/admin/people/{member.email}",
        state=None if active else Badge(_("Suspended") if member.state == "suspended" else _("Has left"), "bad", "ban"),
        grants=[(role_name(each.role), scope_name(each.scope)) for each in grants]
        if grants is not None
        else [(role_name(role), "") for role in member.roles],
    )


def _grant(desk: Desk, grant: GrantView) -> GrantLine:
    by = grant.granted_by_name or _("the set-up")
    expired = grant.revoked_at is None and not _in_force(grant, desk.now)
    ended = Badge(_("Ended"), "", "clock") if expired else Badge(_("Revoked"), "bad", "ban")
    at = desk.fmt.moment(grant.granted_at)
    return GrantLine(
        id=str(grant.id),
        email=grant.member_email,
        name=grant.member_name,
        role=role_name(grant.role),
        scope=scope_name(grant.scope),
        given=_("given by %(name)s, %(moment)s") % {"name": by, "moment": at},
        reason=grant.reason,
        ends=_("until %(moment)s") % {"moment": desk.fmt.moment(grant.expires_at)} if grant.expires_at else "",
        ended=ended if expired or grant.revoked_at else None,
        end_reason=grant.revoke_reason or "",
    )


def _in_force(grant: GrantView, now: datetime) -> bool:
    return grant.revoked_at is None and (grant.expires_at is None or grant.expires_at > now)


def _end_of(day: date | None, zone: str) -> datetime | None:
    """Return the end of a day in the giver's zone."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=ZoneInfo(zone)) if day else None


ROUTES = (show_person, post_grant, post_revoke)
