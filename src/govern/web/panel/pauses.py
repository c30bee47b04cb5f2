"""The stop switch: what is paused, pausing, lifting."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import Action, Target
from govern.domain.ids import message_number
from govern.domain.messages import Kind
from govern.domain.pauses import Pause
from govern.errors import Conflict, Invalid
from govern.services.accounts import list_accounts
from govern.services.brands import list_brands
from govern.services.paused import InFlight, list_in_flight
from govern.services.pauses import (
    PauseCounts,
    count_paused,
    count_touched,
    get_pause,
    list_past_pauses,
    list_pauses,
    set_pause,
)
from govern.services.releasing import count_waiting, lift
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.proof import Proof, asks_proof
from govern.web.panel.views import View
from govern.web.panel.words import KINDS, STATES, Badge, badge, scope_label, scope_name


class PauseForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to stop, and why."""

    scope: str
    kinds: list[Kind] = []
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    do: str = "pause"


class PauseLine(View, frozen=True, kw_only=True):
    """A pause in force."""

    id: str
    scope: str
    kinds: str
    reason: str
    by: str
    at: datetime
    since: str
    may_lift: bool
    sentence: str


class PastLine(View, frozen=True, kw_only=True):
    """A pause that is over."""

    href: str
    scope: str
    kinds: str
    reason: str
    by: str
    since: str
    lifted_by: str
    until: str


class FlightLine(View, frozen=True, kw_only=True):
    """A message X had in hand, as it is now."""

    number: str
    href: str
    account: str
    kind: str
    state: Badge
    since: str


class PausePage(View, frozen=True, kw_only=True):
    pauses: Sequence[PauseLine]
    past: Sequence[PastLine]
    flight: Sequence[FlightLine]
    """What a pause as it was asked for could not call back."""
    may_set: bool
    scopes: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, str]]
    chosen: Sequence[str]
    form: Form
    counts: PauseCounts | None
    count_scope: str
    proof: Proof


class OnePausePage(View, frozen=True, kw_only=True):
    pause: PauseLine
    lifted: str
    """Who lifted it and when; empty while it holds."""
    counts: PauseCounts
    flight: Sequence[FlightLine]
    waiting: int
    href: str
    live: bool
    """Whether something is still open, so that the numbers are asked for again."""
    form: Form
    proof: Proof


@get("/pause", opt={"signed_in": "everybody sees what is paused where they work"})
async def show_pauses(desk: AtDesk) -> Response[str]:
    """What is paused, and the switch."""
    return await _page(desk, Form())


@post("/pause", status_code=303, opt={"action": Action.PAUSE_SET})
async def post_pause(desk: AtDesk) -> Response[str] | Redirect:
    """Stop publishing, at once; or say first what it would stop."""
    form = await read_form(desk.request)
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    try:
        data = form.read(PauseForm)
        if data.do == "count":
            return await _page(desk, form, counts=await count_touched(scope=data.scope, kinds=data.kinds, **who))
        effect = await set_pause(scope=data.scope, kinds=data.kinds, reason=data.reason, **who)
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error))
    return go(f"/admin/pause/{effect.pause.id}")


@get("/pause/{pause:uuid}", opt={"action": Action.MESSAGE_READ})
async def show_pause(desk: AtDesk, pause: FromPath[UUID]) -> Response[str]:
    """One pause in numbers: what it holds, what X had in hand until each is settled, what nobody knows of."""
    return await _one(desk, pause, Form())


