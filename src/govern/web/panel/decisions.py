"""Waiting for your decision: what came due under a pause or a stop, what new time zone data moved, what was missed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from govern.domain.accounts import Account
from govern.domain.actions import Action
from govern.domain.ids import message_number
from govern.domain.messages import Message
from govern.domain.publications import Hold
from govern.errors import Conflict, Denied, Invalid, NotFound
from govern.services.accounts import list_accounts
from govern.services.messages import withdraw_message
from govern.services.releasing import Chosen, list_missed, list_waiting, release_messages
from govern.services.screening import WRITE_ACTION
from govern.services.waiting import moved_to
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.message_view import row_of
from govern.web.panel.send_times import twice, wall_time
from govern.web.panel.views import Row, View


class DecisionForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages, each with the revision that was read, and what becomes of them."""

    chosen: list[str] = []
    when: Literal["now", "at"] = "now"
    scheduled_at: str | None = None
    fold: Annotated[int, msgspec.Meta(ge=0, le=1)] | None = None
    reason: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    do: Literal["release", "withdraw"] = "release"


class TimeChoice(View, frozen=True, kw_only=True):
    """One of the two times that may be meant; chosen by scheduling the message at it."""

    words: str
    wall: str
    zone: str
    fold: int


class WaitingLine(View, frozen=True, kw_only=True):
    """A message that waits. `value` is what its box sends; empty where the member may not decide."""

    row: Row
    revision: int
    value: str
    ticked: bool
    due: str
    until: str
    times: Sequence[TimeChoice]


class MissedLine(View, frozen=True, kw_only=True):
    """A message whose time passed, and why."""

    row: Row
    why: str
    may_copy: bool


class DecisionsPage(View, frozen=True, kw_only=True):
    waiting: Sequence[WaitingLine]
    moved: Sequence[WaitingLine]
    missed: Sequence[MissedLine]
    form: Form
    zone: str
    twice: Sequence[tuple[str, str]]
    when: str
    may_decide: bool
    everything: bool
    done: str
    kept: str


@get("/decisions", opt={"signed_in": "shows what one may decide about, and one's own"})
async def show_decisions(
    desk: AtDesk,
    *,
    everything: FromQuery[bool] = False,
    released: FromQuery[int] = 0,
    withdrawn: FromQuery[int] = 0,
    kept: FromQuery[str] = "",
) -> Response[str]:
    """What waits for a person, and what was missed lately."""
    return await _page(desk, Form(), everything=everything, done=_done(released, withdrawn), kept=kept[:200])


@post("/decisions", status_code=303, opt={"action": (Action.MESSAGE_SCHEDULE, Action.MESSAGE_WITHDRAW)})
async def post_decisions(desk: AtDesk) -> Response[str] | Redirect:
    """Release or withdraw what was chosen; what is refused for one changes nothing for the others."""
    form = await read_form(desk.request)
    try:
        data = form.read(DecisionForm)
        chosen = [_chosen(each) for each in data.chosen]
        if data.do == "withdraw":
            kept = await _withdraw(desk, chosen, data.reason)
        else:
            kept = await _release(desk, chosen, data)
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error))
    what = "withdrawn" if data.do == "withdraw" else "released"
    left = f"&kept={','.join(kept)}" if kept else ""
    return go(f"/admin/decisions?{what}={len(chosen) - len(kept)}{left}")


async def _release(desk: Desk, chosen: Sequence[Chosen], data: DecisionForm) -> list[str]:
    at = wall_time(data.scheduled_at, desk.fmt.zone, data.fold) if data.when == "at" else None
    if data.when == "at" and at is None:
        raise FieldFault(reason=_("Please fill this in."), field="scheduled_at")
    answers = await release_messages(
        chosen, at=at, reason=data.reason, actor=desk.actor, access=desk.access, now=desk.now
    )
    return [each.message for each in answers if each.refused is not None]


