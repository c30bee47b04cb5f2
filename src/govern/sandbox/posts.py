"""Posts: create, delete, look up, hide replies."""

from typing import Any, Literal

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import FromPath

from govern.sandbox import problems
from govern.sandbox.attachments import usable
from govern.sandbox.ids import time_of
from govern.sandbox.ledger import Charge
from govern.sandbox.problems import ApiError, invalid, not_found, read_body, read_id
from govern.sandbox.query import FIELDS, read_ids, read_query
from govern.sandbox.records import Deleted, Hidden, Post, User
from govern.sandbox.render import Json, created_json, includes_of, post_json
from govern.sandbox.text import MAX_LONG_POST, MAX_POST, cashtags, has_link, weighted_length
from govern.sandbox.world import TheWorld, Tier, World

_Request = Request[User, Any, Any]


class _Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body with nothing but its fields."""


class Reply(_Body):
    in_reply_to_tweet_id: str
    exclude_reply_user_ids: list[str] = msgspec.field(default_factory=list)
    auto_populate_reply_metadata: bool = True


class Attached(_Body):
    media_ids: list[str]
    tagged_user_ids: list[str] = msgspec.field(default_factory=list)


class NewPost(_Body):
    """The body of `POST /2/tweets`, as far as the sandbox plays it."""

    text: str = ""
    reply: Reply | None = None
    quote_tweet_id: str | None = None
    media: Attached | None = None
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = None
    made_with_ai: bool = False


class Hide(_Body):
    hidden: bool


@post("/tweets", status_code=201)
async def create_post(request: _Request, world: TheWorld) -> Json:
    body = await read_body(request, NewPost)
    wanted = Post(
        id=0,
        author=request.user.id,
        text=body.text,
        in_reply_to=read_id(body.reply.in_reply_to_tweet_id, "in_reply_to_tweet_id") if body.reply else None,
        quoted=read_id(body.quote_tweet_id, "quote_tweet_id") if body.quote_tweet_id else None,
        media=usable(world, request.user, body.media.media_ids) if body.media else (),
        made_with_ai=body.made_with_ai,
        reply_settings=body.reply_settings,
    )
    _check_text(world, request.user, wanted)
    _check_targets(world, request.user, wanted)
    if _has_twin(world, wanted):
        raise ApiError(403, problems.DUPLICATE)
    new = world.state.add(msgspec.structs.replace(wanted, id=world.state.ids.next()))
    world.ledger.bill(_charge(new))
    return created_json(world.state, new)


@delete("/tweets/{post_id:str}", status_code=200)
async def delete_post(request: _Request, world: TheWorld, post_id: FromPath[str]) -> Json:
    found = world.state.posts.get(read_id(post_id))
    if found and found.author != request.user.id:
        raise ApiError(403, problems.NOT_YOURS)
    if found:
        world.state.add(Deleted(id=found.id))
    return {"data": {"deleted": found is not None}}


@put("/tweets/{post_id:str}/hidden", status_code=200)
async def hide_reply(request: _Request, world: TheWorld, post_id: FromPath[str]) -> Json:
    """Hide a reply, or show it again: for the author of what it answers."""
    body = await read_body(request, Hide)
    found = world.state.posts.get(read_id(post_id))
    answered = world.state.posts.get(found.in_reply_to or 0) if found else None
    if found is None or answered is None or answered.author != request.user.id:
        raise ApiError(403, problems.NOT_YOUR_THREAD)
    world.state.add(Hidden(id=found.id, hidden=body.hidden))
    return {"data": {"hidden": body.hidden}}


@get("/tweets/{post_id:str}")
async def get_post(request: _Request, world: TheWorld, post_id: FromPath[str]) -> Json:
    query = read_query(request, FIELDS)
    found = world.state.posts.get(read_id(post_id))
    if found is None or not query.sees(found):
        return not_found("tweet", "id", post_id)
    world.ledger.bill(Charge.READ_POST)
    more = includes_of(world.state, [found], query, request.user)
    return {"data": post_json(world.state, found, query), **more}


@get("/tweets")
async def get_posts(request: _Request, world: TheWorld) -> Json:
    """Look up to a hundred posts up; those that are not there come as errors beside the others."""
    query = read_query(request, FIELDS | {"ids"})
    ids = read_ids(request)
    found = [each for one in ids if query.sees(each := world.state.posts.get(one)) and each is not None]
    missing = set(ids) - {each.id for each in found}
    errors = [error for one in ids if one in missing for error in not_found("tweet", "ids", one)["errors"]]
    world.ledger.bill(Charge.READ_POST, len(found))
    data = {"data": [post_json(world.state, each, query) for each in found]} if found else {}
    more = includes_of(world.state, found, query, request.user)
    return data | more | ({"errors": errors} if errors else {})


def _check_text(world: World, author: User, wanted: Post) -> None:
    if not wanted.text.strip() and not wanted.media:
        raise invalid("$.text: is missing but it is required", text=wanted.text)
    if weighted_length(wanted.text) > (MAX_LONG_POST if author.long_posts else MAX_POST):
        problem = invalid(problems.TOO_LONG, text=wanted.text)
        problem.body["detail"] = problems.TOO_LONG
        raise problem
    if world.rules.tier is Tier.SELF_SERVE and len(cashtags(wanted.text)) > 1:
        raise ApiError(403, problems.CASHTAGS)


def _check_targets(world: World, author: User, wanted: Post) -> None:
    """Refuse what answers or quotes a post that is not there, or that X's self-serve tier keeps from us."""
    posts, strict = world.state.posts, world.rules.tier is Tier.SELF_SERVE
    answered, quoted = posts.get(wanted.in_reply_to or 0), posts.get(wanted.quoted or 0)
    if wanted.in_reply_to is not None and answered is None:
        raise ApiError(403, problems.GONE)
    if wanted.quoted is not None and quoted is None:
        raise ApiError(403, problems.GONE_QUOTE)
    if strict and answered and not world.state.engages(answered, author):
        raise ApiError(403, problems.NOT_SUMMONED)
    if strict and quoted and quoted.author != author.id:
        raise ApiError(403, problems.QUOTE_NOT_SUMMONED)


def _has_twin(world: World, wanted: Post) -> bool:
    since = world.rules.duplicates_since(world.clock.now())
    return since is not None and any(time_of(twin) >= since for twin in world.state.find_twins(wanted))


def _charge(new: Post) -> Charge:
    if has_link(new.text):
        return Charge.POST_WITH_URL
    return Charge.SUMMONED_REPLY if new.in_reply_to else Charge.POST
