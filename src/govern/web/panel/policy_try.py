"""Try it: a person, a deed, a place and facts, and what the rules say of it. Nothing is done, the address is the state."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get

from govern.domain.actions import Action
from govern.errors import Invalid, NotFound
from govern.services.access_questions import Why, explain_access
from govern.services.members import list_members
from govern.web.panel.access_words import action_label, action_options
from govern.web.panel.days import past_words, read_day
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import FieldFault, Form
from govern.web.panel.i18n import error_sentence, in_language
from govern.web.panel.i18n import gettext as _
from govern.web.panel.matrix_cells import GIVEN, RESTRICTIONS
from govern.web.panel.policy import tabs
from govern.web.panel.views import View
from govern.web.panel.who import grant_words, scope_options
from govern.web.panel.why import Help, RuleRow, answer, help_of, rule_rows
from govern.web.panel.words import Badge, role_name, scope_name

_FLAGS = {"edit_and_approve", "author_may_write", "paused", "plain_reply", "direct_allowed", "within_hours", "fresh"}
_COUNTS = {"approvals_valid", "approvals_required"}
_SELF_FILLED = {"member_grants", "givable", "conflicts"}
"""Facts that follow from others."""


class Fact(View, frozen=True, kw_only=True):
    """A field for one fact of the action: `flag`, `count`, `person` or `role`."""

    name: str
    words: str
    kind: str
    value: str


class Verdict(View, frozen=True, kw_only=True):
    """What the rules say."""

    answer: Badge
    sentence: str
    rule: str
    grant: str
    rules: Sequence[RuleRow]
    help: Help | None


class TryPage(View, frozen=True, kw_only=True):
    tabs: Sequence[tuple[str, str, bool]]
    people: Sequence[tuple[str, str]]
    actions: Sequence[tuple[str, str]]
    scopes: Sequence[tuple[str, str]]
    facts: Sequence[Fact]
    roles: Sequence[tuple[str, str]]
    question: str
    verdict: Verdict | None
    at: str
    past: str
    now: str
    form: Form


@get("/policy/try", opt={"action": Action.ACCESS_READ})
async def show_try(desk: AtDesk) -> Response[str]:
    """A question to the rules, and the answer."""
    given = {name: str(value).strip() for name, value in desk.request.query_params.items()}
    form, moment = read_day(given.get("at", ""), desk)
    form.values = given
    action, bundle = given.get("action") or Action.MESSAGE_APPROVE.value, desk.access.bundle
    spec = bundle.actions.get(action)
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    verdict = None
    try:
        if given.get("who") and given.get("scope"):
            facts = read_facts(given, spec.facts if spec else ())
            asked: dict[str, Any] = {"email": given["who"], "action": action, "scope": given["scope"], "facts": facts}
            verdict = _verdict(await explain_access(**asked, at=moment, **who))
    except Invalid as error:
        form.refuse(error)
    except NotFound as error:
        form.refuse(FieldFault(reason=error_sentence(error), field="who"))
    page = TryPage(
        tabs=tabs("try"),
        people=[(each.email, each.name) for each in await list_members(**who)],
        actions=action_options(bundle),
        scopes=await scope_options(desk),
        facts=[_fact(name, given) for name in (spec.facts if spec else ()) if name not in _SELF_FILLED],
        roles=[(role.value, role_name(role)) for role in (*GIVEN, *RESTRICTIONS)],
        question=_question(desk, given, action),
        verdict=verdict,
        at=given.get("at", ""),
        past=past_words(desk, moment),
        now="/admin/policy/try",
        form=form,
    )
    return await desk.show("pages/try.html", page, here="policy", title=_("Try it"), status=form.status)


def read_facts(given: Mapping[str, str], known: Sequence[str]) -> dict[str, object]:
    """Read the facts an action may read from fields `fact.<name>`; an empty one is not known.

    Raises:
        FieldFault: a number that is none.
    """
    found: dict[str, object] = {}
    for name in known:
        value = given.get(f"fact.{name}", "")
        if not value or name in _SELF_FILLED:
            continue
        found[name] = _value(name, value)
    return found


def _value(name: str, value: str) -> object:
    if name in _FLAGS:
        return value == "true"
    if name in _COUNTS:
        if not (value.isascii() and value.isdigit() and len(value) < 5):
            raise FieldFault(reason=_("This is not valid here."), field=f"fact.{name}")
        return int(value)
    if name == "editors":
        return [each.strip() for each in value.split(",") if each.strip()]
    return value


def fact_words(name: str) -> str:
    """Return a fact as people say it."""
    return {
        "author": _("Author (e-mail)"),
        "editors": _("Who wrote this version (e-mails)"),
        "edit_and_approve": _("The approver may edit"),
        "approvals_valid": _("Approvals that count"),
        "approvals_required": _("Approvals needed"),
        "author_may_write": _("The author may still write here"),
        "paused": _("Publishing is paused here"),
        "pause_set_by": _("Who set the pause (e-mail)"),
        "member": _("Member concerned (e-mail)"),
        "role": _("Role"),
        "plain_reply": _("A plain answer"),
        "direct_allowed": _("The approval rules let it go directly"),
        "within_hours": _("Inside the account’s hours"),
        "fresh": _("Signed in afresh"),
    }.get(name, name)


def _fact(name: str, given: Mapping[str, str]) -> Fact:
    kind = "flag" if name in _FLAGS else "count" if name in _COUNTS else "role" if name == "role" else "person"
    return Fact(name=f"fact.{name}", words=fact_words(name), kind=kind, value=given.get(f"fact.{name}", ""))


def _question(desk: Desk, given: Mapping[str, str], action: str) -> str:
    if not given.get("who") or not given.get("scope"):
        return ""
    asked = {"deed": action_label(desk.access.bundle, action), "place": scope_name(given["scope"]), "who": given["who"]}
    return _("%(who)s · %(deed)s · %(place)s") % asked


def _verdict(why: Why) -> Verdict:
    decision = why.explanation.decision
    return Verdict(
        answer=answer(allowed=decision.allowed),
        sentence=in_language({"en": decision.sentence, "fr": decision.sentence_fr}),
        rule=decision.rule or "",
        grant=grant_words(why.grant) if why.grant else "",
        rules=rule_rows(why.explanation),
        help=help_of(why.explanation.unblock, why.helpers),
    )


ROUTES = (show_try,)
