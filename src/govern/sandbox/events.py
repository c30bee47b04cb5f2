"""What the X Activity API tells webhooks: which events a record causes, about whom, and what they carry."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

import msgspec

from govern.sandbox.access import APP
from govern.sandbox.ids import time_of
from govern.sandbox.query import Query
from govern.sandbox.records import AnyRecord, Deleted, Dm, Post, Revoked, Subscription
from govern.sandbox.render import Json, post_json, user_json
from govern.sandbox.state import State, names
from govern.sandbox.text import shown

_POST = "author_id created_at conversation_id entities note_tweet attachments in_reply_to_user_id referenced_tweets"
_ALL = Query(
    fields={
        "tweet.fields": frozenset(f"{_POST} reply_settings lang public_metrics".split()),
        "user.fields": frozenset({"created_at", "description", "protected", "verified", "public_metrics"}),
    },
    new_names=False,
    lag=None,
    max_results=1,
    before=None,
    since_id=None,
    until_id=None,
    start_time=None,
    end_time=None,
)
PUBLIC = frozenset({"post.create", "post.delete"})
PRIVATE = {
    "post.mention.create": "tweet.read",
    "post.reply.create": "tweet.read",
    "post.quote.create": "tweet.read",
    "dm.received": "dm.read",
    "dm.sent": "dm.read",
}
"""Events an account must have agreed to, each with the scope they need."""
OF_APP = frozenset({"oauth.revoke"})


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event about one account, before it is known who wants it. `object_id` is X's id of what happened, if any."""

    type: str
    user: int
    payload: Json
    text: str = ""
    object_id: int | None = None
    includes: Json | None = None


def caused_by(state: State, record: AnyRecord, gone: Post | None, now: datetime) -> Iterator[Event]:
    """Give the events of a record that has just become true. `gone` is the post it deleted."""
    match record:
        case Post():
            yield from _post_events(state, record)
        case Deleted() if gone is not None:
            payload = {"id": str(gone.id), "author_id": str(gone.author)}
            yield Event(type="post.delete", user=gone.author, payload=payload, text=gone.text)
        case Dm():
            payload = _dm_payload(state, record)
            for kind, user in (("dm.received", record.recipient), ("dm.sent", record.sender)):
                yield Event(type=kind, user=user, payload=payload, text=record.text)
        case Revoked(by_user=True):
            user = state.grants.user_of(record.grant)
            at = now.isoformat(timespec="seconds")
            payload = {"date_time": at, "user_id": str(user), "app_id": str(APP.id)}
            yield Event(type="oauth.revoke", user=user, payload=payload)
        case _:
            pass


def envelope(event: Event, subscription: Subscription) -> Json:
    """Return what is delivered.

    X takes a post's own id as `event_uuid`, so that two subscriptions of one post share it; all others get a number of
    64 bits that may be negative.
    """
    wanted = {"user_id": str(subscription.user)} if subscription.user is not None else {}
    seed = msgspec.json.encode([subscription.id, event.type, event.payload])
    number = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big", signed=True)
    data: Json = {
        "event_uuid": str(event.object_id or number),
        "filter": wanted,
        "event_type": event.type,
        "payload": event.payload,
    }
    data |= {"tag": subscription.tag} if subscription.tag else {}
    return {"data": data | ({"includes": event.includes} if event.includes else {})}


def _post_events(state: State, post: Post) -> Iterator[Event]:
    payload = post_json(state, post, _ALL)
    author = state.users[post.author]
    about = [("post.create", post.author)]
    others = [user for user in state.users.values() if user.own and user.id != post.author]
    about += [("post.mention.create", user.id) for user in others if names(post.text, user.handle)]
    for kind, target in (("post.reply.create", post.in_reply_to), ("post.quote.create", post.quoted)):
        found = state.posts.get(target or 0)
        if found is not None and found.author != post.author:
            about.append((kind, found.author))
    for kind, user_id in about:
        both = {author.id: author, user_id: state.users[user_id]}
        users = [user_json(state, user, _ALL, author) for user in both.values()]
        yield Event(
            type=kind, user=user_id, payload=payload, text=post.text, object_id=post.id, includes={"users": users}
        )


def _dm_payload(state: State, dm: Dm) -> Json:
    """Return a message in the shape of X's first API, which its events have kept."""
    text, urls = shown(dm.text)
    data: Json = {"text": text, "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": urls}}
    created = {"target": {"recipient_id": str(dm.recipient)}, "sender_id": str(dm.sender), "message_data": data}
    users = {
        str(each): {"data": user_json(state, state.users[each], _ALL, state.users[each])}
        for each in (dm.sender, dm.recipient)
    }
    event = {
        "type": "message_create",
        "id": str(dm.id),
        "created_timestamp": str(int(time_of(dm.id).timestamp() * 1000)),
        "message_create": created,
    }
    return {"direct_message_events": [event], "users": users}
