"""Rate windows per account and route, and the one the whole X app shares for direct messages."""

from datetime import datetime, timedelta

import msgspec

_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)


class Limit(msgspec.Struct, frozen=True):
    """How many calls a window takes; `shared` by all accounts of the X app, or per account."""

    calls: int
    span: timedelta = _QUARTER
    shared: bool = False


class Window(msgspec.Struct):
    """Where a caller stands: what the `x-rate-limit-*` headers say."""

    limit: int
    remaining: int
    resets_at: datetime


class LimitError(Exception):
    """The window is spent; it holds until `window.resets_at`."""

    def __init__(self, window: Window) -> None:
        super().__init__("Too Many Requests")
        self.window = window


LIMITS: dict[str, tuple[Limit, ...]] = {
    "POST /2/oauth2/token": (Limit(1000),),
    "POST /2/oauth2/revoke": (Limit(1000),),
    "POST /2/tweets": (Limit(100),),
    "GET /2/tweets": (Limit(900),),
    "GET /2/tweets/{}": (Limit(900),),
    "DELETE /2/tweets/{}": (Limit(50),),
    "PUT /2/tweets/{}/hidden": (Limit(50),),
    "GET /2/users": (Limit(900),),
    "GET /2/users/me": (Limit(75),),
    "GET /2/users/{}": (Limit(900),),
    "GET /2/users/by/username/{}": (Limit(900),),
    "GET /2/users/{}/tweets": (Limit(900),),
    "GET /2/users/{}/mentions": (Limit(300),),
    "POST /2/dm_conversations/with/{}/messages": (Limit(15), Limit(1440, _DAY), Limit(1440, _DAY, shared=True)),
    # X allows 15 reads of DMs; a person trying the sandbox should not wait two minutes for one to arrive.
    "GET /2/dm_conversations/with/{}/dm_events": (Limit(300),),
    "GET /2/dm_events": (Limit(300),),
    "GET /2/dm_events/{}": (Limit(300),),
    "POST /2/media/upload": (Limit(500),),
    "GET /2/media/upload": (Limit(1000),),
    "POST /2/media/upload/initialize": (Limit(1875),),
    "POST /2/media/upload/{}/append": (Limit(1875),),
    "POST /2/media/upload/{}/finalize": (Limit(1875),),
    "POST /2/media/metadata": (Limit(500),),
    "POST /2/webhooks": (Limit(450),),
    "GET /2/webhooks": (Limit(450),),
    "PUT /2/webhooks/{}": (Limit(450),),
    "DELETE /2/webhooks/{}": (Limit(450),),
    "POST /2/activity/subscriptions": (Limit(500),),
    "GET /2/activity/subscriptions": (Limit(500),),
    "PUT /2/activity/subscriptions/{}": (Limit(500),),
    "DELETE /2/activity/subscriptions/{}": (Limit(500),),
    "DELETE /2/activity/subscriptions": (Limit(500),),
}


class Windows:
    """Count calls in fixed windows that begin with the first call."""

    def __init__(self) -> None:
        self.overrides: dict[str, int] = {}
        self._open: dict[tuple[int, str, Limit], Window] = {}

    def spend(self, account: int, route: str, now: datetime) -> Window:
        """Take one call out of every window of a route and return the first window, the one X reports.

        Raises:
            LimitError: when one of them is spent; then nothing is taken.
        """
        first, *others = LIMITS[route]
        limits = (Limit(self.overrides.get(route, first.calls), first.span), *others)
        windows = [self._window(account, route, limit, now) for limit in limits]
        for window in windows:
            if window.remaining == 0:
                raise LimitError(window)
        for window in windows:
            window.remaining -= 1
        return windows[0]

    def override(self, calls: dict[str, int]) -> None:
        """Change how many calls the first window of these routes takes; windows already open start anew."""
        self.overrides |= calls
        self._open.clear()

    def limits(self) -> dict[str, int]:
        """Return how many calls the first window of each route takes."""
        return {route: self.overrides.get(route, windows[0].calls) for route, windows in LIMITS.items()}

    def clear(self) -> None:
        self.overrides.clear()
        self._open.clear()

    def _window(self, account: int, route: str, limit: Limit, now: datetime) -> Window:
        key = (0 if limit.shared else account, route, limit)
        window = self._open.get(key)
        if window is None or now >= window.resets_at:
            window = self._open[key] = Window(limit.calls, limit.calls, now + limit.span)
        return window
