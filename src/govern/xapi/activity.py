"""The X Activity API: where X sends events (webhooks), and which it sends (subscriptions). Tweepy has neither."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

import msgspec

from govern.xapi.answers import Deletion, Made
from govern.xapi.call import MAX_PAGES, Caller
from govern.xapi.credentials import Keys
from govern.xapi.errors import OutcomeUnknown, Refused
from govern.xapi.session import parse_address

T = TypeVar("T")
_WEBHOOKS = "/2/webhooks"
_SUBSCRIPTIONS = "/2/activity/subscriptions"
_MAX_RESULTS = 1000


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address of ours that X knows. X marks it invalid when a check of it failed."""

    id: str
    url: str
    valid: bool = False


class _Filter(msgspec.Struct, frozen=True):
    user_id: str | None = None


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """X sends events of this type, of this user, to this webhook."""

    subscription_id: str
    event_type: str
    webhook_id: str | None = None
    tag: str | None = None
    filter: _Filter = _Filter()

    @property
    def user_id(self) -> str | None:
        """Whose events they are."""
        return self.filter.user_id


class _Subscribed(msgspec.Struct, frozen=True):
    subscription: Subscription


class _Valid(msgspec.Struct, frozen=True):
    valid: bool = False


class _Meta(msgspec.Struct, frozen=True):
    next_token: str | None = None


class _Listed(msgspec.Struct, frozen=True):
    data: list[object] = []
    meta: _Meta = _Meta()


class ActivityClient:
    """The Activity API, asked with the X app's own token; only `subscribe` to private events takes an account's.

    Raises:
        ValueError: `base_url` is not an address.
    """

    def __init__(self, keys: Keys, *, base_url: str, timeout: timedelta) -> None:
        self._x = Caller(keys, parse_address(base_url), timeout)

    async def webhooks(self) -> list[Webhook]:
        """Return the webhooks of this X app."""
        return await self._all("webhooks", _WEBHOOKS, Webhook)

    async def create_webhook(self, url: str) -> Webhook:
        """Tell X an address of ours. X asks it at once whether it is (CRC): it must answer by then."""
        made, _ = await self._x.write("create_webhook", self._x.to("POST", _WEBHOOKS, json={"url": url}), Made[Webhook])
        return made.data

    async def validate_webhook(self, webhook_id: str) -> bool:
        """Let X check again an address it marked invalid; tell whether it will."""
        path = f"{_WEBHOOKS}/{_plain(webhook_id)}"
        made, _ = await self._x.write("validate_webhook", self._x.to("PUT", path), Made[_Valid])
        return made.data.valid

    async def delete_webhook(self, webhook_id: str) -> None:
        """Let X forget an address; one that is gone already is fine."""
        await self._delete("delete_webhook", f"{_WEBHOOKS}/{_plain(webhook_id)}")

    async def subscriptions(self) -> list[Subscription]:
        """Return what this X app is subscribed to."""
        return await self._all("subscriptions", _SUBSCRIPTIONS, Subscription, max_results=_MAX_RESULTS)

    async def subscribe(
        self, event_type: str, *, user_id: str | None, webhook_id: str, tag: str | None = None
    ) -> Subscription:
        """Ask for events of one type about one user; without a user, for one about the X app (`oauth.revoke`).

        Private ones (direct messages, mentions) ask for that user's own token.
        """
        chosen = {"user_id": user_id} if user_id else {}
        body: dict[str, object] = {"event_type": event_type, "filter": chosen, "webhook_id": webhook_id}
        body |= {"tag": tag} if tag else {}
        made, _ = await self._x.write("subscribe", self._x.to("POST", _SUBSCRIPTIONS, json=body), Made[_Subscribed])
        return made.data.subscription

    async def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; one that is gone already is fine."""
        await self._delete("unsubscribe", f"{_SUBSCRIPTIONS}/{_plain(subscription_id)}")

    async def _delete(self, operation: str, path: str) -> None:
        try:
            await self._x.write(operation, self._x.to("DELETE", path), Made[Deletion])
        except Refused as refused:
            if refused.reason not in {"not_found", "invalid"}:  # X calls an id it does not know invalid
                raise

    async def _all(self, operation: str, path: str, form: type[T], **params: int) -> list[T]:
        """Read every page of a list."""
        found: list[T] = []
        asked: Mapping[str, object] = params
        for _ in range(MAX_PAGES):
            page = await self._x.read(operation, self._x.to("GET", path, params=asked), _Listed)
            found += [msgspec.convert(item, form) for item in page.data]
            if page.meta.next_token is None:
                return found
            asked = {**params, "pagination_token": page.meta.next_token}
        raise OutcomeUnknown("endless_pages")


def _plain(x_id: str) -> str:
    """Let only what an id of X is made of into a path."""
    if not (x_id.isascii() and x_id.replace("-", "").isalnum()):
        raise ValueError("an X id has letters and digits only")
    return x_id
