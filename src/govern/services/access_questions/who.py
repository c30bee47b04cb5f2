"""Who can do an action here, where a member can do it, and all a member can do."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access, Snapshot, questions
from govern.access.questions import Able, in_order
from govern.access.weighing import Standing
from govern.database import rows
from govern.domain.members import Actor, Member
from govern.services.access_questions import asked
from govern.services.access_questions.views import (
    AblePerson,
    ActionRow,
    GrantStory,
    PersonName,
    Place,
    WhatCan,
    WhereCan,
    WhoCan,
)
from govern.services.use_case import use_case
from govern.tables import Member as MemberTable
from govern.tables import RoleGrant

_NAMES = "SELECT id, name, email, state FROM member WHERE id = ANY ({}::uuid[]) ORDER BY name, email"
_STORIES = """
SELECT g.id, g.member, m.name AS member_name, g.role, g.scope, b.name AS granted_by, g.granted_at, g.reason,
       g.starts_at, g.expires_at, g.revoked_at
  FROM role_grant g JOIN member m ON m.id = g.member LEFT JOIN member b ON b.id = g.granted_by
 WHERE g.id = ANY ({}::uuid[])
"""


async def who_can(
    *,
    action: str,
    scope: str,
    facts: Mapping[str, object] | None = None,
    at: datetime | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> WhoCan:
    """Return who can do the action at the scope: exactly with facts, else yes or what it depends on.

    Raises:
        Denied: the actor may not know who can do what there.
        BadAction, BadScope, BadMoment, BadFact, UnknownMember
    """
    asked.check_known(action)
    asked.check_scope(scope)
    async with use_case(actor=actor, now=now):
        await asked.require_names(scope, actor=actor, access=access)
        snapshot = await asked.at_moment(at, actor=actor, access=access, now=now)
        known = await asked.read_facts(facts, action, snapshot, names=True) if facts else None
        people = await able_people(questions.who_can(snapshot, action, scope, known))
        return WhoCan(action=action, scope=scope, at=snapshot.at, digest=snapshot.digest, people=people)


async def where_can(
    *, email: str, action: str, at: datetime | None = None, actor: Actor, access: Access, now: datetime
) -> WhereCan:
    """Return where a member can do the action; about others, as far as the actor may know.

    Raises:
        Denied: the member is another one, and the actor may know of nobody.
        BadAction, BadMoment, UnknownMember
    """
    asked.check_known(action)
    async with use_case(actor=actor, now=now):
        member, own = await asked.find_subject(email, None, actor=actor, access=access)
        snapshot = await asked.at_moment(at, actor=actor, access=access, now=now)
        seen = snapshot.scopes if own else await asked.seen_scopes(actor=actor, access=access)
        found = questions.where_can(snapshot.engine, snapshot.requester(str(member.id)), action)
        stories = await grant_stories(grant.id for able in found.values() for grant in able.grants)
        return WhereCan(
            member=person_name(member),
            action=action,
            at=snapshot.at,
            digest=snapshot.digest,
            places=tuple(
                Place(scope=scope, standing=able.standing, grants=_told(able, stories))
                for scope, able in found.items()
                if scope in seen
            ),
        )


async def what_can(
    *, email: str, scope: str | None = None, at: datetime | None = None, actor: Actor, access: Access, now: datetime
) -> WhatCan:
    """Return all a member can do, at a scope and below or everywhere; about others, as far as the actor may know.

    Raises:
        Denied: the member is another one, and the actor may know of nobody.
        BadScope, BadMoment, UnknownMember
    """
    if scope is not None:
        asked.check_scope(scope)
    async with use_case(actor=actor, now=now):
        member, own = await asked.find_subject(email, None, actor=actor, access=access)
        snapshot = await asked.at_moment(at, actor=actor, access=access, now=now)
        seen = snapshot.scopes if own else await asked.seen_scopes(actor=actor, access=access)
        requester = snapshot.requester(str(member.id))
        scopes = tuple(
            each
            for each in in_order(snapshot.parents)
            if each in seen and (scope is None or scope in requester.above(each))
        )
        return WhatCan(
            member=person_name(member),
            at=snapshot.at,
            digest=snapshot.digest,
            scopes=scopes,
            actions=_rows(snapshot, questions.what_can(snapshot.engine, requester, scopes)),
        )


async def able_people(found: Iterable[Able]) -> tuple[AblePerson, ...]:
    """Return the names of those who can, sorted, and the stories of their grants."""
    able = {UUID(each.member): each for each in found}
    stories = await grant_stories(grant.id for each in able.values() for grant in each.grants)
    return tuple(
        AblePerson(
            member=msgspec.convert(row, PersonName),
            standing=able[row["id"]].standing,
            grants=_told(able[row["id"]], stories),
        )
        for row in rows(await MemberTable.raw(_NAMES, list(able)))
    )


async def grant_stories(ids: Iterable[str]) -> dict[str, GrantStory]:
    """Return who gave these grants, when and why; ids that are no grant's, as the publisher's own, are left out."""
    wanted = [each for each in set(ids) if _is_uuid(each)]
    found = rows(await RoleGrant.raw(_STORIES, wanted)) if wanted else []
    return {str(row["id"]): msgspec.convert(row, GrantStory) for row in found}


def _told(able: Able, stories: Mapping[str, GrantStory]) -> tuple[GrantStory, ...]:
    return tuple(stories[grant.id] for grant in able.grants if grant.id in stories)


def _rows(snapshot: Snapshot, table: Mapping[str, Mapping[str, Standing]]) -> tuple[ActionRow, ...]:
    actions = snapshot.engine.bundle.actions
    return tuple(
        ActionRow(action=action, label=actions[action].label, risk=actions[action].risk, places=places)
        for action, places in table.items()
    )


def person_name(member: Member) -> PersonName:
    """Return the names of a member."""
    return PersonName(id=member.id, name=member.name, email=member.email, state=member.state.value)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
