"""DM permissions: whom may we write to, why, and what members record about it."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from govern.domain.accounts import parse_handle
from govern.domain.actions import Action
from govern.errors import N_, Conflict, Invalid
from govern.services import consent
from govern.services.accounts import UnknownAccount, find_account
from govern.services.ledgers import check_met
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.permissions_page import contact_page, permissions_page

DONE = {
    "opt-in": N_("Recorded: this person agreed to promotion."),
    "opt-out": N_("Recorded: nothing private leaves to this person any more."),
    "withdraw": N_("Recorded: no more promotion for this person."),
    "clear-doubt": N_("Recorded: it was no stop."),
    "invite": N_("Recorded: this person asked to be written to."),
}
RECORDS = (Action.CONSENT_RECORD, Action.CONTACT_READ)


class OptInForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consent with its proof."""

    account: str
    channel: str = ""
    wording_id: str = ""
    wording_version: str = ""
    captured_at: str = ""
    proof_ref: str = ""


class AccountForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account something is recorded at."""

    account: str


class ReasonForm(AccountForm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: str = ""


class InviteForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The post by which the person asked us to write, as `Care:1234`."""

    post: str

    @property
    def account(self) -> str:
        return self.post.partition(":")[0]

    @property
    def x_id(self) -> str:
        return self.post.partition(":")[2]


@get("/permissions", opt={"action": Action.CONTACT_READ})
async def show_permissions(desk: AtDesk, q: FromQuery[str] = "") -> Response[str]:
    """Whom our accounts met lately, and who may have said stop."""
    return await permissions_page(desk, q[:80].strip())


@get("/permissions/{contact:uuid}", opt={"action": Action.CONTACT_READ})
async def show_contact(desk: AtDesk, contact: FromPath[UUID], done: FromQuery[str] = "") -> Response[str]:
    """One person: what each account may write, why, and what is recorded."""
    return await contact_page(desk, contact, done=_(DONE.get(done, "")))


@post(
    "/permissions/{contact:uuid}/thread",
    status_code=200,
    opt={"action": (Action.CONVERSATION_READ_DM, Action.CONTACT_READ)},
)
async def post_thread(desk: AtDesk, contact: FromPath[UUID]) -> Response[str]:
    """Show the private messages with an account; the look is an entry, so it is asked for."""
    form = await read_form(desk.request)
    account = form.read(AccountForm).account
    await check_met(contact, actor=desk.actor, access=desk.access, now=desk.now)
    await _check_account(desk, account)
    return await contact_page(desk, contact, thread_of=account)


@post("/permissions/{contact:uuid}/opt-in", status_code=303, opt={"action": RECORDS})
async def post_opt_in(desk: AtDesk, contact: FromPath[UUID]) -> Response[str] | Redirect:
    """Record a consent to promotion."""

    async def act(data: OptInForm, who: Any) -> None:
        evidence = {name: str(getattr(data, name)) for name in consent.EVIDENCE}
        await consent.record_opt_in(account=data.account, contact=contact, evidence=evidence, **who)

    return await _record(desk, contact, "opt-in", OptInForm, act)


@post("/permissions/{contact:uuid}/opt-out", status_code=303, opt={"action": Action.CONTACT_READ})
async def post_opt_out(desk: AtDesk, contact: FromPath[UUID]) -> Response[str] | Redirect:
    """Record that the person wants no private messages."""

    async def act(data: AccountForm, who: Any) -> None:
        await consent.record_opt_out(account=data.account, contact=contact, policies=desk.policies, **who)

    return await _record(desk, contact, "opt-out", AccountForm, act)


@post("/permissions/{contact:uuid}/withdraw", status_code=303, opt={"action": Action.CONTACT_READ})
async def post_withdraw(desk: AtDesk, contact: FromPath[UUID]) -> Response[str] | Redirect:
    """Record that the person takes their consent to promotion back."""

    async def act(data: AccountForm, who: Any) -> None:
        await consent.withdraw_consent(account=data.account, contact=contact, policies=desk.policies, **who)

    return await _record(desk, contact, "withdraw", AccountForm, act)


@post("/permissions/{contact:uuid}/clear-doubt", status_code=303, opt={"action": RECORDS})
async def post_clear_doubt(desk: AtDesk, contact: FromPath[UUID]) -> Response[str] | Redirect:
    """Record that what the person wrote was no stop."""

    async def act(data: ReasonForm, who: Any) -> None:
        await consent.clear_doubt(account=data.account, contact=contact, reason=data.reason, **who)

    return await _record(desk, contact, "clear-doubt", ReasonForm, act)


@post("/permissions/{contact:uuid}/invite", status_code=303, opt={"action": RECORDS})
async def post_invite(desk: AtDesk, contact: FromPath[UUID]) -> Response[str] | Redirect:
    """Record that the person asked us, in a post, to write in private."""

    async def act(data: InviteForm, who: Any) -> None:
        await consent.record_invite(account=data.account, contact=contact, x_id=data.x_id, **who)

    return await _record(desk, contact, "invite", InviteForm, act)


async def _record(
    desk: Desk, contact: UUID, what: str, into: type[Any], act: Callable[[Any, Any], Awaitable[None]]
) -> Response[str] | Redirect:
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    await check_met(contact, **who)
    form: Form = await read_form(desk.request)
    try:
        data = form.read(into)
        await _check_account(desk, data.account)
        await act(data, who)
    except (Invalid, Conflict) as error:
        return await contact_page(desk, contact, form=form.refuse(error), at=what)
    return go(f"/admin/permissions/{contact}?done={what}")


async def _check_account(desk: Desk, handle: str) -> None:
    """Refuse an account whose contacts one may not read, as if there were none."""
    account = await find_account(handle)
    if not await desk.may_at(Action.CONTACT_READ, account.scope):
        raise UnknownAccount(name=parse_handle(handle), field="account")


ROUTES = (
    show_permissions,
    show_contact,
    post_thread,
    post_opt_in,
    post_opt_out,
    post_withdraw,
    post_clear_doubt,
    post_invite,
)
