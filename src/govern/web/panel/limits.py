"""Limits and costs: what is left of X's windows, what the month costs, what waits for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup

from govern.domain.actions import Action
from govern.domain.publications import Hold
from govern.domain.x_limits import kept_for_answers
from govern.domain.x_prices import Prices, used_percent
from govern.errors import N_, Conflict, Invalid
from govern.services.ceilings import set_ceiling
from govern.services.limits import AccountLimits, AppLimits, LimitsReport, Spend, read_limits
from govern.services.rate_windows import Window
from govern.services.x_app import try_again
from govern.web.panel.charts import Tick, gauge
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.message_view import chip
from govern.web.panel.views import AccountChip, View
from govern.web.panel.words import HOLDS

_WINDOWS: Mapping[tuple[str, bool], str] = {
    ("post", False): N_("Posts, replies and quotes in 15 minutes"),
    ("post_day", False): N_("Posts, replies and quotes in 24 hours"),
    ("post_day", True): N_("Posts of all accounts in 24 hours"),
    ("dm", False): N_("Direct messages in 15 minutes"),
    ("dm_day", False): N_("Direct messages in 24 hours"),
    ("dm_day", True): N_("Direct messages of all accounts in 24 hours"),
}


class CeilingForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account's own ceiling in whole dollars; empty: that of all."""

    version: int
    ceiling: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None


class Gauge(View, frozen=True, kw_only=True):
    """A bar with its words: nothing is in the picture alone."""

    title: str
    figure: str
    words: str
    drawing: Markup
    tone: str


class AccountCard(View, frozen=True, kw_only=True):
    account: AccountChip
    href: str
    handle: str
    gauges: Sequence[Gauge]
    held: Sequence[str]
    ceiling: str
    own: bool
    version: int
    form: Form


class AppCard(View, frozen=True, kw_only=True):
    gauges: Sequence[Gauge]
    no_credits: str
    outdated: str


class LimitsPage(View, frozen=True, kw_only=True):
    app: AppCard | None
    accounts: Sequence[AccountCard]
    prices: Sequence[tuple[str, str]]
    as_of: str
    reserve: int
    form: Form


@get("/limits", opt={"action": Action.ACCOUNT_EDIT})
async def show_limits(desk: AtDesk) -> Response[str]:
    """Limits and costs of the accounts the member administers."""
    return await _page(desk, Form())


@post("/limits/try-again", status_code=303, opt={"action": Action.ACCOUNT_EDIT})
async def post_try_again(desk: AtDesk) -> Response[str] | Redirect:
    """Let the next message try whether X has credits again."""
    form = await read_form(desk.request)
    try:
        await try_again(actor=desk.actor, access=desk.access, now=desk.now)
    except Conflict as error:
        return await _page(desk, form.refuse(error))
    return go("/admin/limits")


@post("/limits/{handle:str}/ceiling", status_code=303, opt={"action": Action.ACCOUNT_EDIT})
async def post_ceiling(desk: AtDesk, handle: FromPath[str]) -> Response[str] | Redirect:
    """Set an account's own monthly ceiling, or take it away."""
    form = await read_form(desk.request)
    try:
        data = form.read(CeilingForm)
        await set_ceiling(
            handle, ceiling=data.ceiling, version=data.version, actor=desk.actor, access=desk.access, now=desk.now
        )
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error), at=handle)
    return go("/admin/limits")


async def _page(desk: Desk, form: Form, *, at: str = "") -> Response[str]:
    policy = desk.policies.screening
    found = await read_limits(
        rules=policy.x, policy_digest=policy.digest, actor=desk.actor, access=desk.access, now=desk.now
    )
    known = {each.account.handle: each.account for each in found.accounts}
    page = LimitsPage(
        app=_app(desk, found, found.app) if found.app else None,
        accounts=[
            AccountCard(
                account=chip(each.account.handle, known),
                href=f"/admin/accounts/{each.account.handle}",
                handle=each.account.handle,
                gauges=[*_windows(desk, each.windows), _money(desk, _("This month"), each.spend, found)],
                held=_held(each),
                ceiling="" if each.account.monthly_ceiling is None else str(each.account.monthly_ceiling),
                own=each.own_ceiling,
                version=each.account.version,
                form=form if at == each.account.handle else Form(),
            )
            for each in found.accounts
        ],
        prices=_prices(found.prices),
        as_of=desk.fmt.short_day(found.prices.as_of),
        reserve=found.ceilings.answers_reserve_percent,
        form=Form() if at else form,
    )
    return await desk.show("pages/limits.html", page, here="limits", title=_("Limits and costs"), status=form.status)


