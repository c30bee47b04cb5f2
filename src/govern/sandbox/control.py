"""The control API: accounts, what customers write, faults, rules, the clock, and all that was said, as it was received."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Router, delete, get, post
from litestar.types import Guard

from govern.sandbox import customers
from govern.sandbox.faults import FaultKind, Match
from govern.sandbox.ids import stamp
from govern.sandbox.limits import LIMITS
from govern.sandbox.problems import ApiError, read_id
from govern.sandbox.records import Dm, Post, User
from govern.sandbox.state import State
from govern.sandbox.world import TheWorld, World

_Request = Request[Any, Any, Any]
_Json = dict[str, Any]
_T = TypeVar("_T")


class InboundKind(StrEnum):
    """What a customer does."""

    MENTION = "mention"
    """A public post that names one of our accounts."""
    DM = "dm"
    """A direct message to one of our accounts."""


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body with nothing but its fields."""


class NewAccount(Body):
    handle: str
    name: str = ""


class Inbound(Body, rename={"sender": "from", "account": "to"}):
    kind: InboundKind
    sender: str
    account: str
    text: str
    in_reply_to: str | None = None


class FaultOrder(Body):
    kind: str
    match: Match = Match()
    times: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] | None = None


class CustomerChange(Body):
    handle: str
    closed_dms: bool


class RulesChange(Body):
    """Absent fields stay as they are; `rate_limits` maps a route, as in the list of limits, to calls per window."""

    duplicates: bool | None = None
    summoned_replies: bool | None = None
    rate_limits: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = msgspec.field(default_factory=dict)


class Advance(Body):
    seconds: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]


@get("/health")
async def health() -> _Json:
    return {"status": "ok"}


@get("/state")
async def show_state(world: TheWorld) -> _Json:
    """Return every post and direct message, oldest first, with the text as it was received."""
    state = world.state
    return {
        "posts": [_post(state, post) for post in state.posts.values()],
        "dms": [_dm(state, dm) for dm in state.dms.values()],
    }


@post("/accounts", status_code=200)
async def add_account(request: _Request, world: TheWorld) -> _Json:
    """Return the account of this handle with its credentials; it is made on first use."""
    body = await _read(request, NewAccount)
    handle = customers.clean_handle(body.handle)
    account = world.state.find_user(handle) or world.state.add_account(handle, body.name.strip() or handle)
    if not account.own:
        raise ApiError(409, f"@{account.handle} is a customer already.")
    return {"id": str(account.id), "handle": account.handle, "name": account.name, **_credentials(world.state, account)}


@post("/inbound", status_code=201)
async def write_inbound(request: _Request, world: TheWorld) -> _Json:
    body = await _read(request, Inbound)
    return {"id": str(receive(world.state, body))}


@post("/customers", status_code=200)
async def change_customer(request: _Request, world: TheWorld) -> _Json:
    """Open or close a customer's direct messages."""
    body = await _read(request, CustomerChange)
    known = customers.customer(world.state, body.handle)
    user = world.state.add(msgspec.structs.replace(known, closed_dms=body.closed_dms))
    return {"id": str(user.id), "handle": user.handle, "closed_dms": user.closed_dms}


@post("/faults", status_code=201)
async def order_fault(request: _Request, world: TheWorld) -> _Json:
    body = await _read(request, FaultOrder)
    fault = world.faults.order(fault_kind(body.kind), body.match, body.times, body.seconds)
    return dict(msgspec.to_builtins(fault))


@get("/faults")
async def list_faults(world: TheWorld) -> _Json:
    return {"faults": msgspec.to_builtins(world.faults.list()), "kinds": list(FaultKind)}


@delete("/faults", status_code=204)
async def clear_faults(world: TheWorld) -> None:
    world.faults.clear()


@get("/rules")
async def show_rules(world: TheWorld) -> _Json:
    return _rules(world)


@post("/rules", status_code=200)
async def change_rules(request: _Request, world: TheWorld) -> _Json:
    body = await _read(request, RulesChange)
    for route in body.rate_limits:
        if route not in LIMITS:
            raise ApiError(400, f"Unknown route {route!r}; known are: {', '.join(LIMITS)}.")
    world.windows.override(body.rate_limits)
    if body.duplicates is not None:
        world.rules.duplicates = body.duplicates
    if body.summoned_replies is not None:
        world.rules.summoned_replies = body.summoned_replies
    return _rules(world)


@post("/clock", status_code=200)
async def advance_clock(request: _Request, world: TheWorld) -> _Json:
    """Move the sandbox's time forward: ids and rate windows follow, OAuth timestamps stay on the real time."""
    body = await _read(request, Advance)
    world.clock.advance(timedelta(seconds=body.seconds))
    return {"now": world.clock.now().isoformat()}


@post("/reset", status_code=204)
async def reset(world: TheWorld) -> None:
    world.reset()


def receive(state: State, inbound: Inbound) -> int:
    """Let a customer write, and return the id of the post or message."""
    if inbound.kind is InboundKind.DM:
        return customers.write_dm(state, inbound.sender, inbound.account, inbound.text)
    answers = read_id(inbound.in_reply_to, "in_reply_to") if inbound.in_reply_to else None
    return customers.write_mention(state, inbound.sender, inbound.account, inbound.text, answers)


def fault_kind(given: str) -> FaultKind:
    """Raises ApiError 400 with the known kinds when this is none of them."""
    if given not in set(FaultKind):
        raise ApiError(400, f"Unknown fault kind {given!r}; known are: {', '.join(FaultKind)}.")
    return FaultKind(given)


def router(guard: Guard) -> Router:
    """Return the control API behind its guard; only the health check stands outside."""
    inside = [show_state, add_account, write_inbound, change_customer, order_fault, list_faults, clear_faults]
    inside += [show_rules, change_rules, advance_clock, reset]
    guarded = Router(path="/", guards=[guard], route_handlers=inside)
    return Router(path="/_sandbox", route_handlers=[health, guarded])


async def _read(request: _Request, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, str(error)) from error


def _rules(world: World) -> _Json:
    limits = {route: world.windows.overrides.get(route, windows[0].calls) for route, windows in LIMITS.items()}
    rules = world.rules
    return {"duplicates": rules.duplicates, "summoned_replies": rules.summoned_replies, "rate_limits": limits}


def _credentials(state: State, account: User) -> _Json:
    return {
        "api_key": state.app.api_key,
        "api_secret": state.app.api_secret,
        "access_token": account.access_token,
        "access_token_secret": account.access_token_secret,
    }


def _post(state: State, post: Post) -> _Json:
    return {
        "id": str(post.id),
        "account": state.users[post.author].handle,
        "text": post.text,
        "in_reply_to": None if post.in_reply_to is None else str(post.in_reply_to),
        "created_at": stamp(post.id),
    }


def _dm(state: State, dm: Dm) -> _Json:
    return {
        "id": str(dm.id),
        "sender": state.users[dm.sender].handle,
        "recipient": state.users[dm.recipient].handle,
        "text": dm.text,
        "created_at": stamp(dm.id),
    }
