"""The people of the company, and who you are."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import PathParameter

from govern.domain.actions import Action
from govern.domain.members import Member, MemberState, NotSignedIn
from govern.services.grants import list_grants
from govern.services.members import find_by_id, get_member, list_members
from govern.web.api.grants import GrantJson, grant_json
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

Email = Annotated[str, PathParameter(description="The member's e-mail address.")]


class MemberJson(msgspec.Struct, kw_only=True):
    """A person of the company. `roles` are those held now, at any scope."""

    id: UUID
    email: str
    name: str
    state: MemberState
    language: str
    zone: str
    roles: tuple[str, ...]


class MembersJson(msgspec.Struct, kw_only=True):
    """Everybody."""

    items: list[MemberJson]


class MeJson(MemberJson, kw_only=True):
    """You, and the roles you hold now."""

    grants: list[GrantJson]


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
