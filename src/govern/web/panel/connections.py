"""Connecting an account to X, and disconnecting it."""

from typing import Annotated

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.errors import N_, Conflict, Invalid, Unavailable
from govern.services.connecting import connect_account, disconnect_account
from govern.web.panel.account_page import account_page
from govern.web.panel.desk import AtDesk
from govern.web.panel.forms import FieldFault, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.xapi.credentials import Credentials
from govern.xapi.errors import AuthLost, Refused, XError
from govern.xapi.tweepy_client import TweepyClient
from govern.xapi.vault import Vault

Key = Annotated[str, msgspec.Meta(min_length=5, max_length=200)]


class XAway(Unavailable):
    """X gave no answer we can use while the keys were tried."""

    code = "x.away"
    template = N_("X gave no answer. Nothing was saved; please try again.")


class KeysForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """OAuth 1.0a keys of an account, pasted."""

    access_token: Key
    access_token_secret: Key


class DisconnectForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an account is disconnected."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


@post("/accounts/{handle:str}/connect", status_code=303, opt={"action": Action.ACCOUNT_CONNECT})
async def post_connect(desk: AtDesk, handle: FromPath[str]) -> Response[str] | Redirect:
    """Keep an account's keys, after X said whose they are."""
    form = await read_form(desk.request)
    try:
        data, settings = form.read(KeysForm), desk.settings
        credentials = Credentials(
            api_key=settings.x_api_key,
            api_secret=settings.x_api_secret,
            access_token=data.access_token,
            access_token_secret=data.access_token_secret,
        )
        try:
            client = TweepyClient(credentials, base_url=settings.x_base_url, timeout=settings.send_timeout)
            x_user = await client.me()
        except (AuthLost, Refused) as error:
            reason = _("X does not accept these keys.")
            raise FieldFault(reason=reason, field="access_token") from error
        except XError as error:
            raise XAway from error
        await connect_account(
            handle,
            credentials=credentials,
            vault=Vault.from_settings(settings),
            x_user=x_user,
            actor=desk.actor,
            access=desk.access,
            now=desk.now,
        )
    except (Invalid, Conflict) as error:
        for name in ("access_token", "access_token_secret"):
            form.values.pop(name, None)  # secrets are never sent back
        return await account_page(desk, handle, form.refuse(error), at="connect")
    return go(f"/admin/accounts/{handle}")


@post("/accounts/{handle:str}/disconnect", status_code=303, opt={"action": Action.ACCOUNT_DISCONNECT})
async def post_disconnect(desk: AtDesk, handle: FromPath[str]) -> Response[str] | Redirect:
    """Stop acting as an account."""
    form = await read_form(desk.request)
    try:
        data = form.read(DisconnectForm)
        await disconnect_account(handle, reason=data.reason, actor=desk.actor, access=desk.access, now=desk.now)
    except (Invalid, Conflict) as error:
        return await account_page(desk, handle, form.refuse(error), at="disconnect")
    return go(f"/admin/accounts/{handle}")


ROUTES = (post_connect, post_disconnect)
