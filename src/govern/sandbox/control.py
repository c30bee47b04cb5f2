"""The control API: accounts and their tokens, what customers do, and all that was said, as it was received."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, delete, get, post
from litestar.params import FromPath
from litestar.types import Guard

from govern.sandbox import customers, orders, snapshot
from govern.sandbox.access import SCOPES
from govern.sandbox.bodies import Body, read
from govern.sandbox.problems import ApiError, read_id
from govern.sandbox.records import Deleted, Revoked, User
from govern.sandbox.state import State
from govern.sandbox.tokens import grant_tokens
from govern.sandbox.world import TheWorld, World

_Request = Request[Any, Any, Any]
_Json = dict[str, Any]
_USUAL_SCOPES = "tweet.read tweet.write users.read offline.access media.write dm.read dm.write"


class InboundKind(StrEnum):
    """What a customer does."""

    MENTION = "mention"
    """A public post that names one of our accounts, or answers or quotes it."""
    DM = "dm"
    """A direct message to one of our accounts."""


class NewAccount(Body):
    handle: str
    name: str = ""


class NewTokens(Body):
    """`seconds` is how long the access token lives."""

    handle: str
    scopes: str = _USUAL_SCOPES
    seconds: Annotated[float, msgspec.Meta(gt=0)] = 7200.0


class Inbound(Body, rename={"sender": "from", "account": "to"}):
    kind: InboundKind
    sender: str
    account: str
    text: str
    in_reply_to: str | None = None
    quote: str | None = None


class PersonChange(Body):
    """Absent fields stay as they are."""

    handle: str
    closed_dms: bool | None = None
    suspended: bool | None = None
    long_posts: bool | None = None


class Handle(Body):
    handle: str


@get("/health")
async def health() -> _Json:
    return {"status": "ok"}


@get("/state")
async def show_state(world: TheWorld) -> _Json:
    """Return every post and direct message, oldest first, with the text as it was received."""
    return snapshot.whole_state(world.state)


@get("/app")
async def show_app(world: TheWorld) -> _Json:
    """Return the keys of the X app: for OAuth 1.0a, for OAuth 2, and its app-only token."""
    app = world.state.app
    return {
        "api_key": app.api_key,
        "api_secret": app.api_secret,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "bearer_token": app.bearer,
    }


@post("/accounts", status_code=200)
async def add_account(request: _Request, world: TheWorld) -> _Json:
    """Return the account of this handle with its credentials; it is made on first use."""
    body = await read(request, NewAccount)
    handle = customers.clean_handle(body.handle)
    account = world.state.find_user(handle) or world.state.add_account(handle, body.name.strip() or handle)
    if not account.own:
        raise ApiError(409, f"@{account.handle} is a customer already.")
    return snapshot.account_keys(world.state, account)


@post("/tokens", status_code=201)
async def make_tokens(request: _Request, world: TheWorld) -> _Json:
    """Return OAuth 2 tokens of an account, as if its owner had agreed on the authorize page."""
    body = await read(request, NewTokens)
    account = customers.own_account(world.state, body.handle)
    scopes = tuple(body.scopes.split())
    if not scopes or not SCOPES.issuperset(scopes):
        raise ApiError(400, f"X knows these scopes: {' '.join(sorted(SCOPES))}.")
    return grant_tokens(world, account.id, scopes, timedelta(seconds=body.seconds))


@post("/revoke", status_code=200)
async def revoke(request: _Request, world: TheWorld) -> _Json:
    """Let an account's owner take back, on X, all that was granted by OAuth 2; tells how much that was."""
    body = await read(request, Handle)
    return {"revoked": take_back(world, customers.own_account(world.state, body.handle))}


@post("/inbound", status_code=201)
async def write_inbound(request: _Request, world: TheWorld) -> _Json:
    return {"id": str(receive(world.state, await read(request, Inbound)))}


@delete("/posts/{post_id:str}", status_code=204)
async def remove_post(world: TheWorld, post_id: FromPath[str]) -> None:
    """Let whoever wrote a post delete it."""
    found = world.state.posts.get(read_id(post_id))
    if found is None:
        raise ApiError(404, f"There is no post {post_id}.")
    world.state.add(Deleted(id=found.id))


@post("/customers", status_code=200)
async def change_customer(request: _Request, world: TheWorld) -> _Json:
    """Change a customer, who appears on first use: open or close their messages, suspend them."""
    body = await read(request, PersonChange)
    return change(world, customers.customer(world.state, body.handle), body)


@post("/people", status_code=200)
async def change_person(request: _Request, world: TheWorld) -> _Json:
    """Change anybody who is there, our own accounts too."""
    body = await read(request, PersonChange)
    user = world.state.find_user(customers.clean_handle(body.handle))
    if user is None:
        raise ApiError(404, f"Nobody here is called @{body.handle.removeprefix('@')}.")
    return change(world, user, body)


def take_back(world: World, account: User) -> int:
    """End all grants of an account."""
    living = world.state.grants.living(account.id)
    for grant in living:
        world.state.add(Revoked(grant=grant.id, by_user=True))
    return len(living)


def change(world: World, user: User, body: PersonChange) -> _Json:
    """Write down what changes about a person."""
    wanted = {"closed_dms": body.closed_dms, "suspended": body.suspended, "long_posts": body.long_posts}
    given = {name: value for name, value in wanted.items() if value is not None}
    return snapshot.person(world.state.add(msgspec.structs.replace(user, **given)))


def receive(state: State, inbound: Inbound) -> int:
    """Let a customer write, and return the id of the post or message."""
    if inbound.kind is InboundKind.DM:
        return customers.write_dm(state, inbound.sender, inbound.account, inbound.text)
    answers = read_id(inbound.in_reply_to, "in_reply_to") if inbound.in_reply_to else None
    quotes = read_id(inbound.quote, "quote") if inbound.quote else None
    return customers.write_post(
        state, inbound.sender, inbound.account, inbound.text, in_reply_to=answers, quoted=quotes
    )


def router(guard: Guard) -> Router:
    """Return the control API behind its guard; only the health check stands outside."""
    inside = [
        show_state,
        show_app,
        add_account,
        make_tokens,
        revoke,
        write_inbound,
        remove_post,
        change_customer,
        change_person,
    ]
    guarded = Router(path="/", guards=[guard], route_handlers=[*inside, *orders.HANDLERS])
    return Router(path="/_sandbox", route_handlers=[health, guarded])
