"""One's own API tokens: made with limits, shown once, ended."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.errors import Conflict, Invalid
from govern.services.tokens import issue_token, revoke_token
from govern.web.auth import SECURITY
from govern.web.panel.desk import AtDesk
from govern.web.panel.forms import go, read_form
from govern.web.panel.security_page import show_security


class TokenForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new API token; no scope and no actions: all that its owner may."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 90
    scope: str | None = None
    actions: list[str] = []


@post("/settings/security/tokens", status_code=303, opt={"action": Action.TOKEN_ISSUE})
async def post_token(desk: AtDesk) -> Response[str]:
    """Make an API token; its text is in this one answer and never again."""
    form = await read_form(desk.request)
    try:
        data = form.read(TokenForm)
        issued = await issue_token(
            email=desk.session.member.email,
            name=data.name,
            days=data.days,
            actions=data.actions or None,
            scope=data.scope,
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )
    except (Invalid, Conflict) as error:
        return await show_security(desk, form.refuse(error), at="token")
    return await show_security(desk, issued=issued)


@post("/settings/security/tokens/{token:uuid}/revoke", status_code=303, opt={"action": Action.TOKEN_REVOKE})
async def post_revoke_token(desk: AtDesk, token: FromPath[UUID]) -> Redirect:
    """End an API token of one's own."""
    await revoke_token(token, actor=desk.actor, access=desk.access, now=desk.now)
    return go(f"{SECURITY}?done=token")


ROUTES = (post_token, post_revoke_token)
