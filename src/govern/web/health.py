"""Is this process alive; is the service fit to work? For load balancers and `govern up`."""

import msgspec
from litestar import Response, get

from govern.services.health import readiness
from govern.web.auth import AnyRequest
from govern.web.dependencies import Now

WHY = "says only whether parts answer, to load balancers that hold no token"


class Alive(msgspec.Struct, kw_only=True):
    """The process answers."""

    status: str = "ok"


class Ready(msgspec.Struct, kw_only=True):
    """Whether all parts are fit to work, and each of them."""

    ready: bool
    parts: dict[str, str]


@get(
    "/health/live",
    summary="Is this process alive?",
    tags=("health",),
    opt={"public": WHY},
)
async def live() -> Alive:
    return Alive()


@get(
    ["/health/ready", "/api/v1/health"],
    summary="Is the service fit to work?",
    description="503 if a part it needs is away or behind.",
    tags=("health",),
    opt={"public": WHY},
    security=[],
)
async def ready(request: AnyRequest, now: Now) -> Response[Ready]:
    state = request.app.state
    found = await readiness(state.waker, access=state.access, address=state.settings.x_webhook_url, now=now)
    status = 200 if found.ready else 503
    return Response(Ready(ready=found.ready, parts=dict(found.parts)), status_code=status)


HEALTH = (live, ready)
