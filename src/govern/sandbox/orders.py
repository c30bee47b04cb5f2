"""The control API's other half: faults, rules, credits, the clock, deliveries, and a fresh start."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post

from govern.sandbox import snapshot
from govern.sandbox.bodies import Body, read
from govern.sandbox.fault_kinds import FaultKind
from govern.sandbox.faults import Match, Order
from govern.sandbox.limits import LIMITS
from govern.sandbox.problems import ApiError
from govern.sandbox.world import TheWorld, Tier

_Request = Request[Any, Any, Any]
_Json = dict[str, Any]
_YEAR_S = 31_536_000


class FaultOrder(Body):
    """`times` is one unless a `probability` is given: then it is as often as it happens."""

    kind: str
    match: Match = Match()
    times: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    probability: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    seed: int = 0
    seconds: Annotated[float, msgspec.Meta(ge=-3600, le=3600)] | None = None
    commit: bool | None = None


class RulesChange(Body):
    """Absent fields stay as they are.

    `rate_limits` maps a route, as in the list of limits, to calls per window. `credit` is in millionths of a dollar;
    null is without end.
    """

    duplicates: bool | Annotated[int, msgspec.Meta(ge=1)] | None = None
    tier: Tier | None = None
    media_seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None
    credit: int | msgspec.UnsetType | None = msgspec.UNSET
    rate_limits: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = msgspec.field(default_factory=dict)


class Advance(Body):
    seconds: Annotated[float, msgspec.Meta(ge=-_YEAR_S, le=_YEAR_S)]


@post("/faults", status_code=201)
async def order_fault(request: _Request, world: TheWorld) -> _Json:
    body = await read(request, FaultOrder)
    order = Order(
        kind=fault_kind(body.kind),
        match=body.match,
        times=body.times,
        probability=body.probability,
        seed=body.seed,
        seconds=body.seconds,
        commit=body.commit,
    )
    return world.faults.order(order).shown()


@get("/faults")
async def list_faults(world: TheWorld) -> _Json:
    kinds = {kind.value: kind.about.text for kind in FaultKind}
    return {"faults": [fault.shown() for fault in world.faults.list()], "kinds": kinds}


@delete("/faults", status_code=204)
async def clear_faults(world: TheWorld) -> None:
    world.faults.clear()


@get("/rules")
async def show_rules(world: TheWorld) -> _Json:
    return snapshot.rules(world)


@post("/rules", status_code=200)
async def change_rules(request: _Request, world: TheWorld) -> _Json:
    body = await read(request, RulesChange)
    for route in body.rate_limits:
        if route not in LIMITS:
            raise ApiError(400, f"Unknown route {route!r}; known are: {', '.join(LIMITS)}.")
    if body.rate_limits:
        world.windows.override(body.rate_limits)
    for name in ("duplicates", "tier", "media_seconds"):
        if getattr(body, name) is not None:
            setattr(world.rules, name, getattr(body, name))
    if body.credit is not msgspec.UNSET:
        world.ledger.credit = body.credit
    return snapshot.rules(world)


@get("/bill")
async def show_bill(world: TheWorld) -> _Json:
    """Return what the calls so far cost, in millionths of a dollar."""
    return snapshot.bill(world.ledger)


@get("/deliveries")
async def list_deliveries(world: TheWorld) -> _Json:
    """Return the last thousand events that webhooks were to get, oldest first."""
    return {"deliveries": [snapshot.delivery(one) for one in world.courier.deliveries]}


@get("/clock")
async def show_clock(world: TheWorld) -> _Json:
    return {"now": world.clock.now().isoformat()}


@post("/clock", status_code=200)
async def advance_clock(request: _Request, world: TheWorld) -> _Json:
    """Move the sandbox's time: ids, windows, tokens and codes follow, OAuth 1.0a timestamps stay on the real time.

    Backwards is the clock of a server that runs behind; ids rise all the same.
    """
    body = await read(request, Advance)
    world.clock.advance(timedelta(seconds=body.seconds))
    return {"now": world.clock.now().isoformat()}


@post("/reset", status_code=204)
async def reset(world: TheWorld) -> None:
    world.reset()


def fault_kind(given: str) -> FaultKind:
    """Raises ApiError 400 with the known kinds when this is none of them."""
    if given not in set(FaultKind):
        raise ApiError(400, f"Unknown fault kind {given!r}; known are: {', '.join(FaultKind)}.")
    return FaultKind(given)


HANDLERS = (
    order_fault,
    list_faults,
    clear_faults,
    show_rules,
    change_rules,
    show_bill,
    list_deliveries,
    show_clock,
    advance_clock,
    reset,
)
