"""One person: the grants held and ended, giving and taking roles."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import COMPANY, Action
from govern.domain.members import Member
from govern.errors import Conflict, Invalid, NotFound
from govern.services.grant_changes import preview_changes
from govern.services.grant_plans import GrantChange, Kind
from govern.services.grants import GrantView, assign_role, list_grants, revoke_role
from govern.services.members import get_member
from govern.web.panel.changes import PersonTurns, person_turns, refusal_words
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.grant_lines import GrantLine, PersonLine, grant_line, is_pledged, person_line
from govern.web.panel.matrix_cells import GIVEN, RESTRICTIONS
from govern.web.panel.membership import Membership, membership_of
from govern.web.panel.proof import Proof
from govern.web.panel.spans import end_of, start_of
from govern.web.panel.views import View
from govern.web.panel.who import scope_options
from govern.web.panel.words import role_name


class GrantForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role at a scope."""

    role: str
    scope: str
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    starts: date | None = None
    until: date | None = None
    do: str = "give"


class TrialForm(msgspec.Struct, frozen=True, kw_only=True):
    """A role at a scope, to see first what it would bring."""

    role: str
    scope: str


class RevokeForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of a role."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class Trial(View, frozen=True, kw_only=True):
    """What the form would bring, before it is sent for good."""

    turns: PersonTurns
    refusal: str


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
    membership: Membership
    proof: Proof
    can: str
    trial: Trial | None


@get("/people/{email:str}", opt={"action": Action.ACCESS_READ})
async def show_person(desk: AtDesk, email: FromPath[str]) -> Response[str]:
    """One person: grants held, grants that ended, a form for a new one."""
    return await _person(desk, email, Form())


@post("/people/{email:str}/grants", status_code=303, opt={"action": Action.ROLE_ASSIGN})
async def post_grant(desk: AtDesk, email: FromPath[str]) -> Response[str] | Redirect:
    """Give a role; it counts from the next request on."""
    form = await read_form(desk.request)
    try:
        if form.get("do") == "preview":
            return await _person(desk, email, form, trial=await _trial(desk, email, form.read(TrialForm)))
        data = form.read(GrantForm)
        await assign_role(
            email=email,
            role=data.role,
            scope=data.scope,
            reason=data.reason,
            starts_at=start_of(data.starts, desk.fmt),
            expires_at=end_of(data.until, desk.fmt),
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


async def _trial(desk: Desk, email: str, wanted: TrialForm) -> Trial:
    change = GrantChange(kind=Kind.ADD, email=email.lower(), role=wanted.role, scope=wanted.scope)
    preview = await preview_changes([change], actor=desk.actor, access=desk.access, now=desk.now)
    return Trial(
        turns=person_turns(desk, preview.people)[0],
        refusal=refusal_words(preview.refusals[0]) if preview.refusals else "",
    )


async def _person(
    desk: Desk, email: str, form: Form, *, revoking: str = "", trial: Trial | None = None
) -> Response[str]:
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    member = await get_member(email, **who)
    grants = await _grants_of(desk, member)
    held = [grant_line(grant, desk.fmt) for grant in grants if is_pledged(grant, desk.now)]
    own = member.id == desk.actor.member
    page = PersonPage(
        person=person_line(member, [grant for grant in grants if is_pledged(grant, desk.now)]),
        zone=member.zone,
        language=member.language,
        held=held,
        past=[grant_line(grant, desk.fmt) for grant in grants if not is_pledged(grant, desk.now)],
        may_assign=await desk.may(Action.ROLE_ASSIGN) and not own,
        may_revoke=await desk.may(Action.ROLE_REVOKE) and not own,
        self=own,
        roles=await _givable(desk),
        scopes=await scope_options(desk),
        form=form,
        revoking=revoking,
        can=f"/admin/people/{member.email}/can",
        trial=trial,
        membership=await membership_of(desk, member),
        proof=await desk.proof(),
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
    return [(role.value, role_name(role)) for role in (*GIVEN, *RESTRICTIONS) if role in givable]


ROUTES = (show_person, post_grant, post_revoke)
