"""The navigation: only what this member may open."""

from collections.abc import Sequence

import msgspec

from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import NavGroup, NavItem


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What the member can do anywhere, and what waits."""

    write: bool
    read: bool
    decide: bool
    settle: bool
    people: bool
    policy: bool
    audit: bool
    pause: bool
    accounts: bool
    limits: bool
    contacts: bool
    converse: bool
    queue: int = 0
    late: bool = False
    plan: bool = False
    decisions: int = 0
    unknown: int = 0
    doubts: int = 0
    waiting: int = 0
    overdue: bool = False


def groups(reach: Reach) -> Sequence[NavGroup]:
    """Return the groups of the side bar; an empty group is left out."""
    found = (
        NavGroup(title=_("Work"), items=_work(reach)),
        NavGroup(title=_("Govern"), items=_govern(reach)),
        NavGroup(title=_("System"), items=(_item("settings", "settings", _("Settings")),)),
    )
    return [group for group in found if group.items]


def tabs(reach: Reach) -> Sequence[NavItem]:
    """Return the first three links of a phone's bottom bar; "More" opens the rest."""
    wanted = ["overview", "approvals", "audit", "conversations", "messages", "compose", "people", "settings"]
    known = {item.key: item for group in groups(reach) for item in group.items}
    return [known[key] for key in dict.fromkeys(wanted) if key in known][:3]


def _work(reach: Reach) -> list[NavItem]:
    items = [_item("overview", "layout-dashboard", _("Overview"), href="/admin")]
    if reach.read:
        items.append(_item("approvals", "checkbox", _("Approvals"), count=reach.queue, hot=reach.late))
    if reach.converse:
        count, hot = reach.waiting, reach.overdue
        items.append(_item("conversations", "message-circle", _("Conversations"), count=count, hot=hot))
    if reach.write:
        items.append(_item("compose", "pencil", _("Compose")))
    if reach.read:
        items.append(_item("messages", "send", _("Messages")))
    if reach.plan:
        count = reach.decisions
        items.append(_item("decisions", "calendar-event", _("Decisions"), count=count, hot=count > 0))
    if reach.settle:
        hot = reach.unknown > 0
        items.append(_item("unknown", "help-circle", _("Unknown outcome"), count=reach.unknown, hot=hot))
    return items


def _govern(reach: Reach) -> list[NavItem]:
    items = []
    if reach.read or reach.accounts:
        items.append(_item("accounts", "at", _("Accounts and brands")))
    if reach.limits:
        items.append(_item("limits", "clock", _("Limits and costs")))
    if reach.people:
        items.append(_item("people", "users", _("People and roles")))
    if reach.policy:
        items.append(_item("policy", "scale", _("Policy")))
    if reach.contacts:
        doubts = reach.doubts
        items.append(_item("permissions", "message-check", _("DM permissions"), count=doubts, hot=doubts > 0))
    if reach.audit:
        items.append(_item("audit", "list-search", _("Audit log")))
    return items


def _item(key: str, icon: str, words: str, *, href: str = "", count: int = 0, hot: bool = False) -> NavItem:
    return NavItem(key=key, href=href or f"/admin/{key}", icon=icon, words=words, count=count, hot=hot)
