"""Users, posts and direct messages as X answers them: a few fields always, the rest on request."""

from collections.abc import Iterable, Sequence
from typing import Any

from govern.sandbox.ids import stamp
from govern.sandbox.query import OLD_TO_NEW, Query
from govern.sandbox.records import Dm, Post, User
from govern.sandbox.shown import Shown, media_json, shown_post
from govern.sandbox.state import State
from govern.sandbox.text import shown

Json = dict[str, Any]


def user_json(state: State, user: User, query: Query, caller: User) -> Json:
    always = {"id": str(user.id), "name": user.name, "username": user.handle}
    posts = (
        sum(post.author == user.id for post in state.posts.values())
        if query.wants("user.fields", "public_metrics")
        else 0
    )
    return always | _asked(
        query,
        "user.fields",
        {
            "created_at": stamp(user.id),
            "description": "",
            "protected": False,
            "verified": user.own,
            "receives_your_dm": state.may_dm(caller, user),
            "public_metrics": {"followers_count": 0, "following_count": 0, "tweet_count": posts, "listed_count": 0},
        },
    )


def created_json(state: State, post: Post) -> Json:
    """Return what X answers to who made a post."""
    return {"data": _always(post, shown_post(state, post))}


def post_json(state: State, post: Post, query: Query) -> Json:
    what = shown_post(state, post)
    answer = _always(post, what) | _asked(query, "tweet.fields", _post_fields(state, post, what))
    return {OLD_TO_NEW.get(name, name): value for name, value in answer.items()} if query.new_names else answer


def dm_json(state: State, dm: Dm, query: Query) -> Json:
    text, urls = shown(dm.text)
    asked = {
        "created_at": stamp(dm.id),
        "sender_id": str(dm.sender),
        "dm_conversation_id": conversation_id(dm.sender, dm.recipient),
        "participant_ids": [str(dm.sender), str(dm.recipient)],
        "attachments": {"media_keys": [state.media[dm.media].key]} if dm.media in state.media else None,
        "entities": {"urls": urls} if urls else None,
    }
    always = {"id": str(dm.id), "event_type": "MessageCreate", "text": text}
    return always | _asked(query, "dm_event.fields", asked)


def conversation_id(one: int, other: int) -> str:
    return f"{min(one, other)}-{max(one, other)}"


def with_users(state: State, users: Iterable[int], query: Query, caller: User, *, by: str) -> Json:
    """Return `includes` with each user once, if the expansion `by` was asked for."""
    if not query.wants("expansions", by):
        return {}
    known = [state.users[user] for user in dict.fromkeys(users) if user in state.users]
    return {"users": [user_json(state, user, query, caller) for user in known]} if known else {}


def includes_of(state: State, posts: Sequence[Post], query: Query, caller: User) -> Json:
    """Return `includes` for posts: their authors, what they answer and quote, their pictures."""
    found = with_users(state, (post.author for post in posts), query, caller, by="author_id")
    if query.wants("expansions", "referenced_tweets.id"):
        targets = dict.fromkeys(target or 0 for post in posts for target in (post.in_reply_to, post.quoted))
        named = [state.posts[target] for target in targets if target in state.posts]
        name = "posts" if query.new_names else "tweets"
        found |= {name: [post_json(state, post, query) for post in named]} if named else {}
    if query.wants("expansions", "attachments.media_keys"):
        media = [state.media[each] for post in posts for each in post.media if each in state.media]
        found |= {"media": [media_json(state, each, query) for each in media]} if media else {}
    return {"includes": found} if found else {}


def listing(items: Sequence[Post] | Sequence[Dm], data: list[Json], next_token: str | None) -> Json:
    """Return a page as X does: an empty one has no `data`."""
    meta: Json = {"result_count": len(data)}
    if items and isinstance(items[0], Post):
        meta |= {"newest_id": str(items[0].id), "oldest_id": str(items[-1].id)}
    if next_token:
        meta["next_token"] = next_token
    return ({"data": data} if data else {}) | {"meta": meta}


def _always(post: Post, what: Shown) -> Json:
    return {"id": str(post.id), "text": what.text, "edit_history_tweet_ids": [str(post.id)]}


def _post_fields(state: State, post: Post, what: Shown) -> Json:
    target = state.posts.get(post.in_reply_to or 0)
    keys = [state.media[each].key for each in post.media if each in state.media]
    return {
        "author_id": str(post.author),
        "created_at": stamp(post.id),
        "conversation_id": str(_conversation(state, post)),
        "entities": what.entities or None,
        "note_tweet": what.note,
        "attachments": {"media_keys": keys} if keys else None,
        "in_reply_to_user_id": str(target.author) if target else None,
        "referenced_tweets": _references(post) or None,
        "reply_settings": post.reply_settings or "everyone",
        "lang": "und",
        "public_metrics": {"retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0},
    }


def _asked(query: Query, kind: str, values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None and query.wants(kind, name)}


def _references(post: Post) -> list[Json]:
    both = (("replied_to", post.in_reply_to), ("quoted", post.quoted))
    return [{"type": kind, "id": str(target)} for kind, target in both if target is not None]


def _conversation(state: State, post: Post) -> int:
    while post.in_reply_to in state.posts:
        post = state.posts[post.in_reply_to]
    return post.in_reply_to or post.id
