"""The decision itself: pure, for one requester, one action, one target. Every doubt is a denial."""

from collections.abc import Mapping
from types import MappingProxyType

from govern import log
from govern.access import conditions, roles, sentences
from govern.access.bundle import Bundle
from govern.access.catalogue import Text
from govern.access.conditions import DERIVED, GIVEN, FactFault, Facts
from govern.access.enforcers import Disagreement, build_all
from govern.access.rows import ALLOW, DENY, Row
from govern.domain.actions import COMPANY, EVERYONE, Decision, Reason, Requester, Target

logger = log.get(__name__)


class Engine:
    """Decides by one bundle. Holds no grants: a decision changes nothing here."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._enforcers = build_all(bundle)
        self._readable = {action: frozenset(spec.facts) for action, spec in bundle.actions.items()}
        self._missing = {action: sentences.of_missing_rule(bundle, action) for action in bundle.rows}

    def decide(self, requester: Requester, action: str, target: Target, *, asked: bool = False) -> Decision:
        """Answer whether the requester may do the action at the target.

        `asked`: it is a question about rights, where a fact may be missing; of a real act it would be a fault.

        Raises:
            TypeError: for an empty or non-text action or scope, or facts that are no mapping: a fault of the caller.
        """
        _check_types(requester, action, target)
        if action not in self._enforcers:
            return self._denied(Reason.UNKNOWN_ACTION, action, target.scope)
        if not requester.knows(target.scope):
            return self._denied(Reason.UNKNOWN_SCOPE, action, target.scope)
        try:
            facts = self.facts(requester, action, target)
            allowed, rule = self._enforcers[action].answer(requester, target.scope, str(action), facts)
        except Disagreement:
            logger.error("access.evaluators_disagree", action=str(action), scope=target.scope)  # noqa: TRY400 - facts stay out of logs
            return self._denied(Reason.EVALUATORS_DISAGREE, action, target.scope)
        except Exception as error:  # noqa: BLE001 - any fault in a condition is a denial, never a 500
            fact = error.fact if isinstance(error, FactFault) else type(error).__name__
            (logger.debug if asked else logger.warning)("access.condition_error", action=str(action), fault=fact)
            return self._denied(Reason.CONDITION_ERROR, action, target.scope)
        return self._decision(requester, action, target.scope, allowed=allowed, rule=rule)

    def where_can(self, requester: Requester, action: str) -> frozenset[str]:
        """Return the scopes where the action is allowed without looking at facts; conditional denies are left out."""
        rules = [row for row in self.bundle.rows.get(action, ()) if row.cond == "always"]
        allowing = {row.role for row in rules if row.eft == ALLOW}
        denying = {row.role for row in rules if row.eft == DENY}
        found = set()
        for scope in {COMPANY, *requester.parents}:
            held = {grant.role for place in requester.above(scope) for grant in requester.grants.get(place, ())}
            held.add(EVERYONE)
            if held & allowing and not held & denying:
                found.add(scope)
        return frozenset(found)

    def facts(self, requester: Requester, action: str, target: Target) -> Facts:
        """Return the facts the action may read, with what follows from them and the requester's own grants.

        Raises:
            FactFault: a fact is of no known name, or one that others follow from is missing or mistyped.
        """
        if not target.facts.keys() <= GIVEN:
            raise FactFault(min(target.facts.keys() - GIVEN))
        readable = self._readable[action]
        facts: dict[str, object] = {name: value for name, value in target.facts.items() if name in readable}
        if readable & DERIVED:
            facts |= self._derived(requester, target.scope, facts, readable)
        return MappingProxyType(facts)

    def words_of_missing_rule(self, action: str, scope: str) -> Text:
        """Say which roles would allow a known action at a scope."""
        return sentences.at(scope, self._missing[action])

    def _derived(self, requester: Requester, scope: str, facts: Facts, readable: frozenset[str]) -> dict[str, object]:
        role = facts.get("role")
        if not isinstance(role, str):
            raise FactFault("role")
        found: dict[str, object] = {"givable": role in roles.givable_roles(self.bundle.roles, requester, scope)}
        if "conflicts" in readable:
            grants = conditions.pairs(facts, "member_grants")
            found["conflicts"] = (
                None if grants is None else roles.conflicts(self.bundle.roles, requester, role, scope, grants)
            )
        return found

    def _denied(self, reason: Reason, action: str, scope: str) -> Decision:
        return self._answer(reason, action, scope, sentences.PLAIN[reason])

    def _decision(self, requester: Requester, action: str, scope: str, *, allowed: bool, rule: Row | None) -> Decision:
        if rule is None:
            return self._answer(Reason.NO_RULE, action, scope, self.words_of_missing_rule(action, scope))
        words = sentences.PLAIN[Reason.ALLOWED] if allowed else sentences.of_denying_rule(self.bundle, rule)
        reason = Reason.ALLOWED if allowed else Reason.DENIED_BY_RULE
        return self._answer(reason, action, scope, words, rule=rule, requester=requester)

    def _answer(
        self,
        reason: Reason,
        action: str,
        scope: str,
        words: Text,
        *,
        rule: Row | None = None,
        requester: Requester | None = None,
    ) -> Decision:
        grant = requester.grant_of(rule.role, scope) if rule is not None and requester is not None else None
        return Decision(
            allowed=reason is Reason.ALLOWED,
            reason=reason,
            action=str(action),
            scope=scope,
            digest=self.bundle.digest,
            rule=rule.id if rule else None,
            via_role=grant.role if grant else None,
            via_scope=grant.scope if grant else None,
            via_grant=grant.id if grant else None,
            sentence=words.en,
            sentence_fr=words.fr,
        )


def _check_types(requester: object, action: object, target: object) -> None:
    if not isinstance(requester, Requester):
        raise TypeError("the subject of a decision must be a Requester")
    if not isinstance(target, Target):
        raise TypeError("the target of a decision must be a Target")
    _check_word("action", action)
    _check_word("scope", target.scope)
    if not isinstance(target.facts, Mapping):
        raise TypeError("the facts must be a mapping")


def _check_word(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise TypeError(f"the {name} must be a non-empty text")
