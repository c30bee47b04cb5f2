"""Composition root of the web: one application, with everything it needs handed in."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.enums import MediaType
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from govern import __version__, database, log
from govern import settings as settings_
from govern.access import Access, load_bundle
from govern.services.access_listener import follow_access
from govern.services.audit.wrapping import Keks
from govern.services.grant_source import PostgresGrants
from govern.services.health import wait_for
from govern.services.outbox import Waker
from govern.services.policies import load_policies, record_loaded
from govern.services.rights import refuse_strong_role
from govern.settings import Settings
from govern.web.api import API
from govern.web.auth import SAFE_METHODS, AnyRequest
from govern.web.dependencies import DEPENDENCIES
from govern.web.errors import HANDLERS
from govern.web.guards import check_declared, check_signed_in
from govern.web.health import HEALTH
from govern.web.middleware import RequestContext
from govern.web.panel import ROUTES as PANEL_ROUTES
from govern.web.panel import template_config
from govern.web.proof import send_fresh_cookie
from govern.web.webhook import ROUTES as WEBHOOK_ROUTES

logger = log.get(__name__)


def create_app(settings: Settings | None = None) -> Litestar:
    """Build the web application.

    Raises:
        SettingsError, PolicyFault: the environment or a policy file is not fit to start with.
        UndeclaredRouteError: a route says neither its action nor why it needs none.
    """
    settings = settings or settings_.load()
    Keks.from_settings(settings)  # unfit keys end the start, not the first entry that has a comment
    state = State(
        {
            "settings": settings,
            "access": Access(load_bundle(settings.policies / "access"), PostgresGrants()),
            "policies": load_policies(settings.policies),
            "waker": Waker(settings.redis_url),
        }
    )
    app = Litestar(
        [API, *HEALTH, *WEBHOOK_ROUTES, *PANEL_ROUTES],
        state=state,
        dependencies=dict(DEPENDENCIES),
        guards=[check_signed_in],
        exception_handlers=HANDLERS,
        lifespan=[_lifespan],
        after_response=_wake,
        before_send=[send_fresh_cookie],
        template_config=template_config(settings),
        openapi_config=_openapi(),
        logging_config=None,
        debug=False,
    )
    check_declared(app)
    app.asgi_handler = RequestContext(app.asgi_handler, settings)
    return app


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    async with database.pool():
        later: asyncio.Task[None] | None = None
        try:
            await _check_in(app)
        except database.AWAY:  # it may come; until then requests hear 503
            later = asyncio.create_task(wait_for("database", partial(_check_in, app)))
            later.add_done_callback(_stop_if_refused)
        following = asyncio.create_task(follow_access(app.state.access, url=app.state.settings.database_url))
        yield
        following.cancel()
        if later is not None:
            later.cancel()
    await app.state.waker.close()


async def _check_in(app: Litestar) -> None:
    """Refuse a login that may too much, then write into the log which rules are in force."""
    settings: Settings = app.state.settings
    await refuse_strong_role(production=settings.production)
    await record_loaded(app.state.policies, now=datetime.now(UTC))


def _stop_if_refused(check: asyncio.Task[None]) -> None:
    """A refusal that comes late is still a refusal: this process ends as if it had been told to."""
    if not check.cancelled() and (error := check.exception()) is not None:
        logger.error("web.refused", reason=str(error))
        signal.raise_signal(signal.SIGTERM)


async def _wake(request: AnyRequest) -> None:
    """After an answer that may have changed something: hand its wake-ups over, which are committed by now."""
    if request.method not in SAFE_METHODS:
        with suppress(*database.AWAY):
            await request.app.state.waker.wake_due(now=datetime.now(UTC))


def _openapi() -> OpenAPIConfig:
    document = {"public": "the description of the API, which holds no data"}
    return OpenAPIConfig(
        title="govern",
        version=__version__,
        description="Run a company's X accounts under rules. Every change is in the audit log, every refusal too.",
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", description="A token of `govern token create`.")
            }
        ),
        render_plugins=[JsonRenderPlugin(path="/", media_type=MediaType.JSON)],
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, opt=document),
    )
