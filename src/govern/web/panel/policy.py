"""The access policy in force: rules in words beside their source, its table, its tests, its history."""

from collections.abc import Sequence

from litestar import Response, get
from litestar.params import FromQuery

from govern.domain.actions import Action
from govern.services.policy_reading import PolicyInForce, TrialRun, read_policy, try_policy
from govern.web.panel.access_words import short_digest
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.i18n import gettext as _
from govern.web.panel.policy_words import (
    ApprovalRule,
    Guard,
    RoleRules,
    approval_rule,
    golden_table,
    guard_rules,
    role_rules,
    table_columns,
)
from govern.web.panel.views import View
from govern.web.panel.words import Badge

VIEWS = ("rules", "guards", "table", "approval", "files", "tests", "history")


class Past(View, frozen=True, kw_only=True):
    digest: str
    at: str
    by: str
    reason: str
    gains: int
    losses: int


class Result(View, frozen=True, kw_only=True):
    passed: bool
    sentence: str
    coverage: str
    failures: Sequence[str]


class PolicyPage(View, frozen=True, kw_only=True):
    view: str
    tabs: Sequence[tuple[str, str, bool]]
    digest: str
    since: str
    roles: Sequence[RoleRules]
    guards: Sequence[Guard]
    columns: Sequence[str]
    table: Sequence[tuple[str, Sequence[Badge]]]
    approval: Sequence[ApprovalRule]
    approval_digest: str
    files: Sequence[tuple[str, str]]
    history: Sequence[Past]
    result: Result | None


@get("/policy", opt={"action": Action.POLICY_READ})
async def show_policy(desk: AtDesk, view: FromQuery[str] = "rules") -> Response[str]:
    """The rules in force, one view of them at a time; the tests run when their view is opened."""
    found = await read_policy(actor=desk.actor, access=desk.access, now=desk.now)
    shown, bundle = view if view in VIEWS else "rules", desk.access.bundle
    last = found.history[0] if found.history else None
    by = {"moment": desk.fmt.moment(last.activated_at), "name": last.activated_by or _("the service")} if last else {}
    page = PolicyPage(
        view=shown,
        tabs=tabs(shown),
        digest=short_digest(found.digest),
        since=_("In force since %(moment)s, put in force by %(name)s") % by if last else "",
        roles=role_rules(bundle, found.files) if shown == "rules" else (),
        guards=guard_rules(bundle) if shown == "guards" else (),
        columns=table_columns(bundle) if shown == "table" else (),
        table=golden_table(bundle) if shown == "table" else (),
        approval=[approval_rule(rule) for rule in desk.policies.approval.rule] if shown == "approval" else (),
        approval_digest=short_digest(desk.policies.approval.digest),
        files=sorted(found.files.items()) if shown == "files" else (),
        history=_history(desk, found) if shown == "history" else (),
        result=_result(await try_policy(found)) if shown == "tests" and found.files else None,
    )
    return await desk.show("pages/policy.html", page, here="policy", title=_("Policy"))


def tabs(shown: str) -> Sequence[tuple[str, str, bool]]:
    names = {
        "rules": _("Roles"),
        "guards": _("Guards"),
        "table": _("Table"),
        "approval": _("Approval rules"),
        "files": _("Files"),
        "tests": _("Tests"),
        "history": _("History"),
    }
    found = [(names[view], f"/admin/policy?view={view}", view == shown) for view in VIEWS]
    return [*found, (_("Try it"), "/admin/policy/try", shown == "try")]


def _history(desk: Desk, found: PolicyInForce) -> Sequence[Past]:
    return [
        Past(
            digest=short_digest(each.digest),
            at=desk.fmt.moment(each.activated_at),
            by=each.activated_by or _("the service"),
            reason=each.reason,
            gains=each.gains,
            losses=each.losses,
        )
        for each in found.history
    ]


def _result(run: TrialRun) -> Result:
    report = run.report
    untested = [*report.undecided, *report.never_true, *report.never_false]
    tested = report.rules - len(report.undecided)
    return Result(
        passed=report.passed,
        sentence=_("%(cases)s cases and invariants, %(decisions)s decisions, in %(ms)s ms")
        % {"cases": report.cases, "decisions": report.decisions, "ms": round(run.took.total_seconds() * 1000)},
        coverage=_("%(tested)s of %(rules)s rules decide a case") % {"tested": tested, "rules": report.rules},
        failures=[
            *(f"{each.file}:{each.line} {each.case}: {each.expected} ≠ {each.found}" for each in report.failures),
            *(_("not tested: %(name)s") % {"name": name} for name in untested),
        ],
    )


ROUTES = (show_policy,)
