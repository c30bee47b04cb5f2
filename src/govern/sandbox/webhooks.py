"""Webhooks: register, list, check again, delete. For the X app itself only."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import FromPath

from govern.sandbox.courier import note_check
from govern.sandbox.crc import Checked, check, is_fit
from govern.sandbox.ids import stamp
from govern.sandbox.problems import ApiError, invalid, read_body, read_id
from govern.sandbox.records import User, Webhook, WebhookGone
from govern.sandbox.render import Json
from govern.sandbox.world import TheWorld, World

_Request = Request[User, Any, Any]
MOST = 5


class NewWebhook(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    url: str


@post("/webhooks", status_code=200)
async def register(request: _Request, world: TheWorld) -> Json:
    """Register an address that passes its check there and then."""
    body = await read_body(request, NewWebhook)
    known = world.state.hooks.webhooks
    if not is_fit(body.url):
        raise _refused("UrlValidationFailed: the address must be https, without a port.", body.url)
    if any(webhook.url == body.url for webhook in known.values()):
        raise _refused("DuplicateUrlFailed: the X app has a webhook of this address.", body.url)
    if len(known) >= MOST:
        raise _refused(f"WebhookLimitExceeded: the X app has {MOST} webhooks.", body.url)
    if await check(world.state.app, body.url) is not Checked.PASSED:
        raise _refused("CrcValidationFailed: the address did not answer the check as it should.", body.url)
    now = world.clock.now().timestamp()
    made = world.state.add(Webhook(id=world.state.ids.next(), url=body.url, valid=True, checked_at=now))
    return {"data": _shown(made)}


@get("/webhooks")
async def list_webhooks(world: TheWorld) -> Json:
    found = [_shown(webhook) for webhook in world.state.hooks.webhooks.values()]
    return {"data": found, "meta": {"result_count": len(found)}}


@put("/webhooks/{webhook_id:str}", status_code=200)
async def check_again(world: TheWorld, webhook_id: FromPath[str]) -> Json:
    """Check a webhook, and turn it on again if it passes."""
    webhook = _find(world, webhook_id)
    found = await check(world.state.app, webhook.url)
    checked = note_check(world.state, world.clock, webhook, found)
    if not checked.valid:
        raise _refused("CrcValidationFailed: the address did not answer the check as it should.", webhook.url)
    return {"data": {"valid": checked.valid}}


@delete("/webhooks/{webhook_id:str}", status_code=200)
async def remove(world: TheWorld, webhook_id: FromPath[str]) -> Json:
    world.state.add(WebhookGone(id=_find(world, webhook_id).id))
    return {"data": {"deleted": True}}


def _find(world: World, given: str) -> Webhook:
    found = world.state.hooks.webhooks.get(read_id(given, "webhook_id"))
    if found is None:
        raise invalid("WebhookIdInvalid: the X app has no such webhook.", webhook_id=given)
    return found


def _refused(message: str, url: str) -> ApiError:
    return invalid(message, url=url)


def _shown(webhook: Webhook) -> Json:
    return {"id": str(webhook.id), "url": webhook.url, "valid": webhook.valid, "created_at": stamp(webhook.id)}