async def _withdraw(desk: Desk, chosen: Sequence[Chosen], reason: str | None) -> list[str]:
    if not chosen:
        raise FieldFault(reason=_("Choose at least one message."), field="chosen")
    kept, last = [], None
    for each in chosen:
        try:
            await withdraw_message(
                each.message,
                revision=each.revision,
                reason=reason,
                actor=desk.actor,
                access=desk.access,
                now=desk.now,
            )
        except (Conflict, Denied, NotFound) as error:
            kept.append(each.message)
            last = error
    if last is not None and len(kept) == len(chosen):
        raise last
    return kept


def _chosen(value: str) -> Chosen:
    number, _colon, revision = value.partition(":")
    if not (revision.isascii() and revision.isdigit() and len(revision) < 8):
        raise FieldFault(reason=_("This is not valid here."), field="chosen")
    return Chosen(message=number[:40], revision=int(revision))


async def _page(desk: Desk, form: Form, *, everything: bool = False, done: str = "", kept: str = "") -> Response[str]:
    who: Any = {"actor": desk.actor, "access": desk.access}
    accounts = {account.handle: account for account in await list_accounts(**who)}
    may = await desk.access.where_can(desk.actor, Action.MESSAGE_SCHEDULE)
    ticked = set(form.chosen("chosen"))
    lines = [
        _line(desk, each, accounts, may=each.scope in may, everything=everything, ticked=ticked)
        for each in await list_waiting(**who)
    ]
    page = DecisionsPage(
        waiting=[line for line in lines if not line.times],
        moved=[line for line in lines if line.times],
        missed=[await _missed(desk, each, accounts) for each in await list_missed(**who, now=desk.now)],
        form=form,
        zone=desk.fmt.zone_name,
        twice=twice(form.get("scheduled_at"), desk.fmt.zone),
        when=form.get("when") or "now",
        may_decide=any(line.value for line in lines),
        everything=everything,
        done=done,
        kept=kept,
    )
    return await desk.show(
        "pages/decisions.html", page, here="decisions", title=_("Waiting for your decision"), status=form.status
    )


def _line(
    desk: Desk, message: Message, accounts: dict[str, Account], *, may: bool, everything: bool, ticked: set[str]
) -> WaitingLine:
    number = message_number(message.number)
    value = f"{number}:{message.revision.number}" if may else ""
    return WaitingLine(
        row=row_of(desk, message, accounts, f"/admin/messages/{number}"),
        revision=message.revision.number,
        value=value,
        ticked=bool(value) and (everything or value in ticked),
        due=desk.fmt.moment(message.due_at) if message.due_at else "",
        until=desk.fmt.moment(message.not_after) if message.not_after else "",
        times=times(desk, message),
    )


def times(desk: Desk, message: Message) -> Sequence[TimeChoice]:
    """Return the two times between which a person decides, where new time zone data moved one; else none."""
    now = moved_to(message)
    if message.hold != Hold.ZONE.value or now is None or message.scheduled_at is None or message.zone is None:
        return ()
    return tuple(_choice(desk, each, message.zone) for each in sorted((message.scheduled_at, now)))


def _choice(desk: Desk, at: datetime, zone: str) -> TimeChoice:
    words = _("%(wall)s in %(zone)s, which is %(utc)s UTC")
    wall = desk.fmt.wall(at, zone)
    said = {"wall": wall.replace("T", " "), "zone": zone, "utc": desk.fmt.wall(at, "UTC").replace("T", " ")}
    return TimeChoice(words=words % said, wall=wall, zone=zone, fold=desk.fmt.fold(at, zone))


async def _missed(desk: Desk, message: Message, accounts: dict[str, Account]) -> MissedLine:
    may_copy = message.confirms is None and await desk.may_at(WRITE_ACTION[message.kind], message.scope)
    return MissedLine(
        row=row_of(desk, message, accounts, f"/admin/messages/{message_number(message.number)}"),
        why=message.failure or _("Nobody approved it in time."),
        may_copy=may_copy,
    )


def _done(released: int, withdrawn: int) -> str:
    if released > 0:
        return ngettext("%(n)s message released.", "%(n)s messages released.", released) % {"n": released}
    if withdrawn > 0:
        return ngettext("%(n)s message withdrawn.", "%(n)s messages withdrawn.", withdrawn) % {"n": withdrawn}
    return ""


ROUTES = (show_decisions, post_decisions)
