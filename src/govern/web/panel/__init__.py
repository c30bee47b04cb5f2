"""The admin panel: pages for people, from the same services as the API."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Router, get
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect
from litestar.template import TemplateConfig

from govern.settings import Settings, shipped
from govern.web.guards import find_signed_in
from govern.web.panel import (
    account_page,
    accounts,
    approvals,
    audit,
    audit_export,
    badge,
    can,
    changes,
    charts,
    compose,
    confirm,
    connecting,
    conversations,
    decisions,
    editing,
    erasure,
    grants,
    i18n,
    images,
    invitations,
    limits,
    matrix,
    membership,
    message_actions,
    messages,
    overview,
    own_tokens,
    pauses,
    people,
    permissions,
    policy,
    policy_try,
    saved_views,
    second_factors,
    security,
    session,
    settings_page,
    unknown,
    who,
    why,
)
from govern.web.panel.assets import asset, static_file
from govern.web.panel.desk import provide_desk
from govern.web.panel.forms import Form
from govern.web.panel.keys import keys


async def choose_language(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Speak the member's language; before signing in, what the browser asks for if there is a catalogue."""
    request = Request[Any, Any, Any](connection.scope)
    signed_in = await find_signed_in(request)
    wanted = connection.headers.get("accept-language", "")[:2].lower()
    i18n.speak(signed_in.member.language if signed_in else wanted)


@get("/", opt={"public": "leads to the panel"}, include_in_schema=False)
async def show_root() -> Redirect:
    """Lead to the panel."""
    return Redirect("/admin", status_code=303)


ROUTES = (
    show_root,
    static_file,
    Router(
        "/admin",
        route_handlers=[
            *session.ROUTES,
            *confirm.ROUTES,
            *overview.ROUTES,
            *approvals.ROUTES,
            *conversations.ROUTES,
            *compose.ROUTES,
            *messages.ROUTES,
            *images.ROUTES,
            *editing.ROUTES,
            *message_actions.ROUTES,
            *unknown.ROUTES,
            *permissions.ROUTES,
            *accounts.ROUTES,
            *limits.ROUTES,
            *account_page.ROUTES,
            *connecting.ROUTES,
            *people.ROUTES,
            *grants.ROUTES,
            *matrix.ROUTES,
            *changes.ROUTES,
            *can.ROUTES,
            *who.ROUTES,
            *policy.ROUTES,
            *policy_try.ROUTES,
            *why.ROUTES,
            *invitations.ROUTES,
            *membership.ROUTES,
            *audit.ROUTES,
            *badge.ROUTES,
            *saved_views.ROUTES,
            *audit_export.ROUTES,
            *erasure.ROUTES,
            *pauses.ROUTES,
            *decisions.ROUTES,
            *settings_page.ROUTES,
            *security.ROUTES,
            *second_factors.ROUTES,
            *own_tokens.ROUTES,
        ],
        dependencies={"desk": Provide(provide_desk)},
        guards=[choose_language],
        exception_handlers=confirm.HANDLERS,
        include_in_schema=False,
    ),
)


def template_config(_settings: Settings) -> TemplateConfig[JinjaTemplateEngine]:
    """Return the panel's templates: escaped, strict about names, translated where they are shown."""
    env = Environment(
        loader=FileSystemLoader(shipped("admin") / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals |= {
        "asset": asset,
        "keys": keys,
        "blank": Form,
        "say": i18n.in_language,
        "language": i18n.language,
        "meter": charts.meter,
        "bar": charts.bar,
    }
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(env))
