"""What the control API tells about the state: everything, as it was received."""

from typing import Any

from govern.sandbox.courier import Delivery
from govern.sandbox.ids import stamp
from govern.sandbox.ledger import Ledger
from govern.sandbox.records import Dm, Media, Post, User
from govern.sandbox.state import State
from govern.sandbox.world import World

_Json = dict[str, Any]


def whole_state(state: State) -> _Json:
    """Return every post and direct message, oldest first."""
    return {
        "posts": [_post(state, post) for post in list(state.posts.values())],
        "dms": [_dm(state, dm) for dm in list(state.dms.values())],
    }


def account_keys(state: State, account: User) -> _Json:
    return {
        "id": str(account.id),
        "handle": account.handle,
        "name": account.name,
        "api_key": state.app.api_key,
        "api_secret": state.app.api_secret,
        "access_token": account.access_token,
        "access_token_secret": account.access_token_secret,
    }


def person(user: User) -> _Json:
    switches = {"closed_dms": user.closed_dms, "suspended": user.suspended, "long_posts": user.long_posts}
    return {"id": str(user.id), "handle": user.handle, **switches}


def bill(ledger: Ledger) -> _Json:
    """Return what was charged, in millionths of a dollar."""
    counts = {charge.value: count for charge, count in ledger.counts.items()}
    return {"spent": ledger.spent, "credit": ledger.credit, "counts": counts}


def rules(world: World) -> _Json:
    now = world.rules
    return {
        "duplicates": now.duplicates,
        "tier": now.tier.value,
        "media_seconds": now.media_seconds,
        "credit": world.ledger.credit,
        "rate_limits": world.windows.limits(),
    }


def delivery(one: Delivery) -> _Json:
    return {
        "webhook_id": str(one.webhook),
        "event_uuid": one.event_uuid,
        "event_type": one.event_type,
        "account": one.account,
        "fault": one.fault,
        "statuses": one.statuses,
        "delivered": one.delivered,
    }


def _post(state: State, post: Post) -> _Json:
    return {
        "id": str(post.id),
        "account": state.users[post.author].handle,
        "text": post.text,
        "in_reply_to": _id(post.in_reply_to),
        "quoted": _id(post.quoted),
        "media": [_media(state, state.media[each]) for each in post.media if each in state.media],
        "made_with_ai": post.made_with_ai,
        "hidden": post.id in state.hidden,
        "created_at": stamp(post.id),
    }


def _dm(state: State, dm: Dm) -> _Json:
    return {
        "id": str(dm.id),
        "sender": state.users[dm.sender].handle,
        "recipient": state.users[dm.recipient].handle,
        "text": dm.text,
        "media": _media(state, state.media[dm.media]) if dm.media in state.media else None,
        "created_at": stamp(dm.id),
    }


def _media(state: State, media: Media) -> _Json:
    alt = state.alt_texts.get(media.id)
    return {"id": str(media.id), "media_type": media.media_type, "sha256": media.digest, "alt_text": alt}


def _id(given: int | None) -> str | None:
    return None if given is None else str(given)
