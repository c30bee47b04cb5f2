"""One stock Casbin enforcer per action, holding that action's rules only; built once, never changed."""

import logging
from collections.abc import Iterable, Mapping

import casbin

from govern.access.bundle import Bundle
from govern.access.conditions import Facts, when
from govern.access.matcher import CompiledEnforcer
from govern.access.roles import GrantedRoles
from govern.access.rows import ALLOW, DENY, Row
from govern.domain.actions import Requester

# Casbin writes each denied request with all its facts. This logger is in no registry: no set-up can turn it on.
_SILENT = logging.Logger("casbin.silent", level=logging.CRITICAL + 1)  # noqa: LOG001 - see above


class Disagreement(Exception):
    """The two evaluators, or the answer and its rule, do not agree."""


class ActionEnforcer:
    """Decides one action. With `twice` the stock evaluator decides too, and both must agree."""

    def __init__(self, model: str, rows: Iterable[Row], *, twice: bool) -> None:
        kept = tuple(rows)
        self._ours = build(CompiledEnforcer, model, kept)
        self._stock = build(casbin.Enforcer, model, kept) if twice else None

    def answer(self, requester: Requester, scope: str, action: str, facts: Facts) -> tuple[bool, Row | None]:
        """Return whether it is allowed, and the rule that decided, if one matched.

        Raises:
            Disagreement: when the evaluators differ or an answer has no rule to stand on.
        """
        found = _ask(self._ours, requester, scope, action, facts)
        if self._stock is not None and _ask(self._stock, requester, scope, action, facts) != found:
            raise Disagreement
        return found


def build(kind: type[casbin.Enforcer], model: str, rows: Iterable[Row]) -> casbin.Enforcer:
    """Build an enforcer with its own model, these rows, and roles read from the requester."""
    own = casbin.Model()
    own.load_model_from_text(model)
    for row in rows:
        own.add_policy("p", "p", list(row))
    enforcer = kind(own)
    enforcer.set_named_role_manager("g", GrantedRoles())
    enforcer.build_role_links()
    enforcer.add_function("when", when)
    enforcer.logger = _SILENT
    return enforcer


def build_all(bundle: Bundle) -> Mapping[str, ActionEnforcer]:
    """Build the enforcers of a bundle; actions with effect are decided by both evaluators."""
    return {
        action: ActionEnforcer(bundle.model, rows, twice=bundle.actions[action].effect)
        for action, rows in bundle.rows.items()
    }


def _ask(
    enforcer: casbin.Enforcer, requester: Requester, scope: str, action: str, facts: Facts
) -> tuple[bool, Row | None]:
    allowed, matched = enforcer.enforce_ex(requester, scope, action, facts)
    row = Row(*matched) if matched else None
    if allowed is not (row is not None and row.eft == ALLOW) or (row is not None and row.eft not in {ALLOW, DENY}):
        raise Disagreement
    return allowed, row
