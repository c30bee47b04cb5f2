"""Who may call which route: the kinds of credentials X takes there, and the OAuth 2 scopes it asks for."""

from enum import StrEnum

import msgspec

from govern.sandbox.records import User

APP = User(id=1, handle="", name="the X app")
"""Who calls when the X app calls for itself."""
NOBODY = User(id=0, handle="", name="nobody yet")
"""Who calls where tokens are made."""


class Kind(StrEnum):
    """How a request proves who sends it, as X names it."""

    OAUTH1 = "OAuth 1.0a User Context"
    OAUTH2 = "OAuth 2.0 User Context"
    APP_ONLY = "OAuth 2.0 Application-Only"
    NONE = "none"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sent a request, and what they were granted; OAuth 1.0a keys and the X app itself may do all."""

    user: User
    kind: Kind
    scopes: frozenset[str] | None = None
    token: str = ""
    grant: int | None = None

    def lacks(self, scopes: frozenset[str]) -> bool:
        return self.scopes is not None and not scopes <= self.scopes


class Access(msgspec.Struct, frozen=True):
    """What one route asks for."""

    kinds: tuple[Kind, ...]
    scopes: frozenset[str] = frozenset()


def _needs(kinds: tuple[Kind, ...], scopes: str = "") -> Access:
    return Access(kinds, frozenset(scopes.split()))


_USER = (Kind.OAUTH1, Kind.OAUTH2)
_ANY = (*_USER, Kind.APP_ONLY)
_APP = (Kind.APP_ONLY,)
_READ = "tweet.read users.read"
_WRITE = "tweet.read tweet.write users.read"
_DM_READ = "dm.read tweet.read users.read"
_DM_WRITE = "dm.read dm.write tweet.read users.read"

ACCESS: dict[str, Access] = {
    "POST /2/oauth2/token": _needs((Kind.NONE,)),
    "POST /2/oauth2/revoke": _needs((Kind.NONE,)),
    "POST /2/tweets": _needs(_USER, _WRITE),
    "GET /2/tweets": _needs(_ANY, _READ),
    "GET /2/tweets/{}": _needs(_ANY, _READ),
    "DELETE /2/tweets/{}": _needs(_USER, _WRITE),
    "PUT /2/tweets/{}/hidden": _needs(_USER, "tweet.moderate.write tweet.read users.read"),
    "GET /2/users": _needs(_ANY, _READ),
    "GET /2/users/me": _needs(_USER, _READ),
    "GET /2/users/{}": _needs(_ANY, _READ),
    "GET /2/users/by/username/{}": _needs(_ANY, _READ),
    "GET /2/users/{}/tweets": _needs(_ANY, _READ),
    "GET /2/users/{}/mentions": _needs(_ANY, _READ),
    "POST /2/dm_conversations/with/{}/messages": _needs(_USER, _DM_WRITE),
    "GET /2/dm_conversations/with/{}/dm_events": _needs(_USER, _DM_READ),
    "GET /2/dm_events": _needs(_USER, _DM_READ),
    "GET /2/dm_events/{}": _needs(_USER, _DM_READ),
    "POST /2/media/upload": _needs(_USER, "media.write"),
    "GET /2/media/upload": _needs(_USER, "media.write"),
    "POST /2/media/upload/initialize": _needs(_USER, "media.write"),
    "POST /2/media/upload/{}/append": _needs(_USER, "media.write"),
    "POST /2/media/upload/{}/finalize": _needs(_USER, "media.write"),
    "POST /2/media/metadata": _needs(_USER, "media.write"),
    "POST /2/webhooks": _needs(_APP),
    "GET /2/webhooks": _needs(_APP),
    "PUT /2/webhooks/{}": _needs(_APP),
    "DELETE /2/webhooks/{}": _needs(_APP),
    "POST /2/activity/subscriptions": _needs((*_APP, Kind.OAUTH2)),
    "GET /2/activity/subscriptions": _needs((*_APP, Kind.OAUTH2)),
    "PUT /2/activity/subscriptions/{}": _needs(_APP),
    "DELETE /2/activity/subscriptions/{}": _needs(_APP),
    "DELETE /2/activity/subscriptions": _needs(_APP),
}
SCOPES = frozenset(
    {
        *("tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "users.email", "offline.access"),
        *("follows.read", "follows.write", "space.read", "mute.read", "mute.write", "like.read", "like.write"),
        *("list.read", "list.write", "block.read", "block.write", "bookmark.read", "bookmark.write"),
        *("dm.read", "dm.write", "media.write"),
    }
)
"""All X knows."""
