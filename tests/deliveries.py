"""What X sends to a webhook, as X would send it; and the small hand that signs it."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from govern.domain.accounts import Account
from govern.xapi.snowflake import snowflake_floor
from tests.sandbox.receiver import sign

SECRET = "the-api-secret"
_numbers = itertools.count(1)


def x_id_at(moment: datetime | None = None) -> str:
    """Return an id that X would have made at this time, always another one."""
    return str(int(snowflake_floor(moment or datetime.now(UTC))) + 1 + next(_numbers) % 4_000_000)


def post_event(
    account: Account, x_id: str, *, text: str = "@Help hello", kind: str = "post.mention.create", **more: Any
) -> bytes:
    """Return the delivery of a post that mentions an account, or answers it."""
    author = more.get("author", "9001")
    payload = {
        "id": x_id,
        "text": text,
        "author_id": author,
        "conversation_id": x_id,
        "edit_history_tweet_ids": [x_id],
        "referenced_tweets": [{"type": "replied_to", "id": more["answers"]}] if "answers" in more else [],
    }
    users = [{"id": author, "username": more.get("handle", "marion"), "name": "Marion"}]
    return envelope(x_id, kind, account.x_user_id, payload, {"users": users})


def dm_event(account: Account, x_id: str, *, text: str = "Where is my parcel?", uuid: str = "", **more: Any) -> bytes:
    """Return the delivery of a private message, in the shape of X's first API."""
    sender, recipient = more.get("sender", "9001"), account.x_user_id
    data = {"text": text, "entities": {"urls": [], "hashtags": []}}
    message = {"target": {"recipient_id": recipient}, "sender_id": sender, "message_data": data}
    event = {"type": "message_create", "id": x_id, "created_timestamp": "0", "message_create": message}
    users = {sender: {"data": {"id": sender, "username": more.get("handle", "marion"), "name": "Marion"}}}
    payload = {"direct_message_events": [event], "users": users}
    return envelope(uuid or f"-{x_id}", "dm.received", recipient, payload, None)


def envelope(uuid: str, kind: str, user: str | None, payload: Mapping[str, Any], includes: object) -> bytes:
    about = {"user_id": user} if user else {}
    data = {"event_uuid": uuid, "filter": about, "event_type": kind, "payload": payload, "tag": "govern"}
    return msgspec.json.encode({"data": data, **({"includes": includes} if includes else {})})


def signed(body: bytes, secret: str = SECRET, *, header: str = "x-twitter-webhooks-signature") -> dict[str, str]:
    return {header: sign(secret, body), "content-type": "application/json"}
