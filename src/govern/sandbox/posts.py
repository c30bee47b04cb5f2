"""Posts: create, delete, look up."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath

from govern.sandbox import problems
from govern.sandbox.problems import ApiError, invalid, not_found, read_body, read_id
from govern.sandbox.query import FIELDS, read_query
from govern.sandbox.records import Deleted, User
from govern.sandbox.render import Json, includes, post_json, post_text
from govern.sandbox.text import MAX_POST, weighted_length
from govern.sandbox.world import TheWorld, World

_Request = Request[User, Any, Any]


class Reply(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    in_reply_to_tweet_id: str
    exclude_reply_user_ids: list[str] = msgspec.field(default_factory=list)
    auto_populate_reply_metadata: bool = True


class Media(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    media_ids: list[str]
    tagged_user_ids: list[str] = msgspec.field(default_factory=list)


class NewPost(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /2/tweets`, as far as the sandbox plays it."""

    text: str = ""
    reply: Reply | None = None
    quote_tweet_id: str | None = None
    media: Media | None = None
    reply_settings: str | None = None
    made_with_ai: bool = False


@post("/tweets", status_code=201)
async def create_post(request: _Request, world: TheWorld) -> Json:
    body = await read_body(request, NewPost)
    reply_to = read_id(body.reply.in_reply_to_tweet_id, "in_reply_to_tweet_id") if body.reply else None
    quoted = read_id(body.quote_tweet_id, "quote_tweet_id") if body.quote_tweet_id else None
    _check_text(body)
    _check_target(world, request.user, reply_to, problems.GONE, problems.NOT_SUMMONED)
    _check_target(world, request.user, quoted, problems.GONE_QUOTE, problems.QUOTE_NOT_SUMMONED)
    if world.rules.duplicates and world.state.find_twin(request.user, body.text, reply_to, quoted):
        raise ApiError(403, problems.DUPLICATE)
    new = world.state.add_post(request.user, body.text, in_reply_to=reply_to, quoted=quoted)
    text, _ = post_text(world.state, new)
    return {"data": {"id": str(new.id), "text": text, "edit_history_tweet_ids": [str(new.id)]}}


@delete("/tweets/{post_id:str}", status_code=200)
async def delete_post(request: _Request, world: TheWorld, post_id: FromPath[str]) -> Json:
    found = world.state.posts.get(read_id(post_id))
    if found and found.author != request.user.id:
        raise ApiError(403, problems.NOT_YOURS)
    if found:
        world.state.add(Deleted(id=found.id))
    return {"data": {"deleted": found is not None}}


@get("/tweets/{post_id:str}")
async def get_post(request: _Request, world: TheWorld, post_id: FromPath[str]) -> Json:
    query = read_query(request, FIELDS)
    found = world.state.posts.get(read_id(post_id))
    if found is None:
        return not_found("tweet", "id", post_id)
    more = includes(world.state, [found.author], query, request.user, by="author_id")
    return {"data": post_json(world.state, found, query), **more}


def _check_text(body: NewPost) -> None:
    if body.media is not None:
        raise invalid("Your media IDs are invalid.", media_ids=",".join(body.media.media_ids))
    if not body.text.strip():
        raise invalid("$.text: is missing but it is required", text=body.text)
    if weighted_length(body.text) > MAX_POST:
        problem = invalid(problems.TOO_LONG, text=body.text)
        problem.body["detail"] = problems.TOO_LONG
        raise problem


def _check_target(world: World, author: User, target: int | None, gone: str, not_summoned: str) -> None:
    """Refuse a reply or quote of a post that is not there, or, with the rule on, of one who did not ask for it."""
    if target is None:
        return
    found = world.state.posts.get(target)
    if found is None:
        raise ApiError(403, gone)
    asked = found.author == author.id or world.state.mentions(found, author)
    if world.rules.summoned_replies and not asked:
        raise ApiError(403, not_summoned)
