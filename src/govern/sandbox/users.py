"""Users, their posts, and the posts that mention them."""

from collections.abc import Callable
from typing import Any

from litestar import Request, get
from litestar.params import FromPath

from govern.sandbox.customers import HANDLE
from govern.sandbox.ledger import Charge
from govern.sandbox.problems import ApiError, invalid, not_found, read_id, suspended
from govern.sandbox.query import FIELDS, PAGE, RANGE, page, read_ids, read_query
from govern.sandbox.records import Post, User
from govern.sandbox.render import Json, includes_of, listing, post_json, user_json
from govern.sandbox.world import TheWorld, World

_Request = Request[User, Any, Any]
_KNOWN = FIELDS | PAGE | RANGE | {"exclude"}
_SIZES = (5, 10, 100)


@get("/users/me")
async def get_me(request: _Request, world: TheWorld) -> Json:
    query = read_query(request, FIELDS)
    return {"data": user_json(world.state, request.user, query, request.user)}


@get("/users")
async def get_users(request: _Request, world: TheWorld) -> Json:
    """Look up to a hundred users up; those that are not there come as errors beside the others."""
    read_query(request, FIELDS | {"ids"})
    answers = [_answer(request, world, world.state.users.get(one), "ids", str(one)) for one in read_ids(request)]
    data = [answer["data"] for answer in answers if "data" in answer]
    errors = [error for answer in answers for error in answer.get("errors", ())]
    return ({"data": data} if data else {}) | ({"errors": errors} if errors else {})


@get("/users/{user_id:str}")
async def get_user(request: _Request, world: TheWorld, user_id: FromPath[str]) -> Json:
    return _answer(request, world, world.state.users.get(read_id(user_id)), "id", user_id)


@get("/users/by/username/{handle:str}")
async def get_user_by_handle(request: _Request, world: TheWorld, handle: FromPath[str]) -> Json:
    if not HANDLE.fullmatch(handle):
        raise invalid(f"The `username` query parameter value [{handle}] is not valid", username=handle)
    return _answer(request, world, world.state.find_user(handle), "username", handle)


@get("/users/{user_id:str}/tweets")
async def list_posts(request: _Request, world: TheWorld, user_id: FromPath[str]) -> Json:
    user = _user(world, user_id)
    no_replies = "replies" in request.query_params.get("exclude", "").split(",")
    return _timeline(
        request, world, lambda post: post.author == user.id and not (no_replies and post.in_reply_to is not None)
    )


@get("/users/{user_id:str}/mentions")
async def list_mentions(request: _Request, world: TheWorld, user_id: FromPath[str]) -> Json:
    user = _user(world, user_id)
    return _timeline(request, world, lambda post: world.state.mentions(post, user))


def _answer(request: _Request, world: World, user: User | None, parameter: str, value: str) -> Json:
    query = read_query(request, FIELDS | {"ids"} if parameter == "ids" else FIELDS)
    if user is None:
        return not_found("user", parameter, value)
    if user.suspended:
        return suspended(parameter, value)
    world.ledger.bill(Charge.READ_USER)
    return {"data": user_json(world.state, user, query, request.user)}


def _user(world: World, user_id: str) -> User:
    user = world.state.users.get(read_id(user_id))
    if user is None:
        raise ApiError(404, f"Could not find user with id: [{user_id}].", title="Not Found Error")
    return user


def _timeline(request: _Request, world: World, keep: Callable[[Post], bool]) -> Json:
    query = read_query(request, _KNOWN, sizes=_SIZES)
    found, token = page(world.state.newest_posts(), query, keep)
    world.ledger.bill(Charge.READ_POST, len(found))
    answer = listing(found, [post_json(world.state, post, query) for post in found], token)
    return answer | includes_of(world.state, found, query, request.user)
