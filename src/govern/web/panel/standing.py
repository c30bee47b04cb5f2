"""What an account may write to a person, in one sentence: "May be written to until 14:05: wrote 2 h ago"."""

from govern.domain.consent import ConsentKind, PermissionState
from govern.services.permissions import Ledger, LedgerEvent
from govern.web.panel.format import Format
from govern.web.panel.i18n import gettext as _


def say_standing(fmt: Format, ledger: Ledger) -> str:
    """Say the state, until when it holds, and what it rests on."""
    because = _because(fmt, ledger)
    if ledger.state is PermissionState.UNSOLICITED:
        return _("May not be written to: %(why)s") % {"why": because or _("never wrote in private")}
    if ledger.state is PermissionState.OPTED_OUT:
        return _("May not be written to: %(why)s") % {"why": because or _("wants no private messages")}
    until = _(" until %(moment)s") % {"moment": fmt.moment(ledger.until)} if ledger.until else ""
    words = {
        PermissionState.SERVICE_WINDOW: _("May be written to%(until)s: %(why)s"),
        PermissionState.OPTED_IN: _("May be written to, offers too%(until)s: %(why)s"),
        PermissionState.OPTED_OUT_THEN_WROTE: _("May be answered%(until)s, nothing else: %(why)s"),
    }[ledger.state]
    return words % {"until": until, "why": because or _("see the history")}


def _because(fmt: Format, ledger: Ledger) -> str:
    """Say what the state rests on: the newest of each kind of event, the older first."""
    if ledger.state is PermissionState.UNSOLICITED:
        wrote = [event for event in ledger.events if event.kind is ConsentKind.INBOUND_DM]
        here = [event for event in wrote if event.account == ledger.account]
        return _("last wrote %(ago)s, too long ago") % {"ago": fmt.ago(here[0].occurred_at)} if here else ""
    explaining = [event for event in reversed(ledger.events) if event.explains]
    return _(", then ").join(filter(None, (_say(fmt, event) for event in explaining)))


def _say(fmt: Format, event: LedgerEvent) -> str:
    words = {
        ConsentKind.INBOUND_DM: _("wrote %(ago)s"),
        ConsentKind.INVITE_ACCEPTED: _("asked for a private message %(ago)s"),
        ConsentKind.OPT_IN: _("agreed to promotion %(ago)s"),
        ConsentKind.OPT_OUT: _("said stop %(ago)s"),
        ConsentKind.CONTACT_BLOCKED: _("takes no messages, as X said %(ago)s"),
    }.get(event.kind, "")
    return words % {"ago": fmt.ago(event.occurred_at)} if words else ""
