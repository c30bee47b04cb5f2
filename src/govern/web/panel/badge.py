"""The integrity badge: what the last verification of the log found, in three states with words and icon."""

from collections.abc import Mapping, Sequence

from litestar import Response, get

from govern.domain.actions import Action
from govern.errors import N_
from govern.services.audit.log_key import VerifierUnfit, read_verifier
from govern.services.audit.state import Health, LogHealth
from govern.services.audit_health import read_health
from govern.web.panel.audit_query import address
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.views import View
from govern.web.panel.words import Badge, badge

HEALTH: Mapping[Health, Badge] = {
    Health.INTACT: Badge(N_("Log intact"), "ok", "shield-check"),
    Health.BEING_CHECKED: Badge(N_("Being checked"), "warn", "clock"),
    Health.BROKEN: Badge(N_("Log broken"), "bad", "alert-triangle"),
}
AGAINST: Mapping[str, str] = {
    "key": N_("the public key, in a file outside the database"),
    "guard": N_("the guard file, outside the database"),
    "saved": N_("saved checkpoints"),
}


class Integrity(View, frozen=True, kw_only=True):
    """The badge: a word and a detail, never colour alone."""

    words: str
    detail: str
    icon: str
    tone: str
    subtitle: str
    """How much there is, for the page's head."""


class LogPage(View, frozen=True, kw_only=True):
    """The badge's page: what was checked, and what to do."""

    badge: Integrity
    checked: str
    against: Sequence[str]
    unchecked: Sequence[str]
    failed: Sequence[str]
    first_bad: str
    first_bad_href: str
    signed: str
    key: str
    back: str


async def integrity_badge(desk: Desk) -> Integrity:
    """Return the badge of the log as it is now."""
    report = await read_health(actor=desk.actor, access=desk.access, now=desk.now)
    return _badge(desk, report.health)


@get("/audit/log", opt={"action": Action.AUDIT_READ})
async def show_state(desk: AtDesk) -> Response[str]:
    """What the last verification found, against what, and what to do."""
    report = await read_health(actor=desk.actor, access=desk.access, now=desk.now)
    health, bad = report.health, report.first_bad_arrival
    page = LogPage(
        badge=_badge(desk, health),
        checked=desk.fmt.full(health.checked_at) if health.checked_at else "",
        against=[_(AGAINST.get(each, each)) for each in health.against],
        unchecked=[each.replace("_", " ") for each in health.unchecked],
        failed=[each.replace("_", " ") for each in health.failed],
        first_bad="" if health.first_bad is None else f"#{health.first_bad}",
        first_bad_href="" if bad is None else address("", entry=bad),
        signed=_entries(desk, health.signed),
        key=_key(desk),
        back=address(""),
    )
    return await desk.show("pages/audit_state.html", page, here="audit", title=_("State of the log"))


def _badge(desk: Desk, health: LogHealth) -> Integrity:
    found = badge(HEALTH[health.state], health.state)
    return Integrity(
        words=found.words,
        detail=_detail(desk, health),
        icon=found.icon,
        tone=found.tone,
        subtitle=_("%(entries)s under a signed checkpoint · append only") % {"entries": _entries(desk, health.signed)},
    )


def _detail(desk: Desk, health: LogHealth) -> str:
    if health.state is Health.BROKEN and health.first_bad is not None:
        return _("first wrong entry: #%(place)s") % {"place": health.first_bad}
    if health.checked_at is None:
        return _("not verified yet")
    when = {"when": desk.fmt.ago(health.checked_at), "place": (health.size or 1) - 1}
    if health.state is Health.BROKEN:
        return _("found %(when)s") % when
    if health.late:
        return _("last checked %(when)s, to #%(place)s") % when
    return _("checked %(when)s, to #%(place)s") % when


def _entries(desk: Desk, count: int) -> str:
    return ngettext("%(n)s entry", "%(n)s entries", count) % {"n": desk.fmt.number(count)}


def _key(desk: Desk) -> str:
    try:
        return str(read_verifier(desk.settings.verifier_file))
    except VerifierUnfit:
        return ""


ROUTES = (show_state,)
