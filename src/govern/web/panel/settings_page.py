"""One's own settings: how the panel looks. How one signs in is on the page `security`."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from govern.errors import Conflict, Invalid
from govern.services.members import change_settings
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View
from govern.web.panel.zones import zone_options

_OWN = {"signed_in": "one's own settings"}


class LookForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the panel looks for oneself."""

    language: Literal["en", "fr"]
    zone: str
    theme: Literal["system", "light", "dark"]
    single_keys: bool = False


class SettingsPage(View, frozen=True, kw_only=True):
    form: Form
    language: str
    zone: str
    zones: Sequence[tuple[str, str]]
    theme: str
    single_keys: bool
    saved: bool


@get("/settings", opt=_OWN)
async def show_settings(desk: AtDesk, done: FromQuery[str] = "") -> Response[str]:
    """One's own settings."""
    return await _page(desk, Form(), saved=done == "look")


@post("/settings", status_code=303, opt=_OWN)
async def post_look(desk: AtDesk) -> Response[str] | Redirect:
    """Change language, zone, theme and keys."""
    form = await read_form(desk.request)
    try:
        await change_settings(**msgspec.structs.asdict(form.read(LookForm)), actor=desk.actor)
    except (Invalid, Conflict) as error:
        return await _page(desk, form.refuse(error))
    return go("/admin/settings?done=look")


async def _page(desk: Desk, form: Form, *, saved: bool = False) -> Response[str]:
    member = desk.session.member
    page = SettingsPage(
        form=form,
        language=member.language,
        zone=member.zone,
        zones=zone_options(member.zone),
        theme=desk.session.theme,
        single_keys=desk.session.single_keys,
        saved=saved,
    )
    return await desk.show("pages/settings.html", page, here="settings", title=_("Settings"), status=form.status)


ROUTES = (show_settings, post_look)