@post("/pause/{pause:uuid}/lift", status_code=303, opt={"action": Action.PAUSE_LIFT})
async def post_lift(desk: AtDesk, pause: FromPath[UUID]) -> Response[str] | Redirect:
    """Resume publishing."""
    form = await read_form(desk.request)
    try:
        await lift(pause, reason=form.get("reason"), actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await _one(desk, pause, form.refuse(error))
    return go(f"/admin/pause/{pause}")


async def _one(desk: Desk, pause_id: UUID, form: Form) -> Response[str]:
    who: Any = {"actor": desk.actor, "access": desk.access}
    pause = await get_pause(pause_id, **who)
    flight = await list_in_flight(pause.scope, pause.kinds, at=pause.set_at, **who)
    page = OnePausePage(
        pause=await _line(desk, pause),
        lifted=_lifted(desk, pause),
        counts=await count_paused(pause),
        flight=[_flight(desk, each) for each in flight],
        waiting=await count_waiting(**who),
        href=f"/admin/pause/{pause_id}",
        live=pause.lifted_at is None or any(each.open for each in flight),
        form=form,
        proof=await desk.proof(),
    )
    title = _("Pause of %(scope)s") % {"scope": scope_name(pause.scope)}
    return await desk.show("pages/one_pause.html", page, here="pause", title=title, part="numbers", status=form.status)


async def _page(desk: Desk, form: Form, *, counts: PauseCounts | None = None) -> Response[str]:
    scopes = await _scopes(desk)
    page = PausePage(
        pauses=[await _line(desk, each) for each in await list_pauses(actor=desk.actor, access=desk.access)],
        past=[_past(desk, each) for each in await list_past_pauses(actor=desk.actor, access=desk.access)],
        flight=await _would_miss(desk, form) if counts else (),
        may_set=bool(scopes),
        scopes=scopes,
        kinds=[(kind.value, _(words)) for kind, words in KINDS.items()],
        chosen=form.chosen("kinds") if form.values else [kind.value for kind in Kind],
        form=form,
        counts=counts,
        count_scope=scope_name(form.get("scope")) if counts else "",
        proof=await desk.proof(),
    )
    return await desk.show("pages/pause.html", page, here="pause", title=_("Pause publishing"), status=form.status)


async def _would_miss(desk: Desk, form: Form) -> list[FlightLine]:
    """Return what a pause set now would come too late for."""
    who: Any = {"actor": desk.actor, "access": desk.access}
    found = await list_in_flight(form.get("scope"), form.chosen("kinds"), at=desk.now, **who)
    return [_flight(desk, each) for each in found]


def _flight(desk: Desk, each: InFlight) -> FlightLine:
    number = message_number(each.number)
    return FlightLine(
        number=number,
        href=f"/admin/messages/{number}",
        account=each.account,
        kind=_(KINDS[each.kind]),
        state=badge(STATES.get(each.state), each.state),
        since=desk.fmt.ago(each.started_at),
    )


def _past(desk: Desk, pause: Pause) -> PastLine:
    return PastLine(
        href=f"/admin/pause/{pause.id}",
        scope=scope_name(pause.scope),
        kinds=_kinds(pause),
        reason=pause.reason,
        by=pause.set_by_name,
        since=desk.fmt.moment(pause.set_at),
        lifted_by=pause.lifted_by_name or "",
        until=desk.fmt.moment(pause.lifted_at) if pause.lifted_at else "",
    )


def _kinds(pause: Pause) -> str:
    return ", ".join(_(KINDS[Kind(kind)]) for kind in pause.kinds)


def _lifted(desk: Desk, pause: Pause) -> str:
    if pause.lifted_at is None:
        return ""
    said = {"name": pause.lifted_by_name, "moment": desk.fmt.moment(pause.lifted_at), "zone": desk.fmt.zone_name}
    return _("Lifted by %(name)s, %(moment)s, %(zone)s time.") % said


async def _line(desk: Desk, pause: Pause) -> PauseLine:
    target = Target(scope=pause.scope, facts={"pause_set_by": str(pause.set_by)})
    asked = await desk.access.decide(desk.actor, Action.PAUSE_LIFT, target)
    may_lift = pause.lifted_at is None and (asked.allowed or asks_proof(asked))
    return PauseLine(
        id=str(pause.id),
        scope=scope_name(pause.scope),
        kinds=_kinds(pause),
        reason=pause.reason,
        by=pause.set_by_name,
        at=pause.set_at,
        since=desk.fmt.ago(pause.set_at),
        may_lift=may_lift,
        sentence="" if may_lift else in_language({"en": asked.sentence, "fr": asked.sentence_fr}),
    )


async def _scopes(desk: Desk) -> Sequence[tuple[str, str]]:
    """Return where this member may pause, widest first."""
    may = await desk.access.where_can(desk.actor, Action.PAUSE_SET)
    brands = await list_brands(actor=desk.actor, access=desk.access)
    accounts = await list_accounts(actor=desk.actor, access=desk.access)
    found = [("company", scope_label("company", ""))]
    found += [(brand.scope, scope_label("brand", brand.name)) for brand in brands]
    found += [(account.scope, scope_label("account", account.handle)) for account in accounts]
    return [(key, words) for key, words in found if key in may]


ROUTES = (show_pauses, post_pause, show_pause, post_lift)