def _app(desk: Desk, found: LimitsReport, app: AppLimits) -> AppCard:
    until = app.state.probe_at
    return AppCard(
        gauges=[
            _money(desk, _("All accounts, this month"), app.spend, found),
            _money(desk, _("Reading, this month"), app.reads, found),
            *_windows(desk, app.windows),
        ],
        no_credits=_no_credits(desk, until) if until else "",
        outdated=app.state.outdated_reason or "" if app.outdated else "",
    )


def _no_credits(desk: Desk, until: datetime) -> str:
    if until <= desk.now:
        return _("X says that the app has no credits left. The next message that is due tries again.")
    at = {"time": desk.fmt.time(until)}
    return _("X says that the app has no credits left, so no account sends. One message tries again at %(time)s.") % at


def _windows(desk: Desk, windows: Sequence[Window]) -> Sequence[Gauge]:
    return [_window(desk, window) for window in windows]


def _window(desk: Desk, window: Window) -> Gauge:
    used, kept = window.quota - window.remaining, kept_for_answers(window.quota, window.bucket.kept_percent)
    said = [_("%(n)s kept for answers") % {"n": desk.fmt.number(kept)}]
    if used:
        said.append(_("opens again at %(moment)s") % {"moment": desk.fmt.moment(window.reset_at)})
    said.append(_("X's own count") if window.seen_at else _("as X documents it"))
    tone = "bad" if window.remaining == 0 else "warn" if window.remaining <= kept else ""
    return Gauge(
        title=_(_WINDOWS[(window.bucket.name, window.bucket.app)]),
        figure=_("%(used)s of %(quota)s") % {"used": desk.fmt.number(used), "quota": desk.fmt.number(window.quota)},
        words=" · ".join(said),
        drawing=gauge(used, window.quota, mark=_mark(tone), kept=kept),
        tone=tone,
    )


def _money(desk: Desk, title: str, spend: Spend, found: LimitsReport) -> Gauge:
    ahead = _("about %(usd)s by the end of the month") % {"usd": desk.fmt.dollars(spend.forecast)}
    if spend.ceiling is None:
        words = " · ".join((_("no ceiling"), ahead))
        most = max(spend.forecast, spend.spent, 1)
        drawing = gauge(spend.spent, most, mark="k1")
        return Gauge(title=title, figure=desk.fmt.dollars(spend.spent), words=words, drawing=drawing, tone="")
    limit, warn = spend.ceiling * 1_000_000, found.ceilings.warn_percent
    percent = used_percent(spend.spent, spend.ceiling)
    tone = "bad" if percent >= 100 else "warn" if percent >= warn else ""
    figure = _("%(spent)s of %(ceiling)s") % {
        "spent": desk.fmt.dollars(spend.spent),
        "ceiling": desk.fmt.dollars(limit),
    }
    ticks = (Tick(warn, "tw"), Tick(round(100 * spend.forecast / max(limit, 1)), "tf"))
    told = _("warned at %(n)s%%") % {"n": warn}
    return Gauge(
        title=title,
        figure=figure,
        words=" · ".join((f"{percent}%", ahead, told)),
        drawing=gauge(spend.spent, limit, mark=_mark(tone), ticks=ticks),
        tone=tone,
    )


def _mark(tone: str) -> str:
    return {"bad": "k4", "warn": "k3"}.get(tone, "k1")


def _held(each: AccountLimits) -> Sequence[str]:
    return [
        ngettext("%(n)s message", "%(n)s messages", count) % {"n": count} + ": " + _(HOLDS[Hold(hold)])
        for hold, count in sorted(each.held.items())
    ]


def _prices(prices: Prices) -> Sequence[tuple[str, str]]:
    found = (
        (_("Post, reply or quote"), prices.post),
        (_("The same with a link"), prices.post_with_url),
        (_("Reply to who named us"), prices.summoned_reply),
        (_("Direct message"), prices.dm),
        (_("Description of an image"), prices.media_metadata),
        (_("Reading a post"), prices.read_post),
        (_("Reading a direct message"), prices.read_dm),
        (_("Reading a profile"), prices.read_user),
    )
    return [(words, f"${price / 1_000_000:.3f}") for words, price in found]


ROUTES = (show_limits, post_try_again, post_ceiling)
