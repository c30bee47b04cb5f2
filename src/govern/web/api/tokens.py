"""API tokens: one's own, and for admins those of others."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from govern.domain.actions import Action
from govern.domain.members import NotSignedIn
from govern.services.members import find_by_id
from govern.services.tokens import MAX_DAYS, TokenInfo, issue_token, list_tokens, list_tokens_of, revoke_token
from govern.web.api.problems import problems
from govern.web.api.queries import Scope
from govern.web.dependencies import CurrentAccess, CurrentActor, Now


class TokenJson(msgspec.Struct, kw_only=True):
    """A token that works. `actions` null: whatever its owner may but critical actions; `scope` null: wherever."""

    id: UUID
    name: str
    actions: tuple[str, ...] | None
    scope: str | None
    created_at: datetime
    expires_at: datetime


class TokensJson(msgspec.Struct, kw_only=True):
    """Tokens, the oldest first."""

    items: list[TokenJson]


class TokenInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A token to make."""

    name: Annotated[str, msgspec.Meta(max_length=60)]
    days: Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)] = 90
    actions: Annotated[list[str], msgspec.Meta(min_length=1, max_length=100)] | None = None
    scope: Scope | None = None


class IssuedTokenJson(msgspec.Struct, kw_only=True):
    """A fresh token. `token` is told only here."""

    id: UUID
    name: str
    token: str
    expires_at: datetime


class TokensController(Controller):
    path = "/tokens"
    tags = ("tokens",)

    @get(
        summary="List API tokens",
        description="Your own, or those of a member whose tokens you may end.",
        opt={"signed_in": "everybody may list their own; for those of others the right to end them is asked"},
        responses=problems(403, 404, 422),
    )
    async def list_all(
        self,
        *,
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
        member: Annotated[
            str | None, QueryParameter(max_length=254, description="Whose, by e-mail address; your own if absent.")
        ] = None,
    ) -> TokensJson:
        if member is None:
            found = await list_tokens(actor=actor, now=now)
        else:
            found = await list_tokens_of(member, actor=actor, access=access, now=now)
        return TokensJson(items=[_json(each) for each in found])

    @post(
        status_code=201,
        summary="Make an API token of your own",
        description="Critical: it takes a session signed in a moment ago; a token cannot make tokens.",
        opt={"action": Action.TOKEN_ISSUE},
        responses=problems(403, 404, 422),
    )
    async def issue(
        self, *, data: JSONBody[TokenInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> IssuedTokenJson:
        owner = await find_by_id(actor.member) if actor.member else None
        if owner is None:
            raise NotSignedIn
        issued = await issue_token(
            email=owner.email, **msgspec.structs.asdict(data), actor=actor, access=access, now=now
        )
        return IssuedTokenJson(id=issued.id, name=issued.name, token=issued.text, expires_at=issued.expires_at)

    @delete(
        "/{token_id:uuid}",
        status_code=204,
        summary="End an API token",
        description="It holds from the next request on; ending one that has ended changes nothing.",
        opt={"action": Action.TOKEN_REVOKE},
        responses=problems(403, 404, 422),
    )
    async def revoke(self, *, token_id: FromPath[UUID], actor: CurrentActor, access: CurrentAccess, now: Now) -> None:
        await revoke_token(token_id, actor=actor, access=access, now=now)


def _json(token: TokenInfo) -> TokenJson:
    return msgspec.convert(token, TokenJson, from_attributes=True)
