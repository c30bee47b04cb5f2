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
from govern.domain.messages import Kind
from govern.domain.pauses import Pause
from govern.errors import Conflict, Invalid
from govern.services.accounts import list_accounts
from govern.services.brands import list_brands
from govern.services.pauses import PauseCounts, count_touched, lift_pause, list_pauses, set_pause
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.proof import Proof, asks_proof
from govern.web.panel.views import View
from govern.web.panel.words import KINDS, scope_label, scope_name


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


class PausePage(View, frozen=True, kw_only=True):
    pauses: Sequence[PauseLine]
    may_set: bool
    scopes: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, str]]
    chosen: Sequence[str]
    form: Form
    counts: PauseCounts | None
    count_scope: str
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
        await set_pause(scope=data.scope, kinds=data.kinds, reason=data.reason, **who)
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error))
    return go("/admin/pause")


@post("/pause/{pause:uuid}/lift", status_code=303, opt={"action": Action.PAUSE_LIFT})
async def post_lift(desk: AtDesk, pause: FromPath[UUID]) -> Response[str] | Redirect:
    """Resume publishing."""
    form = await read_form(desk.request)
    try:
        await lift_pause(pause, reason=form.get("reason"), actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error))
    return go("/admin/pause")


async def _page(desk: Desk, form: Form, *, counts: PauseCounts | None = None) -> Response[str]:
    scopes = await _scopes(desk)
    page = PausePage(
        pauses=[await _line(desk, each) for each in await list_pauses(actor=desk.actor, access=desk.access)],
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


async def _line(desk: Desk, pause: Pause) -> PauseLine:
    target = Target(scope=pause.scope, facts={"pause_set_by": str(pause.set_by)})
    asked = await desk.access.decide(desk.actor, Action.PAUSE_LIFT, target)
    may_lift = asked.allowed or asks_proof(asked)
    return PauseLine(
        id=str(pause.id),
        scope=scope_name(pause.scope),
        kinds=", ".join(_(KINDS[Kind(kind)]) for kind in pause.kinds),
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


ROUTES = (show_pauses, post_pause, post_lift)
