"""One's own security: the page, the password, the sessions."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from govern.domain.members import SignInDelayed, SignInFailed
from govern.errors import Conflict, Invalid
from govern.services.sessions import sign_out, sign_out_others
from govern.services.step_up import change_password
from govern.web.auth import SECURITY, client_address
from govern.web.panel.desk import AtDesk
from govern.web.panel.forms import FieldFault, go, read_form
from govern.web.panel.i18n import error_sentence
from govern.web.panel.i18n import gettext as _
from govern.web.panel.security_page import show_security
from govern.web.proof import keep_cookie

OWN = {"signed_in": "how one signs in oneself"}


class PasswordForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password."""

    old: Annotated[str, msgspec.Meta(max_length=128)]
    new: Annotated[str, msgspec.Meta(min_length=12, max_length=128)]


@get("/settings/security", opt=OWN)
async def get_security(desk: AtDesk, done: FromQuery[str] = "") -> Response[str]:
    """How one signs in, and where one is signed in."""
    return await show_security(desk, done=done)


@post("/settings/security/password", status_code=303, opt=OWN)
async def post_password(desk: AtDesk) -> Response[str] | Redirect:
    """Change the password; all other sessions end."""
    form = await read_form(desk.request)
    try:
        data = form.read(PasswordForm)
        signed = await change_password(
            old=data.old,
            new=data.new,
            session_id=desk.session.id,
            actor=desk.actor,
            now=desk.now,
            address=client_address(desk.request),
        )
    except (Invalid, Conflict) as error:
        return await show_security(desk, form.refuse(error), at="password")
    except SignInFailed as error:
        late = isinstance(error, SignInDelayed)
        fault = FieldFault(reason=error_sentence(error) if late else _("This is not your password."), field="old")
        return await show_security(desk, form.refuse(fault), at="password")
    keep_cookie(desk.request, signed)
    return go(f"{SECURITY}?done=password")


@post("/settings/security/sessions/{session_id:uuid}/end", status_code=303, opt=OWN)
async def post_end_session(desk: AtDesk, session_id: FromPath[UUID]) -> Redirect:
    """End another session of one's own."""
    await sign_out(session_id, actor=desk.actor, now=desk.now)
    return go(f"{SECURITY}?done=session")


@post("/settings/security/sessions/end-others", status_code=303, opt=OWN)
async def post_end_others(desk: AtDesk) -> Redirect:
    """End every session of one's own but this one."""
    await sign_out_others(desk.session.id, actor=desk.actor, now=desk.now)
    return go(f"{SECURITY}?done=sessions")


ROUTES = (get_security, post_password, post_end_session, post_end_others)
