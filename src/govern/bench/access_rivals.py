"""What the access policy is measured against: a dict walk, stock pycasbin, cedarpy. Each is given what helps it.

Facts that follow from others (`givable`, `conflicts`) are handed to the rivals ready made.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import casbin
import msgspec
from casbin.rbac.default_role_manager import DomainManager

from govern.access import Bundle
from govern.access.conditions import Facts, when
from govern.access.engine import Engine
from govern.access.rows import ALLOW, Row
from govern.bench.access_company import Company, Question
from govern.domain.actions import COMPANY, EVERYONE, Requester

Rival = Callable[[Question], bool]
_SILENT = logging.Logger("casbin.rival", level=logging.CRITICAL + 1)  # noqa: LOG001 - as the product does it: no facts in logs


def dict_walk(company: Company, bundle: Bundle) -> Rival:
    """Return the least anybody could write: no conditions, no denies, no reason given."""
    roles: dict[str, dict[str, list[str]]] = {}
    for grant in company.rows():
        roles.setdefault(grant.member, {}).setdefault(grant.scope, []).append(grant.role)
    rows = [row for rows in bundle.rows.values() for row in rows]
    allowed = {role: {row.act for row in rows if row.role == role and row.eft == ALLOW} for role in bundle.roles}
    parents, nothing = company.parents, dict[str, list[str]]()

    def walk(question: Question) -> bool:
        held, place = roles.get(question.member, nothing), question.target.scope
        while place:
            for role in held.get(place, ()):
                if question.action in allowed[role]:
                    return True
            place = parents.get(place, "")
        return False

    return walk


class Subject(str):
    """A member's id as stock pycasbin wants it, with what conditions read of a requester."""

    __slots__ = ("id", "member")
    id: str
    member: str

    @classmethod
    def of(cls, member: str) -> "Subject":
        found = cls(member)
        found.id, found.member = f"member:{member}", member
        return found


class _Roles(DomainManager):  # type: ignore[misc]  # casbin has no types
    """The stock manager of roles by scope; all it is told beside grants is that all are `everyone`."""

    def has_link(self, name1: str, name2: str, *domain: str) -> bool:
        return name2 == EVERYONE or bool(super().has_link(name1, name2, *domain))


def stock_casbin(company: Company, engine: Engine) -> Rival:
    """Return one stock enforcer with the same model and rows, and all grants as its `g` rules, matched by scope."""
    bundle, tree = engine.bundle, Requester(id="", grants={}, parents=company.parents)
    model = casbin.Model()
    model.load_model_from_text(bundle.model)
    for rows in bundle.rows.values():
        for row in rows:
            model.add_policy("p", "p", list(row))
    # Not by `add_policy`: it looks through all rules before it adds one.
    model["g"]["g"].policy.extend(
        [grant.member, grant.role, grant.scope] for grants in company.held.values() for grant in grants
    )
    enforcer = casbin.Enforcer(model)
    roles = _Roles(10)
    roles.add_domain_matching_func(lambda asked, given: given in tree.above(asked))
    enforcer.set_named_role_manager("g", roles)
    enforcer.build_role_links()
    enforcer.add_function("when", when)
    enforcer.logger = _SILENT
    facts = _Facts(company, engine)

    def enforce(question: Question) -> bool:
        scope, action = question.target.scope, str(question.action)
        return bool(enforcer.enforce(Subject.of(question.member), scope, action, facts.of(question)))

    return enforce


class _Facts:
    """The facts of a question with what follows from them, found beforehand."""

    def __init__(self, company: Company, engine: Engine) -> None:
        self._snapshot = company.snapshot(engine)
        self._known: dict[int, Facts] = {}

    def of(self, question: Question) -> Facts:
        known = self._known.get(id(question))
        if known is None:
            requester = self._snapshot.requester(question.member)
            known = dict(self._snapshot.engine.facts(requester, question.action, question.target))
            self._known[id(question)] = known
        return known


def has_cedar() -> bool:
    """Tell whether cedarpy is installed; the product does without it."""
    return find_spec("cedarpy") is not None


def cedar(company: Company, engine: Engine) -> Rival:
    """Return Cedar with rules and entities parsed once: a member's scopes by role, `resource in` for the tree."""
    library: Any = import_module("cedarpy")
    policies = library.PolicySet.from_str("\n".join(_cedar_rules(engine.bundle)))
    entities = library.Entities.from_json_str(
        msgspec.json.encode(list(_cedar_entities(company, engine.bundle))).decode()
    )
    facts, allow = _Facts(company, engine), library.Decision.Allow
    requests: dict[int, dict[str, object]] = {}

    def authorize(question: Question) -> bool:
        request = requests.get(id(question))
        if request is None:
            request = requests[id(question)] = _cedar_request(question, facts.of(question))
        return bool(library.is_authorized(request, policies, entities).decision is allow)

    return authorize


_CEDAR = {
    "always": "true",
    "is_own": "context.author == principal.member",
    "for_self": "context.member == principal.member",
    "is_plain_reply": "context.plain_reply",
    "is_author": "context.author == principal.member",
    "is_editor": "!context.edit_and_approve && context.editors.contains(principal.member)",
    "approvals_missing": "context.approvals_valid < context.approvals_required",
    "author_lost_right": "!context.author_may_write",
    "is_paused": "context.paused",
    "own_pause": "context.pause_set_by == principal.member",
    "is_self": "context.member == principal.member",
    "not_givable": "!context.givable",
    "has_conflict": "!context.conflicts.isEmpty()",
    "not_direct": "!context.direct_allowed",
    "not_fresh": "!context.fresh",
    "outside_hours": "!context.within_hours",
}
"""Each condition where all its facts are known, as they are in the questions."""


def _cedar_rules(bundle: Bundle) -> Iterator[str]:
    return (_cedar_rule(row) for rows in bundle.rows.values() for row in rows)


def _cedar_rule(row: Row) -> str:
    effect = "permit" if row.eft == ALLOW else "forbid"
    held = "" if row.role == EVERYONE else f"resource in principal.{row.role} && "
    head = f'@id("{row.id}") {effect}(principal, action == Action::"{row.act}", resource)'
    return f"{head} when {{ {held}{_CEDAR[row.cond]} }};"


def _cedar_entities(company: Company, bundle: Bundle) -> Iterator[Mapping[str, object]]:
    yield {"uid": _uid("Scope", COMPANY), "attrs": {}, "parents": []}
    for scope, parent in company.parents.items():
        yield {"uid": _uid("Scope", scope), "attrs": {}, "parents": [_uid("Scope", parent)]}
    for member, grants in company.held.items():
        places: dict[str, list[object]] = {role: [] for role in bundle.roles}
        for grant in grants:
            places[grant.role].append({"__entity": _uid("Scope", grant.scope)})
        yield {"uid": _uid("Member", member), "attrs": {"member": member, **places}, "parents": []}


def _cedar_request(question: Question, facts: Facts) -> dict[str, object]:
    context = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in facts.items()}
    context.pop("member_grants", None)  # no rule reads it: `conflicts` follows from it
    return {
        "principal": _uid("Member", question.member),
        "action": _uid("Action", str(question.action)),
        "resource": _uid("Scope", question.target.scope),
        "context": context,
    }


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}
