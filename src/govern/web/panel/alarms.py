"""The alarms of the overview in words, each with the page where somebody can do something about it."""

from collections.abc import Mapping

from govern.domain.publications import Hold
from govern.errors import N_
from govern.services.alarms import Alarm, Cause
from govern.web.panel.desk import Desk
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.views import View
from govern.web.panel.words import HOLDS

_BAD = frozenset({Cause.CREDITS, Cause.LATE, Cause.UNKNOWN, Cause.REAUTH})
_HREFS: Mapping[Cause, str] = {
    Cause.CREDITS: "/admin/limits",
    Cause.RULES: "/admin/limits",
    Cause.LATE: "/admin/messages?state=scheduled",
    Cause.UNKNOWN: "/admin/messages?state=outcome_unknown",
    Cause.REAUTH: "/admin/accounts/{account}",
    Cause.HELD: "/admin/messages?account={account}",
    Cause.CEILING: "/admin/limits",
}
_WORDS: Mapping[Cause, str] = {
    Cause.CREDITS: N_("X has no credits left for our app: no account sends."),
    Cause.RULES: N_("X refused what our rule %(what)s allows: the rules of X are outdated."),
    Cause.REAUTH: N_("@%(account)s must be connected to X again."),
}
_CEILINGS: Mapping[str | None, str] = {
    "account": N_("@%(account)s has spent %(percent)s%% of its monthly ceiling."),
    "company": N_("The company has spent %(percent)s%% of its monthly ceiling."),
    "reads": N_("Reading from X has cost %(percent)s%% of its monthly ceiling."),
}


class AlarmLine(View, frozen=True, kw_only=True):
    """One cause, since when, and where it leads."""

    words: str
    since: str
    href: str
    tone: str


def alarm_line(desk: Desk, alarm: Alarm) -> AlarmLine:
    """Say an alarm."""
    about = {"account": alarm.account or "", "n": alarm.count, "percent": alarm.percent, "what": alarm.what or ""}
    why = _(HOLDS[Hold(alarm.hold)]) if alarm.hold else ""
    tone = "bad" if alarm.cause in _BAD or alarm.percent >= 100 else "warn"
    since = desk.fmt.ago(alarm.since) if alarm.since else ""
    words = _words(alarm) % {**about, "why": why}
    return AlarmLine(words=words, since=since, href=_HREFS[alarm.cause].format(**about), tone=tone)


def _words(alarm: Alarm) -> str:
    match alarm.cause:
        case Cause.LATE:
            return _late(alarm)
        case Cause.UNKNOWN:
            return _unknown(alarm)
        case Cause.HELD:
            return _held(alarm)
        case Cause.CEILING:
            return _(_CEILINGS[alarm.what])
        case _:
            return _(_WORDS[alarm.cause])


def _late(alarm: Alarm) -> str:
    return ngettext(
        "%(n)s message is due for over two minutes and has not gone.",
        "%(n)s messages are due for over two minutes and have not gone.",
        alarm.count,
    )


def _unknown(alarm: Alarm) -> str:
    return ngettext(
        "Nobody knows for over 15 minutes whether %(n)s message is out.",
        "Nobody knows for over 15 minutes whether %(n)s messages are out.",
        alarm.count,
    )


def _held(alarm: Alarm) -> str:
    return ngettext(
        "@%(account)s: %(n)s message waits. %(why)s.", "@%(account)s: %(n)s messages wait. %(why)s.", alarm.count
    )
