"""Users, posts and direct messages as X answers them: a few fields always, the rest on request."""

from collections.abc import Iterable, Sequence
from typing import Any

from govern.sandbox.ids import stamp
from govern.sandbox.query import Query
from govern.sandbox.records import Dm, Post, User
from govern.sandbox.state import State, names
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


def post_text(state: State, post: Post) -> tuple[str, list[Json]]:
    """Return a post's text as X answers it; a reply begins with the handle of the one it answers."""
    target = state.posts.get(post.in_reply_to or 0)
    handle = state.users[target.author].handle if target and target.author != post.author else ""
    lead = f"@{handle} " if handle and not names(post.text, handle) else ""
    return shown(lead + post.text)


def post_json(state: State, post: Post, query: Query) -> Json:
    text, urls = post_text(state, post)
    target = state.posts.get(post.in_reply_to or 0)
    always = {"id": str(post.id), "text": text, "edit_history_tweet_ids": [str(post.id)]}
    asked = {
        "author_id": str(post.author),
        "created_at": stamp(post.id),
        "conversation_id": str(_conversation(state, post)),
        "entities": {"urls": urls} if urls else None,
        "in_reply_to_user_id": str(target.author) if target else None,
        "referenced_tweets": _references(post) or None,
        "lang": "und",
        "public_metrics": {"retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0},
    }
    return always | _asked(query, "tweet.fields", asked)


def dm_json(dm: Dm, query: Query) -> Json:
    text, urls = shown(dm.text)
    asked = {
        "created_at": stamp(dm.id),
        "sender_id": str(dm.sender),
        "dm_conversation_id": conversation_id(dm.sender, dm.recipient),
        "participant_ids": [str(dm.sender), str(dm.recipient)],
        "entities": {"urls": urls} if urls else None,
    }
    always = {"id": str(dm.id), "event_type": "MessageCreate", "text": text}
    return always | _asked(query, "dm_event.fields", asked)


def conversation_id(one: int, other: int) -> str:
    return f"{min(one, other)}-{max(one, other)}"


def includes(state: State, users: Iterable[int], query: Query, caller: User, *, by: str) -> Json:
    """Return `includes.users` for the expansion `by`, each user once."""
    if not query.wants("expansions", by):
        return {}
    known = [state.users[user] for user in dict.fromkeys(users) if user in state.users]
    return {"includes": {"users": [user_json(state, user, query, caller) for user in known]}} if known else {}


def listing(items: Sequence[Post] | Sequence[Dm], data: list[Json], next_token: str | None) -> Json:
    """Return a page as X does: an empty one has no `data`."""
    meta: Json = {"result_count": len(data)}
    if items and isinstance(items[0], Post):
        meta |= {"newest_id": str(items[0].id), "oldest_id": str(items[-1].id)}
    if next_token:
        meta["next_token"] = next_token
    return ({"data": data} if data else {}) | {"meta": meta}


def _asked(query: Query, kind: str, values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None and query.wants(kind, name)}


def _references(post: Post) -> list[Json]:
    both = (("replied_to", post.in_reply_to), ("quoted", post.quoted))
    return [{"type": kind, "id": str(target)} for kind, target in both if target is not None]


def _conversation(state: State, post: Post) -> int:
    while post.in_reply_to in state.posts:
        post = state.posts[post.in_reply_to]
    return post.in_reply_to or post.id
