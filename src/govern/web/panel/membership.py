"""Whether a person may sign in at all: the page that says so, suspending, reinstating, removing."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.domain.members import Member, MemberState
from govern.errors import Conflict, Invalid
from govern.services.member_life import reinstate_member, remove_member, suspend_member
from govern.services.members import get_member
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.proof import Proof
from govern.web.panel.views import View

_ANY = (Action.MEMBER_INVITE, Action.MEMBER_SUSPEND, Action.MEMBER_REMOVE, Action.MEMBER_RESET_SIGN_IN)


class ReasonForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class Membership(View, frozen=True, kw_only=True):
    """Whether a person can sign in, and what this reader may do about it."""

    href: str
    name: str
    state: str
    """`active`, `waiting` for a link to be used, `suspended` or `left`."""
    may_invite: bool
    may_suspend: bool
    may_reinstate: bool
    may_reset: bool
    may_remove: bool

    @property
    def any(self) -> bool:
        return any((self.may_invite, self.may_suspend, self.may_reinstate, self.may_reset, self.may_remove))


class MembershipPage(View, frozen=True, kw_only=True):
    person: Membership
    email: str
    proof: Proof
    form: Form
    at: str


async def membership_of(desk: Desk, member: Member) -> Membership:
    """Say what this reader may do about a person; nobody does it to themselves."""
    active = member.state is MemberState.ACTIVE
    may = {action: member.id != desk.actor.member and await desk.may(action) for action in _ANY}
    return Membership(
        href=f"/admin/people/{member.email}",
        name=member.name,
        state="waiting" if active and member.waiting else member.state.value,
        may_invite=may[Action.MEMBER_INVITE] and active and member.waiting,
        may_suspend=may[Action.MEMBER_SUSPEND] and active,
        may_reinstate=may[Action.MEMBER_SUSPEND] and member.state is MemberState.SUSPENDED,
        may_reset=may[Action.MEMBER_RESET_SIGN_IN] and active,
        may_remove=may[Action.MEMBER_REMOVE] and member.state is not MemberState.LEFT,
    )


async def show_membership(desk: Desk, email: str, form: Form | None = None, *, at: str = "") -> Response[str]:
    """Answer with the page; `at` names the form that was refused."""
    form = form or Form()
    member = await get_member(email, actor=desk.actor, access=desk.access, now=desk.now)
    person = await membership_of(desk, member)
    page = MembershipPage(person=person, email=member.email, proof=await desk.proof(), form=form, at=at)
    title = _("Sign-in of %(name)s") % {"name": member.name}
    return await desk.show("pages/membership.html", page, here="people", title=title, status=form.status)


@get("/people/{email:str}/membership", opt={"action": Action.ACCESS_READ})
async def get_membership(desk: AtDesk, email: FromPath[str]) -> Response[str]:
    """Whether this person can sign in, and what ends that."""
    return await show_membership(desk, email)


@post("/people/{email:str}/suspend", status_code=303, opt={"action": Action.MEMBER_SUSPEND})
async def post_suspend(desk: AtDesk, email: FromPath[str]) -> Response[str] | Redirect:
    """Take all rights away until reinstated."""
    form = await read_form(desk.request)
    try:
        reason = form.read(ReasonForm).reason
        await suspend_member(email=email, reason=reason, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await show_membership(desk, email, form.refuse(error), at="suspend")
    return go(f"/admin/people/{email}/membership")


@post("/people/{email:str}/reinstate", status_code=303, opt={"action": Action.MEMBER_SUSPEND})
async def post_reinstate(desk: AtDesk, email: FromPath[str]) -> Response[str] | Redirect:
    """Lift a suspension."""
    form = await read_form(desk.request)
    try:
        reason = form.read(ReasonForm).reason
        await reinstate_member(email=email, reason=reason, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await show_membership(desk, email, form.refuse(error), at="reinstate")
    return go(f"/admin/people/{email}/membership")


@post("/people/{email:str}/remove", status_code=303, opt={"action": Action.MEMBER_REMOVE})
async def post_remove(desk: AtDesk, email: FromPath[str]) -> Response[str] | Redirect:
    """End a person's membership for good."""
    form = await read_form(desk.request)
    try:
        reason = form.read(ReasonForm).reason
        await remove_member(email=email, reason=reason, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await show_membership(desk, email, form.refuse(error), at="remove")
    return go(f"/admin/people/{email}/membership")


ROUTES = (get_membership, post_suspend, post_reinstate, post_remove)
