"""Why something was allowed or denied: from the decision the audit log kept, under the rules of that time."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from govern.access import Access, Snapshot
from govern.access.catalogue import Text
from govern.access.engine import Engine
from govern.access.explain import RuleWords, Unblock, decided_sentence, find_rule, unblock_denial
from govern.domain.actions import COMPANY, Action, Decision, Reason
from govern.domain.audit import AccessDenied, AccessDeniedAgain, EntryNotFound, Granted, Recorded
from govern.domain.members import Actor
from govern.errors import Unavailable
from govern.services.access_questions import asked
from govern.services.access_questions.views import EntryWhy
from govern.services.access_questions.who import grant_stories
from govern.services.access_questions.why import find_helpers
from govern.services.audit import EntryView, get_entry
from govern.services.use_case import use_case

T = TypeVar("T", bound=Recorded)


async def explain_entry(which: int | UUID, *, actor: Actor, access: Access, now: datetime) -> EntryWhy:
    """Explain the decision behind an entry of the audit log, by its place or id, and who could help now.

    One's own entries always; others' where one may read the log, or who can do what.

    Raises:
        EntryNotFound: there is none, or it is not for the actor.
    """
    async with use_case(actor=actor, now=now):
        entry = await _find(which, actor=actor, access=access)
        decision = _decision(entry)
        if decision is None:
            return EntryWhy(entry=entry.id, at=entry.at, actor=entry.actor, scope=entry.scope)
        engine, snapshot = await _engine(access, decision.digest), await access.snapshot(actor)
        rule = find_rule(engine, decision.rule) if engine and decision.rule else None
        unblock, subject = _unblock(snapshot, entry, decision), _member(entry)
        grant = decision.via_grant or ""
        return EntryWhy(
            entry=entry.id,
            at=entry.at,
            actor=entry.actor,
            allowed=decision.allowed,
            action=decision.action or (rule.action if rule else None),
            scope=decision.scope,
            reason=decision.reason.value,
            sentence=_sentence(engine, rule, decision),
            rule=rule,
            rule_id=decision.rule,
            digest=decision.digest or None,
            version=entry.context.version,
            grant=(await grant_stories([grant])).get(grant),
            unblock=unblock,
            helpers=await find_helpers(unblock, subject, snapshot, actor=actor, access=access),
        )


async def _find(which: int | UUID, *, actor: Actor, access: Access) -> EntryView:
    """Return the entry, if the actor may see it; for a summary of repeated refusals, the first of them."""
    entry = await get_entry(which, scopes=frozenset({COMPANY}))
    own = entry.actor.id == actor.id or (actor.member is not None and entry.actor.id == f"member:{actor.member}")
    if not own:
        seen = await asked.seen_scopes(actor=actor, access=access) | await access.where_can(actor, Action.AUDIT_READ)
        if entry.scope not in seen:
            raise EntryNotFound(noun="entry", name=str(which))
    again = _data(entry, AccessDeniedAgain)
    return entry if again is None else await get_entry(again.first, scopes=frozenset({COMPANY}))


def _decision(entry: EntryView) -> Decision | None:
    """Return what the entry kept of its decision: all but the facts. An allowed action follows from its rule."""
    denied, kept = _data(entry, AccessDenied), entry.context
    if denied is None and kept.rule is None:
        return None
    via = kept.via or Granted()
    return Decision(
        allowed=denied is None,
        reason=_reason(denied),
        action=denied.action if denied else "",
        scope=entry.scope,
        digest=kept.digest or "",
        rule=denied.rule if denied else kept.rule,
        via_role=via.role,
        via_scope=via.scope,
        via_grant=via.grant,
    )


def _reason(denied: AccessDenied | None) -> Reason:
    """Return the recorded reason; one without a name of today is told by its rule alone."""
    if denied is None:
        return Reason.ALLOWED
    return Reason(denied.reason) if denied.reason in set(Reason) else Reason.DENIED_BY_RULE


def _data(entry: EntryView, kind: type[T]) -> T | None:
    """Return the data of an entry of this kind; None for another, also for one that only bears its name."""
    try:
        return msgspec.convert(entry.data, kind) if entry.action == kind.NAME else None
    except msgspec.ValidationError:
        return None


def _sentence(engine: Engine | None, rule: RuleWords | None, decision: Decision) -> Text | None:
    if rule is not None:
        return rule.sentence
    return decided_sentence(engine, decision) if engine is not None else None


async def _engine(access: Access, digest: str) -> Engine | None:
    """Return the rules of that time; None if this version can no longer read them."""
    try:
        return await access.engine_of(digest) if digest else None
    except Unavailable:
        return None


def _unblock(snapshot: Snapshot, entry: EntryView, decision: Decision) -> Unblock | None:
    if decision.allowed:
        return None
    return unblock_denial(snapshot.engine, snapshot.requester(_member(entry)), decision)


def _member(entry: EntryView) -> str:
    """Return the member whose rights were asked: of a token, its owner."""
    kind, _, name = entry.actor.id.partition(":")
    owners = [each.id for each in entry.refs if each.kind == "member"]
    return owners[-1] if kind == "token" and owners else name
