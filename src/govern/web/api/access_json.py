"""Answers about access as programs read them."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access.catalogue import Text
from govern.access.weighing import Dependence, Standing
from govern.services.access_questions import AblePerson, GrantStory, Why


class DependenceJson(msgspec.Struct, kw_only=True):
    """A condition the answer hangs on: `allow`, only if it is met; `deny`, unless it is."""

    condition: str
    effect: str
    sentence: str
    sentence_fr: str


class AnswerJson(msgspec.Struct, kw_only=True):
    """`yes`, `no`, or `depends` with the conditions. `fresh`: a fresh sign-in is asked for as well."""

    answer: str
    conditions: list[DependenceJson]
    fresh: bool


class GrantStoryJson(msgspec.Struct, kw_only=True):
    """A grant with who gave it, when and why."""

    id: UUID
    role: str
    scope: str
    granted_by: str | None
    granted_at: datetime
    reason: str
    starts_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class AblePersonJson(msgspec.Struct, kw_only=True):
    """A member who can, and the grants that allow it."""

    email: str
    name: str
    standing: AnswerJson
    grants: list[GrantStoryJson]


class WhoCanJson(msgspec.Struct, kw_only=True):
    """Everybody who can do the action at the scope."""

    action: str
    scope: str
    at: datetime
    policy: str
    items: list[AblePersonJson]


class PlaceJson(msgspec.Struct, kw_only=True):
    """A scope where the member can do it."""

    scope: str
    standing: AnswerJson
    grants: list[GrantStoryJson]


class WhereCanJson(msgspec.Struct, kw_only=True):
    """Every scope where the member can do the action."""

    member: str
    action: str
    at: datetime
    policy: str
    items: list[PlaceJson]


class RuleJson(msgspec.Struct, kw_only=True):
    """One rule of the action: `held`, does the member have its role; `value`, is its condition true (null: not known)."""

    rule: str
    effect: str
    role: str
    held: bool
    grant: str | None
    condition: str
    sentence: str
    sentence_fr: str
    value: bool | None
    matched: bool
    decided: bool


class HelpJson(msgspec.Struct, kw_only=True):
    """What would help: another member's `action`, facts that are `missing`, or a fresh sign-in. `people` is null for those who may not know them."""

    action: str | None
    scopes: list[str]
    roles: list[str]
    missing: list[str]
    sign_in: bool
    people: list[AblePersonJson] | None


class ExplanationJson(msgspec.Struct, kw_only=True):
    """Why a member may or may not do something: the decision, every rule, and who could help."""

    member: str
    action: str
    scope: str
    at: datetime
    policy: str
    allowed: bool
    reason: str
    rule: str | None
    sentence: str
    sentence_fr: str
    grant: GrantStoryJson | None
    rules: list[RuleJson]
    help: HelpJson | None


def explanation_json(why: Why) -> ExplanationJson:
    decision, unblock = why.explanation.decision, why.explanation.unblock
    return ExplanationJson(
        member=why.member.email,
        action=decision.action,
        scope=decision.scope,
        at=why.at,
        policy=decision.digest,
        allowed=decision.allowed,
        reason=decision.reason.value,
        rule=decision.rule,
        sentence=decision.sentence,
        sentence_fr=decision.sentence_fr,
        grant=_story(why.grant) if why.grant else None,
        rules=[
            RuleJson(
                rule=line.rule,
                effect=line.effect,
                role=line.role,
                held=line.held,
                grant=line.grant.id if line.grant else None,
                condition=line.condition,
                value=line.value,
                matched=line.matched,
                decided=line.decided,
                **_sentences(line.sentence),
            )
            for line in why.explanation.lines
        ],
        help=HelpJson(
            action=unblock.action,
            scopes=list(unblock.scopes),
            roles=[each.role for each in unblock.roles],
            missing=list(unblock.missing),
            sign_in=unblock.sign_in,
            people=None if why.helpers is None else [able_json(person) for person in why.helpers],
        )
        if unblock
        else None,
    )


def able_json(person: AblePerson) -> AblePersonJson:
    return AblePersonJson(
        email=person.member.email,
        name=person.member.name,
        standing=standing_json(person.standing),
        grants=stories_json(person.grants),
    )


def standing_json(standing: Standing) -> AnswerJson:
    return AnswerJson(
        answer=standing.answer.value,
        conditions=[_dependence(each) for each in standing.conditions],
        fresh=standing.fresh,
    )


def _dependence(each: Dependence) -> DependenceJson:
    return DependenceJson(condition=each.condition, effect=each.effect, **_sentences(each.sentence))


def _sentences(words: Text) -> dict[str, str]:
    return {"sentence": words.en, "sentence_fr": words.fr}


def stories_json(grants: tuple[GrantStory, ...]) -> list[GrantStoryJson]:
    return [_story(grant) for grant in grants]


def _story(grant: GrantStory) -> GrantStoryJson:
    return msgspec.convert(grant, GrantStoryJson, from_attributes=True)
