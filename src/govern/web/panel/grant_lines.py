"""Grants and people as lists print them."""

from collections.abc import Sequence
from datetime import datetime

from govern.domain.members import Member
from govern.services.grants import GrantView
from govern.web.panel.format import Format
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View
from govern.web.panel.words import Badge, colour_of, initials, role_name, scope_name


class GrantLine(View, frozen=True, kw_only=True):
    """A grant in words."""

    id: str
    email: str
    name: str
    role: str
    scope: str
    given: str
    reason: str
    starts: str
    ends: str
    ended: Badge | None = None
    end_reason: str = ""


class PersonLine(View, frozen=True, kw_only=True):
    email: str
    name: str
    initials: str
    colour: int
    href: str
    state: Badge | None
    grants: Sequence[tuple[str, str]]


def person_line(member: Member, grants: Sequence[GrantView] | None) -> PersonLine:
    """Build a person's line; without grants that may be read, the roles stand without their places."""
    active = member.state == "active"
    return PersonLine(
        email=member.email,
        name=member.name,
        initials=initials(member.name),
        colour=colour_of(member.name),
        href=f"/admin/people/{member.email}",
        state=None if active else Badge(_("Suspended") if member.state == "suspended" else _("Has left"), "bad", "ban"),
        grants=[(role_name(each.role), scope_name(each.scope)) for each in grants]
        if grants is not None
        else [(role_name(role), "") for role in member.roles],
    )


def grant_line(grant: GrantView, fmt: Format) -> GrantLine:
    """Build a grant's line: since when or from when, until when, how it ended."""
    by = grant.granted_by_name or _("the set-up")
    expired = grant.revoked_at is None and not is_pledged(grant, fmt.now)
    ended = Badge(_("Ended"), "", "clock") if expired else Badge(_("Revoked"), "bad", "ban")
    return GrantLine(
        id=str(grant.id),
        email=grant.member_email,
        name=grant.member_name,
        role=role_name(grant.role),
        scope=scope_name(grant.scope),
        given=_("given by %(name)s, %(moment)s") % {"name": by, "moment": fmt.moment(grant.granted_at)},
        reason=grant.reason,
        starts=_("from %(moment)s") % {"moment": fmt.moment(grant.starts_at)} if grant.starts_at > fmt.now else "",
        ends=_("until %(moment)s") % {"moment": fmt.moment(grant.expires_at)} if grant.expires_at else "",
        ended=ended if expired or grant.revoked_at else None,
        end_reason=grant.revoke_reason or "",
    )


def is_pledged(grant: GrantView, now: datetime) -> bool:
    """Tell whether a grant holds now or will hold."""
    return grant.revoked_at is None and (grant.expires_at is None or grant.expires_at > now)
