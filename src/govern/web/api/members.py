"""The people of the company, and who you are."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import JSONBody, PathParameter

from govern.domain.actions import Action
from govern.domain.members import Member, MemberState, NotSignedIn
from govern.services.grants import list_grants
from govern.services.member_life import reinstate_member, remove_member, suspend_member
from govern.services.member_links import invite_member, link_address
from govern.services.members import find_by_id, get_member, list_members
from govern.web.api.grants import GrantJson, grant_json
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, CurrentSettings, Now

Email = Annotated[str, PathParameter(description="The member's e-mail address.")]


class MemberJson(msgspec.Struct, kw_only=True):
    """A person of the company. `roles` are those held now, at any scope; `waiting`: has not used their link yet."""

    id: UUID
    email: str
    name: str
    state: MemberState
    language: str
    zone: str
    waiting: bool
    roles: tuple[str, ...]


class MembersJson(msgspec.Struct, kw_only=True):
    """Everybody."""

    items: list[MemberJson]


class MeJson(MemberJson, kw_only=True):
    """You, and the roles you hold now."""

    grants: list[GrantJson]


class InviteInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A person to add."""

    email: Annotated[str, msgspec.Meta(max_length=254)]
    name: Annotated[str, msgspec.Meta(max_length=80)]
    language: Literal["en", "fr"] = "en"
    zone: Annotated[str, msgspec.Meta(max_length=64, description="As Europe/Paris")] = "Europe/Paris"


class InvitationJson(msgspec.Struct, kw_only=True):
    """A person who may join. `link` works once and is told only here; nothing is e-mailed."""

    member: MemberJson
    link: str
    expires_at: datetime


class WhyInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why this is done to a member; it stands in the log."""

    reason: Annotated[str, msgspec.Meta(max_length=500)]


def member_json(member: Member) -> MemberJson:
    """Return a member as programs read it."""
    return msgspec.convert(member, MemberJson, from_attributes=True)


class MembersController(Controller):
    path = "/members"
    tags = ("members",)

    @get(summary="List the members", opt={"action": Action.ACCESS_READ}, responses=problems(403, 422))
    async def list_all(self, *, actor: CurrentActor, access: CurrentAccess, now: Now) -> MembersJson:
        members = await list_members(actor=actor, access=access, now=now)
        return MembersJson(items=[member_json(member) for member in members])

    @get(
        "/{email:str}",
        summary="Read one member",
        opt={"action": Action.ACCESS_READ},
        responses=problems(403, 404, 422),
    )
    async def get_one(self, *, email: Email, actor: CurrentActor, access: CurrentAccess, now: Now) -> MemberJson:
        return member_json(await get_member(email, actor=actor, access=access, now=now))

    @post(
        status_code=201,
        summary="Invite a person",
        description="For a person who was invited and has not joined, the link is made anew and the old one ends.",
        opt={"action": Action.MEMBER_INVITE},
        responses=problems(403, 409, 422),
    )
    async def invite(
        self,
        *,
        data: JSONBody[InviteInput],
        actor: CurrentActor,
        access: CurrentAccess,
        settings: CurrentSettings,
        now: Now,
    ) -> InvitationJson:
        made = await invite_member(**msgspec.structs.asdict(data), actor=actor, access=access, now=now)
        link = link_address(made.link_token, settings.public_url)
        return InvitationJson(member=member_json(made.member), link=link, expires_at=made.expires_at)

    @post(
        "/{email:str}/suspend",
        status_code=200,
        summary="Suspend a member",
        description="They may do nothing until reinstated, from the next decision on; their sessions end.",
        opt={"action": Action.MEMBER_SUSPEND},
        responses=problems(403, 404, 409, 422),
    )
    async def suspend(
        self, *, email: Email, data: JSONBody[WhyInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MemberJson:
        return member_json(await suspend_member(email=email, reason=data.reason, actor=actor, access=access, now=now))

    @post(
        "/{email:str}/reinstate",
        status_code=200,
        summary="Lift a suspension",
        opt={"action": Action.MEMBER_SUSPEND},
        responses=problems(403, 404, 409, 422),
    )
    async def reinstate(
        self, *, email: Email, data: JSONBody[WhyInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MemberJson:
        return member_json(await reinstate_member(email=email, reason=data.reason, actor=actor, access=access, now=now))

    @post(
        "/{email:str}/remove",
        status_code=200,
        summary="Remove a member",
        description="Roles, sessions, tokens and links end at once; what they did stays in the log under their name.",
        opt={"action": Action.MEMBER_REMOVE},
        responses=problems(403, 404, 409, 422),
    )
    async def remove(
        self, *, email: Email, data: JSONBody[WhyInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MemberJson:
        return member_json(await remove_member(email=email, reason=data.reason, actor=actor, access=access, now=now))


@get(
    "/me",
    tags=("members",),
    summary="Read who you are and what you hold",
    opt={"signed_in": "everybody may read their own"},
    responses=problems(422),
)
async def read_me(actor: CurrentActor, access: CurrentAccess, now: Now) -> MeJson:
    member = await find_by_id(actor.member) if actor.member else None
    if member is None:
        raise NotSignedIn
    grants = await list_grants(email=member.email, actor=actor, access=access, now=now)
    return MeJson(
        **msgspec.structs.asdict(member_json(member)),
        grants=[grant_json(grant) for grant in grants],
    )
