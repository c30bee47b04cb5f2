"""Questions about access: why, who can, where can. Answers are for people and programs to read, and allow nothing."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Controller, get
from litestar.params import QueryParameter

from govern.domain.actions import Action
from govern.errors import N_, Invalid
from govern.services.access_questions import explain_access, where_can, who_can
from govern.web.api.access_json import (
    ExplanationJson,
    PlaceJson,
    WhereCanJson,
    WhoCanJson,
    able_json,
    explanation_json,
    standing_json,
    stories_json,
)
from govern.web.api.problems import problems
from govern.web.api.queries import parse_moment
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

MAX_FACTS = 4_000

Email = Annotated[str, QueryParameter(description="The member's e-mail address.", min_length=3, max_length=254)]
ActionName = Annotated[str, QueryParameter(description="As `message.approve`.", max_length=40)]
Place = Annotated[
    str, QueryParameter(name="scope", description="`company`, `brand:<slug>` or `account:<handle>`.", max_length=64)
]
At = Annotated[str | None, QueryParameter(description="As of this time (RFC 3339) or day; absent: now.", max_length=40)]
Facts = Annotated[
    str | None,
    QueryParameter(description="Facts of this question only, as a JSON object.", max_length=MAX_FACTS),
]


class BadFacts(Invalid):
    code = "request.bad_facts"
    template = N_("The facts must be a JSON object.")


class AccessController(Controller):
    """Why somebody may do something, and who may."""

    path = "/access"
    tags = ["access"]  # noqa: RUF012 - Litestar's own attribute

    @get(
        "/explain",
        summary="Say why",
        opt={"signed_in": "about oneself; about others the service asks access.read"},
        responses=problems(403, 404, 422),
    )
    async def explain(
        self,
        *,
        member: Email,
        action: ActionName,
        place: Place,
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
        at: At = None,
        facts: Facts = None,
    ) -> ExplanationJson:
        why = await explain_access(
            email=member,
            action=action,
            scope=place,
            facts=read_facts(facts),
            at=parse_moment(at, field="at"),
            actor=actor,
            access=access,
            now=now,
        )
        return explanation_json(why)

    @get(
        "/who-can",
        summary="List who can do something",
        opt={"action": Action.ACCESS_READ},
        responses=problems(403, 404, 422),
    )
    async def who(
        self,
        *,
        action: ActionName,
        place: Place,
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
        at: At = None,
        facts: Facts = None,
    ) -> WhoCanJson:
        found = await who_can(
            action=action,
            scope=place,
            facts=read_facts(facts),
            at=parse_moment(at, field="at"),
            actor=actor,
            access=access,
            now=now,
        )
        items = [able_json(person) for person in found.people]
        return WhoCanJson(action=found.action, scope=found.scope, at=found.at, policy=found.digest, items=items)

    @get(
        "/where-can",
        summary="List where a member can do something",
        opt={"signed_in": "about oneself; about others the service asks access.read"},
        responses=problems(403, 404, 422),
    )
    async def where(
        self, *, member: Email, action: ActionName, actor: CurrentActor, access: CurrentAccess, now: Now, at: At = None
    ) -> WhereCanJson:
        moment = parse_moment(at, field="at")
        found = await where_can(email=member, action=action, at=moment, actor=actor, access=access, now=now)
        return WhereCanJson(
            member=found.member.email,
            action=found.action,
            at=found.at,
            policy=found.digest,
            items=[
                PlaceJson(scope=each.scope, standing=standing_json(each.standing), grants=stories_json(each.grants))
                for each in found.places
            ],
        )


def read_facts(text: str | None) -> Mapping[str, object] | None:
    """Read the facts of a question.

    Raises:
        BadFacts
    """
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise BadFacts(field="facts") from None
