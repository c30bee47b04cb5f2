"""One cell of the matrix of roles: what somebody holds at one place, what comes from above, what is to change."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from govern.domain.actions import Role
from govern.domain.members import Member
from govern.services.grant_plans import GrantChange, Kind
from govern.services.grants import GrantView
from govern.web.panel.format import Format
from govern.web.panel.i18n import gettext as _
from govern.web.panel.matrix_state import MatrixState, cell_key, in_cell, read_cell
from govern.web.panel.views import View
from govern.web.panel.words import role_name, scope_name

GIVEN = (Role.VIEWER, Role.AUTHOR, Role.AGENT, Role.BRAND_MANAGER, Role.COMPLIANCE, Role.ADMIN)
RESTRICTIONS = (Role.SUSPENDED, Role.OFFICE_HOURS_ONLY)
_ICONS: Mapping[str, str] = {Role.SUSPENDED: "ban", Role.OFFICE_HOURS_ONLY: "clock"}

Held = Mapping[tuple[str, str], Sequence[GrantView]]
"""By e-mail and scope."""


class Column(View, frozen=True, kw_only=True):
    """A place, with those above it."""

    key: str
    words: str
    href: str
    above: Sequence[str]


class Mark(View, frozen=True, kw_only=True):
    """A role in a cell: `here`, `above`, `new` or `ending`."""

    short: str
    words: str
    tone: str
    icon: str


class Cell(View, frozen=True, kw_only=True):
    key: str
    place: str
    marks: Sequence[Mark]
    label: str
    editable: bool
    current: bool


class Choice(View, frozen=True, kw_only=True):
    """A role that can be given or taken away in the open cell."""

    role: str
    words: str
    chosen: bool
    note: str


class Editor(View, frozen=True, kw_only=True):
    """The open cell."""

    person: str
    place: str
    email: str
    restrictions: Sequence[Choice]
    roles: Sequence[Choice]
    others: Sequence[str]
    """Roles held that this member may not change, and those from above."""


def by_place(grants: Iterable[GrantView]) -> Held:
    found: dict[tuple[str, str], list[GrantView]] = defaultdict(list)
    for grant in grants:
        found[grant.member_email, grant.scope].append(grant)
    return found


def make_cell(member: Member, column: Column, held: Held, state: MatrixState, fmt: Format, *, editable: bool) -> Cell:
    """Build a cell; its label says in words what the marks show."""
    key = cell_key(column.key, member.email)
    changes = in_cell(state.changes, column.key, member.email)
    ending = {change.grant_id for change in changes if change.kind is Kind.REVOKE}
    marks = [
        *(_held(grant, fmt, ending=grant.id in ending) for grant in held.get((member.email, column.key), ())),
        *(_new(change.role) for change in changes if change.kind is Kind.ADD),
        *(_above(grant) for scope in column.above for grant in held.get((member.email, scope), ())),
    ]
    said = "; ".join(mark.words for mark in marks) or _("no role")
    return Cell(
        key=key,
        place=column.words,
        marks=marks,
        label=f"{member.name}, {column.words}: {said}",
        editable=editable,
        current=key == state.cell,
    )


def make_editor(
    member: Member, column: Column, held: Held, state: MatrixState, *, fmt: Format, givable: Collection[str]
) -> Editor:
    """Build the form of the open cell, as it stands with the changes collected so far."""
    here = held.get((member.email, column.key), ())
    changes = in_cell(state.changes, column.key, member.email)
    ending = {change.grant_id for change in changes if change.kind is Kind.REVOKE}
    added = {change.role for change in changes if change.kind is Kind.ADD}
    notes = {grant.role: _terms(grant, fmt) for grant in here}
    kept = {grant.role for grant in here if grant.id not in ending}

    def choices(roles: Iterable[Role]) -> Sequence[Choice]:
        return [
            Choice(role=role, words=role_name(role), chosen=role in kept | added, note=notes.get(role, ""))
            for role in roles
            if role in givable
        ]

    above = [_above(grant).words for scope in column.above for grant in held.get((member.email, scope), ())]
    fixed = [
        _("%(role)s: you may not change this one") % {"role": role_name(grant.role)}
        for grant in here
        if grant.role not in givable
    ]
    return Editor(
        person=member.name,
        place=column.words,
        email=member.email,
        roles=choices(GIVEN),
        restrictions=choices(RESTRICTIONS),
        others=[*fixed, *above],
    )


def chosen_changes(
    state: MatrixState, wanted: Collection[str], *, here: Sequence[GrantView], givable: Collection[str]
) -> tuple[GrantChange, ...]:
    """Return all changes, with those of the open cell as its form says now."""
    scope, email = read_cell(state.cell)
    others = tuple(change for change in state.changes if (change.scope, change.email) != (scope, email))
    held = {grant.role for grant in here}
    ends = [grant for grant in here if grant.role in givable and grant.role not in wanted]
    starts = [role for role in (*GIVEN, *RESTRICTIONS) if role in givable and role in wanted and role not in held]
    return (
        *others,
        *(GrantChange(kind=Kind.REVOKE, email=email, role=g.role, scope=scope, grant_id=g.id) for g in ends),
        *(GrantChange(kind=Kind.ADD, email=email, role=role.value, scope=scope) for role in starts),
    )


def short_role(role: str) -> str:
    """`BM` for brand manager, `Ag` for agent."""
    parts = role_name(role).split()
    return "".join(part[0].upper() for part in parts) if len(parts) > 1 else parts[0][:2]


def _mark(role: str, words: str, tone: str) -> Mark:
    """A restriction is never an abbreviation: it has its icon and its word."""
    icon = _ICONS.get(role, "")
    return Mark(short=role_name(role) if icon else short_role(role), words=words, tone=tone, icon=icon)


def _held(grant: GrantView, fmt: Format, *, ending: bool) -> Mark:
    terms = _terms(grant, fmt)
    words = f"{role_name(grant.role)} ({terms})" if terms else role_name(grant.role)
    if ending:
        return _mark(grant.role, _("%(role)s, to be taken away") % {"role": words}, "ending")
    return _mark(grant.role, words, "later" if grant.starts_at > fmt.now else "here")


def _new(role: str) -> Mark:
    return _mark(role, _("%(role)s, to be given") % {"role": role_name(role)}, "new")


def _above(grant: GrantView) -> Mark:
    words = _("%(role)s, from %(place)s") % {"role": role_name(grant.role), "place": scope_name(grant.scope)}
    return _mark(grant.role, words, "above")


def _terms(grant: GrantView, fmt: Format) -> str:
    """Say when a grant starts, if that is to come, and when it ends."""
    starts = _("from %(moment)s") % {"moment": fmt.moment(grant.starts_at)} if grant.starts_at > fmt.now else ""
    ends = _("until %(moment)s") % {"moment": fmt.moment(grant.expires_at)} if grant.expires_at else ""
    return " ".join(filter(None, (starts, ends)))


def legend() -> Sequence[tuple[str, str]]:
    """Return the short forms with their roles."""
    return [(short_role(role), role_name(role)) for role in GIVEN]
