"""Subscriptions of the X Activity API: which events of which account go to which webhook."""

from typing import Any, Literal

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import FromPath

from govern.sandbox.access import Caller, Kind
from govern.sandbox.events import OF_APP, PRIVATE, PUBLIC
from govern.sandbox.ids import iso, stamp
from govern.sandbox.problems import ApiError, forbidden, invalid, read_body, read_id
from govern.sandbox.query import read_ids
from govern.sandbox.records import Subscription, SubscriptionGone, User
from govern.sandbox.render import Json
from govern.sandbox.world import TheWorld, Tier, World

_Request = Request[User, Caller, Any]
MOST = {Tier.SELF_SERVE: 1_500, Tier.ENTERPRISE: 75_000}


class _Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body with nothing but its fields."""


class Filter(_Body):
    user_id: str | None = None
    keyword: str | None = None
    direction: Literal["inbound", "outbound"] | None = None


class NewSubscription(_Body):
    event_type: str
    filter: Filter = msgspec.field(default_factory=Filter)
    tag: str | None = None
    webhook_id: str | None = None


class Change(_Body):
    tag: str | None = None
    webhook_id: str | None = None


@post("/activity/subscriptions", status_code=200)
async def subscribe(request: _Request, world: TheWorld) -> Json:
    """Subscribe to events of an account; what is private only with that account's own token."""
    body = await read_body(request, NewSubscription)
    user = _whose(request, world, body)
    known = world.state.hooks.subscriptions
    if len(known) >= MOST[world.rules.tier]:
        raise ApiError(403, "Your account has reached the maximum number of subscriptions.")
    new = Subscription(
        id=0,
        event_type=body.event_type,
        user=user,
        webhook=_webhook(world, body.webhook_id),
        tag=body.tag,
        direction=body.filter.direction,
        updated_at=world.clock.now().timestamp(),
    )
    if any(_same(each, new) for each in known.values()):
        raise invalid("DuplicateSubscriptionFailed: there is such a subscription.", event_type=body.event_type)
    made = world.state.add(msgspec.structs.replace(new, id=world.state.ids.next()))
    return {"data": {"subscription": _shown(made)}, "meta": _meta(world)}


@get("/activity/subscriptions")
async def list_subscriptions(request: _Request, world: TheWorld) -> Json:
    """List them all; an account's own token sees its own."""
    only = request.user.id if request.auth.kind is Kind.OAUTH2 else None
    found = [each for each in world.state.hooks.subscriptions.values() if only in {None, each.user}]
    return {"data": [_shown(each) for each in found], "meta": _meta(world)}


@put("/activity/subscriptions/{subscription_id:str}", status_code=200)
async def change(request: _Request, world: TheWorld, subscription_id: FromPath[str]) -> Json:
    body = await read_body(request, Change)
    found = _find(world, subscription_id)
    webhook = _webhook(world, body.webhook_id) if body.webhook_id else found.webhook
    updated = world.clock.now().timestamp()
    new = msgspec.structs.replace(found, tag=body.tag or found.tag, webhook=webhook, updated_at=updated)
    return {"data": {"subscription": _shown(world.state.add(new)), **_meta(world)}, "meta": _meta(world)}


@delete("/activity/subscriptions/{subscription_id:str}", status_code=200)
async def unsubscribe(world: TheWorld, subscription_id: FromPath[str]) -> Json:
    world.state.add(SubscriptionGone(id=_find(world, subscription_id).id))
    return {"data": {"deleted": True}, "meta": _meta(world)}


@delete("/activity/subscriptions", status_code=200)
async def unsubscribe_many(request: _Request, world: TheWorld) -> Json:
    """Delete those named by `ids`; each that is not there is an error beside the others."""
    data, errors = [], []
    for one in read_ids(request):
        if one in world.state.hooks.subscriptions:
            world.state.add(SubscriptionGone(id=one))
            data.append({"subscription_id": str(one), "deleted": True})
        else:
            errors.append({"subscription_id": str(one), "reason": "NotFound", "message": "There is none of this id."})
    return {"data": data, "meta": _meta(world)} | ({"errors": errors} if errors else {})


def _whose(request: _Request, world: World, body: NewSubscription) -> int | None:
    """Return the account the events are about.

    Raises:
        ApiError: 400 for an event or account X does not have, 403 for private events without that account's consent.
    """
    if body.event_type not in PUBLIC | OF_APP | PRIVATE.keys():
        raise invalid(
            f"$.event_type: [{body.event_type}] is not an event the sandbox plays", event_type=body.event_type
        )
    if body.filter.keyword is not None:
        raise invalid("$.filter.keyword: is for news only", keyword=body.filter.keyword)
    if body.filter.user_id is None:
        if body.event_type in OF_APP:
            return None
        raise invalid("$.filter.user_id: is missing but it is required", event_type=body.event_type)
    user = world.state.users.get(read_id(body.filter.user_id, "user_id"))
    if user is None:
        raise invalid(f"There is no user [{body.filter.user_id}]", user_id=body.filter.user_id)
    scope = PRIVATE.get(body.event_type)
    if scope is not None and (request.user.id != user.id or request.auth.lacks(frozenset({scope}))):
        raise forbidden()
    return user.id


def _webhook(world: World, given: str | None) -> int | None:
    if given is None:
        return None
    if read_id(given, "webhook_id") not in world.state.hooks.webhooks:
        raise invalid("WebhookIdInvalid: the X app has no such webhook.", webhook_id=given)
    return int(given)


def _find(world: World, given: str) -> Subscription:
    found = world.state.hooks.subscriptions.get(read_id(given, "subscription_id"))
    if found is None:
        raise ApiError(404, f"Could not find subscription with id: [{given}].", title="Not Found Error")
    return found


def _same(one: Subscription, other: Subscription) -> bool:
    return (one.event_type, one.user, one.webhook) == (other.event_type, other.user, other.webhook)


def _meta(world: World) -> Json:
    return {"total_subscriptions": len(world.state.hooks.subscriptions)}


def _shown(subscription: Subscription) -> Json:
    wanted = {"user_id": str(subscription.user)} if subscription.user is not None else {}
    told = {
        "subscription_id": str(subscription.id),
        "event_type": subscription.event_type,
        "filter": wanted | ({"direction": subscription.direction} if subscription.direction else {}),
        "created_at": stamp(subscription.id),
        "updated_at": iso(subscription.updated_at),
    }
    told |= {"tag": subscription.tag} if subscription.tag else {}
    return told | ({"webhook_id": str(subscription.webhook)} if subscription.webhook is not None else {})
