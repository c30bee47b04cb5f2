"""What an account's keys at X allow, how long they live, and what can go wrong when they are given."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from govern.domain.messages import Kind
from govern.errors import N_, Conflict

LEAST_LIFE = timedelta(minutes=5)
"""With less left, a token is renewed before anything is claimed."""
PENDING_LIFE = timedelta(minutes=10)
"""How long a member may take at X."""
CODE_LIFE = timedelta(seconds=30)
"""How long X takes a code."""
BASE_SCOPES = ("tweet.read", "tweet.write", "users.read", "offline.access")
_EARLIEST, _LATEST = 0.70, 0.80


class Feature(StrEnum):
    """What an account may be used for beyond posts, each with permissions of its own at X."""

    IMAGES = "images"
    """Posts with images."""
    MESSAGES = "messages"
    """Direct messages, read and written."""


FEATURE_SCOPES: Mapping[Feature, tuple[str, ...]] = {
    Feature.IMAGES: ("media.write",),
    Feature.MESSAGES: ("dm.read", "dm.write"),
}


class ConnectFault(StrEnum):
    """Why connecting an account came to nothing."""

    WRONG_USER = "wrong_user"
    """The browser was signed in to X as somebody else."""
    SCOPES = "scopes"
    """A permission was missing that nothing works without."""
    REFUSED = "refused"
    """X did not take the code: it came too late, or twice."""
    APP = "app"
    """X did not take the X app itself: its id, its secret, or its address."""
    AWAY = "away"
    """X gave no answer that can be used."""
    DENIED = "denied"
    """The member may not connect this account any more."""


class Stage(StrEnum):
    """How far a member is who connects an account."""

    NOT_BEGUN = "not_begun"
    """Nothing is on its way, or its time is over."""
    AT_X = "at_x"
    """They may go to X, or are there."""
    EXCHANGING = "exchanging"
    """They came back; the worker asks X for the tokens."""
    CONNECTED = "connected"
    """It is done."""
    FAILED = "failed"
    """It came to nothing; the fault says why."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is; `url` leads to X, while they may still go there."""

    stage: Stage
    url: str = ""
    fault: ConnectFault | None = None
    other_handle: str | None = None
    expires_at: datetime | None = None


class KeysView(msgspec.Struct, frozen=True, kw_only=True):
    """What may be shown of an account's keys."""

    kind: str
    state: str
    reason: str | None
    scopes: tuple[str, ...]
    expires_at: datetime | None
    renewed_at: datetime | None


def scopes_for(features: Iterable[Feature]) -> tuple[str, ...]:
    """Return the fewest permissions that these features need."""
    return (*BASE_SCOPES, *(scope for feature in sorted(set(features)) for scope in FEATURE_SCOPES[feature]))


def missing_scopes(granted: Collection[str] | None, kind: Kind, *, with_image: bool = False) -> tuple[str, ...]:
    """Return the permissions a message needs and its account lacks; None for `granted` are keys that allow all."""
    if granted is None:
        return ()
    needed = [*BASE_SCOPES[:3]]
    if kind is Kind.DM:
        needed += FEATURE_SCOPES[Feature.MESSAGES]
    if with_image:
        needed += FEATURE_SCOPES[Feature.IMAGES]
    return tuple(scope for scope in needed if scope not in granted)


class MissingScopes(Conflict):
    """The account's keys may not do what the message needs. Data: `scopes`."""

    code = "account.missing_scopes"
    template = N_(
        "@{account} is connected to X without {scopes}. An admin must connect it again, then this can be sent."
    )


def renewal_time(issued_at: datetime, life: timedelta, *, spread: float) -> datetime:
    """Return when to renew a token ahead of need: at 75 % of its life, up to 5 % around it, by `spread` (0 to 1).

    Accounts connected in one go do not come back in one go.
    """
    return issued_at + life * (_EARLIEST + (_LATEST - _EARLIEST) * spread)
