"""The access policy in words: what each role may do, the guards, the table, the approval rules."""

import csv
from collections.abc import Mapping, Sequence

from govern.access import Bundle
from govern.access.matrix import matrix
from govern.access.rows import ALLOW, Row
from govern.domain.actions import EVERYONE
from govern.domain.approvals import Rule
from govern.web.panel.access_words import action_label, groups, text
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language
from govern.web.panel.views import View
from govern.web.panel.words import KINDS, Badge, role_name


class RoleRules(View, frozen=True, kw_only=True):
    """What a role may do in words, by group, beside its file."""

    name: str
    restriction: str
    gives: Sequence[str]
    excludes: Sequence[str]
    groups: Sequence[tuple[str, Sequence[str]]]
    file: str
    source: str


class Guard(View, frozen=True, kw_only=True):
    rule: str
    deed: str
    sentence: str
    unblock: str


class ApprovalRule(View, frozen=True, kw_only=True):
    id: str
    when: Sequence[str]
    why: str
    approvals: str
    deadline: str


def role_rules(bundle: Bundle, files: Mapping[str, str]) -> Sequence[RoleRules]:
    return [
        RoleRules(
            name=role_name(role),
            restriction=text(spec.sentence) if spec.sentence else "",
            gives=[role_name(each) for each in spec.grants],
            excludes=[role_name(each) for each in spec.conflicts],
            groups=_deeds(bundle, role),
            file=f"roles/{role}.csv",
            source=files.get(f"roles/{role}.csv", ""),
        )
        for role, spec in bundle.roles.items()
    ]


def _deeds(bundle: Bundle, role: str) -> Sequence[tuple[str, Sequence[str]]]:
    rows = [row for found in bundle.rows.values() for row in found if row.role == role]
    built = [(title, [_deed(bundle, row) for row in rows if row.act in actions]) for title, actions in groups()]
    return [(title, deeds) for title, deeds in built if deeds]


def _deed(bundle: Bundle, row: Row) -> str:
    label = action_label(bundle, row.act)
    if row.cond == "always":
        return label
    condition = text(bundle.conditions[row.cond].sentence)
    if row.eft == ALLOW:
        return _("%(deed)s (only %(what)s)") % {"deed": label, "what": condition}
    return _("%(deed)s: “%(what)s”") % {"deed": label, "what": condition}


def guard_rules(bundle: Bundle) -> Sequence[Guard]:
    return [
        Guard(
            rule=row.id,
            deed=action_label(bundle, row.act),
            sentence=text(bundle.conditions[row.cond].sentence),
            unblock=action_label(bundle, unblock) if (unblock := bundle.conditions[row.cond].unblock) else "",
        )
        for rows in bundle.rows.values()
        for row in rows
        if row.role == EVERYONE
    ]


def table_columns(bundle: Bundle) -> Sequence[str]:
    header = next(csv.reader(matrix(bundle).splitlines()))[1:]
    return [_("Guards") if name == EVERYONE else role_name(name) for name in header]


def golden_table(bundle: Bundle) -> Sequence[tuple[str, Sequence[Badge]]]:
    """Return the golden table of the policy's tests, in words."""
    lines = list(csv.reader(matrix(bundle).splitlines()))[1:]
    return [(action_label(bundle, line[0]), [_cell(bundle, written) for written in line[1:]]) for line in lines]


def _cell(bundle: Bundle, written: str) -> Badge:
    if not written:
        return Badge("")
    effect, _if, names = written.partition(" if ")
    said = [text(bundle.conditions[name.removeprefix("deny if ")].sentence) for name in names.split("; ") if name]
    if effect == ALLOW:
        return Badge(_("only %(what)s") % {"what": said[0]} if said else _("yes"), "ok", "check")
    return Badge("; ".join(said) if said else _("never"), "bad", "ban")


def approval_rule(rule: Rule) -> ApprovalRule:
    needed = _("sent directly where the author may") if rule.direct else ""
    roles = ", ".join(role_name(role) for role in rule.from_roles)
    count = _("%(n)s from: %(roles)s") % {"n": rule.approvals, "roles": roles}
    return ApprovalRule(
        id=rule.id,
        when=_when(rule),
        why=in_language(rule.why),
        approvals="; ".join(filter(None, (needed, count))),
        deadline=rule.deadline,
    )


def _when(rule: Rule) -> Sequence[str]:
    when = rule.when
    found = (
        ", ".join(_(KINDS[kind]) for kind in when.kinds),
        ", ".join(f"@{handle}" for handle in when.accounts),
        ", ".join(when.brands),
        _("author is %(roles)s") % {"roles": ", ".join(role_name(role) for role in when.author_roles)}
        if when.author_roles
        else "",
        _("finding of severity %(severity)s or more") % {"severity": when.severity} if when.severity else "",
        {True: _("with a link"), False: _("without a link"), None: ""}[when.contains_link],
        {True: _("a plain answer"), False: _("not a plain answer"), None: ""}[when.plain],
    )
    return [words for words in found if words] or [_("everything else")]
