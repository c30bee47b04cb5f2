"""Why the answer is what it is, rule by rule; and who or what could change it."""

import msgspec

from govern.access import sentences
from govern.access.catalogue import Text
from govern.access.engine import Engine
from govern.access.rows import ALLOW, Row
from govern.access.weighing import FRESH, Answer, RuleLine, Standing, read_rules, role_label, weigh
from govern.domain.actions import EVERYONE, Action, Decision, Grant, Reason, Requester, Role, Target

_SOMEONE = "member:someone-else"
_FOLLOWS_FROM = {"givable": ("role",), "conflicts": ("role", "member_grants")}


class RoleThatMay(msgspec.Struct, frozen=True, kw_only=True):
    """A role whose holders would be allowed; `only` limits it, as "own messages"."""

    role: str
    label: Text
    only: Text | None


class Unblock(msgspec.Struct, frozen=True, kw_only=True):
    """What would help: someone with one of `roles` at one of `scopes`, facts to tell, or a fresh sign-in."""

    action: str | None = None
    """What the one who helps does: the action itself, done by another, or the one that removes the obstacle."""
    label: Text | None = None
    scope: str
    scopes: tuple[str, ...] = ()
    roles: tuple[RoleThatMay, ...] = ()
    missing: tuple[str, ...] = ()
    """Facts without which nothing can be decided."""
    sign_in: bool = False
    facts: dict[str, object] = {}
    """What is known of the helping action: for who-can."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with all that led to it. `standing` says what it would be if missing facts were known."""

    decision: Decision
    standing: Standing
    lines: tuple[RuleLine, ...]
    unblock: Unblock | None


class RuleWords(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as people read it."""

    rule: str
    effect: str
    role: str
    action: str
    sentence: Text


def explain(engine: Engine, requester: Requester, action: str, target: Target) -> Explanation:
    """Decide, and say why: each rule of the action, in the order decided, and what would help after a denial."""
    decision = engine.decide(requester, action, target, asked=True)
    lines = tuple(
        msgspec.structs.replace(line, decided=line.rule == decision.rule)
        for line in read_rules(engine, requester, action, target)
    )
    return Explanation(
        decision=decision,
        standing=weigh(lines),
        lines=lines,
        unblock=None if decision.allowed else _unblock(engine, requester, decision, target, lines),
    )


def find_rule(engine: Engine, rule: str) -> RuleWords | None:
    """Return a rule by its id, in words: why it denies, or what it allows to whom."""
    for action, rows in engine.bundle.rows.items():
        for row in rows:
            if row.id == rule:
                sentence = _allowing(engine, row) if row.eft == ALLOW else sentences.of_denying_rule(engine.bundle, row)
                return RuleWords(rule=rule, effect=row.eft, role=row.role, action=action, sentence=sentence)
    return None


def unblock_denial(engine: Engine, requester: Requester, decision: Decision) -> Unblock | None:
    """Return what would help after a denial of which only the decision is known: a recorded one."""
    target = Target(decision.scope)
    return _unblock(engine, requester, decision, target, read_rules(engine, requester, decision.action, target))


def decided_sentence(engine: Engine, decision: Decision) -> Text | None:
    """Say why it was denied where no rule denied it; None if these rules do not know the action."""
    if decision.reason is not Reason.NO_RULE:
        return sentences.PLAIN.get(decision.reason)
    known = decision.action in engine.bundle.rows
    return engine.words_of_missing_rule(decision.action, decision.scope) if known else None


def _unblock(
    engine: Engine, requester: Requester, decision: Decision, target: Target, lines: tuple[RuleLine, ...]
) -> Unblock | None:
    facts = {name: value for name, value in target.facts.items() if name != "fresh"}
    if decision.reason is Reason.NO_RULE:
        return _by_another(engine, requester, decision.action, decision.scope, facts)
    if decision.reason is Reason.CONDITION_ERROR:
        return Unblock(scope=decision.scope, missing=_missing(engine, lines, target))
    row = next((row for row in engine.bundle.rows.get(decision.action, ()) if row.id == decision.rule), None)
    if decision.reason is not Reason.DENIED_BY_RULE or row is None:
        return None
    return _past_rule(engine, requester, decision, row, facts)


def _past_rule(
    engine: Engine, requester: Requester, decision: Decision, row: Row, facts: dict[str, object]
) -> Unblock | None:
    """Say who can help past a deny: by the condition's own action, or by taking a restriction away."""
    if row.cond == FRESH:
        return Unblock(scope=decision.scope, sign_in=True)
    help_by = engine.bundle.conditions[row.cond].unblock
    someone = Requester(id=_SOMEONE, member=_SOMEONE, grants={}, parents=requester.parents)
    if help_by is not None:
        known = facts if help_by == decision.action else {}
        return _by_another(engine, someone, help_by, decision.scope, known)
    if row.role == EVERYONE:
        return None
    held: dict[str, object] = {"role": row.role, "member": requester.member}
    return _by_another(engine, someone, Action.ROLE_REVOKE, decision.via_scope or decision.scope, held)


def _by_another(engine: Engine, who: Requester, action: str, scope: str, facts: dict[str, object]) -> Unblock:
    return Unblock(
        action=str(action),
        label=engine.bundle.actions[action].label,
        scope=scope,
        scopes=tuple(who.above(scope)),
        roles=tuple(_roles(engine, who, action, Target(scope, facts))),
        facts=facts,
    )


def _roles(engine: Engine, who: Requester, action: str, target: Target) -> list[RoleThatMay]:
    """Try each role on its own: whose holder would be allowed, at least for some values of what is not known."""
    found = []
    for row in engine.bundle.rows[action]:
        if row.eft != ALLOW or row.role == Role.PUBLISHER:
            continue
        grant = Grant(id="?", role=row.role, scope=target.scope)
        holder = msgspec.structs.replace(who, grants={target.scope: (grant,)})
        if weigh(read_rules(engine, holder, action, target)).answer is not Answer.NO:
            only = None if row.cond == "always" else engine.bundle.conditions[row.cond].sentence
            found.append(RoleThatMay(role=row.role, label=role_label(engine, row.role), only=only))
    return found


def _missing(engine: Engine, lines: tuple[RuleLine, ...], target: Target) -> tuple[str, ...]:
    """Name the facts nobody told; if all were told, those that one of mistyped ones may be among."""
    unknown = {line.condition for line in lines if line.held and line.value is None}
    read = {fact for name in unknown for fact in engine.bundle.conditions[name].facts}
    told = {fact for name in read for fact in _FOLLOWS_FROM.get(name, (name,))}
    return tuple(sorted(told - target.facts.keys() or told))


def _allowing(engine: Engine, row: Row) -> Text:
    label, deed = role_label(engine, row.role), engine.bundle.actions[row.act].label
    only = Text(en="", fr="")
    if row.cond != "always":
        words = engine.bundle.conditions[row.cond].sentence
        only = Text(en=f" (only {words.en})", fr=f" (seulement {words.fr})")
    return Text(
        en=f"The role {label.en} allows: {deed.en}{only.en}.", fr=f"Le rôle {label.fr} permet : {deed.fr}{only.fr}."
    )
