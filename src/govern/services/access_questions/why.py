"""Why a member can or cannot do something, rule by rule, and who could help."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from govern.access import Access, Snapshot, questions
from govern.access.explain import Unblock, explain
from govern.domain.actions import Target
from govern.domain.members import Actor
from govern.services.access_questions import asked
from govern.services.access_questions.views import AblePerson, Why
from govern.services.access_questions.who import able_people, grant_stories, person_name
from govern.services.use_case import use_case


async def explain_access(
    *,
    email: str,
    action: str,
    scope: str,
    facts: Mapping[str, object] | None = None,
    at: datetime | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Why:
    """Explain what a member may do, or might have done `at` a moment; about oneself always, about others to readers.

    Unless `facts` say otherwise, the sign-in is taken as fresh.

    Raises:
        Denied: the member is another one, and the actor may not know who can do what there.
        BadAction, BadScope, BadMoment, BadFact, UnknownMember
    """
    asked.check_action(action)
    asked.check_scope(scope)
    async with use_case(actor=actor, now=now):
        member, _ = await asked.find_subject(email, scope, actor=actor, access=access)
        names = await asked.sees_names(scope, actor=actor, access=access)
        snapshot = await asked.at_moment(at, actor=actor, access=access, now=now)
        known = await asked.read_facts(facts or {}, action, snapshot, names=names)
        explanation = explain(snapshot.engine, snapshot.requester(str(member.id)), action, Target(scope, known))
        decision = msgspec.structs.replace(explanation.decision, version=snapshot.version, at=snapshot.at)
        grant = decision.via_grant or ""
        return Why(
            member=person_name(member),
            at=snapshot.at,
            explanation=msgspec.structs.replace(explanation, decision=decision),
            grant=(await grant_stories([grant])).get(grant),
            helpers=await find_helpers(explanation.unblock, str(member.id), snapshot, actor=actor, access=access),
        )


async def find_helpers(
    unblock: Unblock | None, subject: str, snapshot: Snapshot, *, actor: Actor, access: Access
) -> tuple[AblePerson, ...] | None:
    """Return who could help, another than the one who was refused; None if the actor may not know them."""
    if unblock is None or unblock.action is None:
        return ()
    if not await asked.sees_names(unblock.scope, actor=actor, access=access):
        return None
    found = questions.who_can(snapshot, unblock.action, unblock.scope, unblock.facts)
    return await able_people(able for able in found if able.member != subject)
