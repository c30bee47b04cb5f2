"""Faults on order: which requests and deliveries they meet, how often, and by what chance."""

import re
from itertools import count
from random import Random
from typing import Any

import msgspec

from govern.sandbox.fault_kinds import FaultKind
from govern.sandbox.problems import ApiError

ANY_ROUTE = "*"
_TOKENS = "/2/oauth2/"


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which calls a fault meets; without a route, every write, or what its kind is for.

    `route` is a path or `METHOD path`, with a `{name}` for any one part, or `*` for all; for a webhook fault it is the
    type of the event. `account` is the handle of the caller, or of who the event is about; `text` a part of the text.
    """

    route: str | None = None
    account: str | None = None
    text: str | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request to the X API, or one event for a webhook, as faults see it."""

    method: str
    path: str
    account: str
    text: str

    @property
    def kind(self) -> str:
        """Return `event`, `read`, `write`, or `token` for what only a fault that names it may meet."""
        if self.method == "EVENT":
            return "event"
        if self.path.startswith(_TOKENS):
            return "token"
        return "read" if self.method == "GET" else "write"


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody asks to go wrong: `times` times, or with a chance for each call that it meets."""

    kind: FaultKind
    match: Match = Match()
    times: int | None = None
    probability: float | None = None
    seed: int = 0
    seconds: float | None = None
    commit: bool | None = None


class Fault:
    """One order and how often it may still be used; None is without end."""

    def __init__(self, number: int, order: Order) -> None:
        self.id = number
        self.order = order
        self.kind = order.kind
        self.times = order.times if order.times is not None or order.probability is not None else 1
        self.left = self.times
        about = order.kind.about
        self.seconds = order.seconds if order.seconds is not None else about.seconds or 0.0
        self.commits = about.commits if order.commit is None else order.commit
        self._chance = Random(order.seed)  # noqa: S311 - the same seed gives the same faults, nothing is secret

    def takes(self, call: Call) -> bool:
        """Use up one time, if the fault meets this call and its chance is up."""
        if self.left == 0 or not self._meets(call):
            return False
        if self.order.probability is not None and self._chance.random() >= self.order.probability:
            return False
        self.left = None if self.left is None else self.left - 1
        return True

    def shown(self) -> dict[str, Any]:
        """Return the order as the control API lists it."""
        order = self.order
        found = {"id": self.id, "kind": self.kind.value, "match": msgspec.to_builtins(order.match)}
        found |= {"times": self.times, "left": self.left, "seconds": order.seconds, "commit": self.commits}
        return found | ({} if order.probability is None else {"probability": order.probability, "seed": order.seed})

    def _meets(self, call: Call) -> bool:
        wanted = self.order.match
        lags = self.kind is FaultKind.READ_LAG  # its text is that of what is not seen
        return (
            self._meets_route(wanted.route, call)
            and (wanted.account is None or wanted.account.removeprefix("@").lower() == call.account.lower())
            and (wanted.text is None or lags or wanted.text in call.text)
        )

    def _meets_route(self, route: str | None, call: Call) -> bool:
        kind = self.kind.about.meets
        if "event" in {kind, call.kind}:
            return kind == call.kind and route in {None, ANY_ROUTE, call.path}
        if route is None:
            return call.kind == kind
        reads = call.kind == "read"
        return _fits(route, call) and (reads or kind != "read") and not (reads and self.commits)


class FaultBook:
    """The faults on order, first come, first used."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._faults: list[Fault] = []

    def order(self, order: Order) -> Fault:
        """Take an order.

        Raises:
            ApiError: 400, when it makes no sense.
        """
        if order.commit is not None and not order.kind.about.either:
            raise ApiError(400, f"{order.kind} decides itself whether the request is carried out.")
        if order.seconds is not None and order.seconds < 0 and order.kind is not FaultKind.CLOCK_SKEW:
            raise ApiError(400, "Only clock_skew takes negative seconds.")
        fault = Fault(next(self._numbers), order)
        self._faults.append(fault)
        return fault

    def take(self, call: Call) -> Fault | None:
        """Use up one time of the first fault that meets this call."""
        return next((fault for fault in self._faults if fault.takes(call)), None)

    def list(self) -> tuple[Fault, ...]:
        return tuple(self._faults)

    def clear(self) -> None:
        self._faults.clear()


def _fits(route: str, call: Call) -> bool:
    method, _, path = route.strip().rpartition(" ")
    if method and method.strip().upper() != call.method:
        return False
    pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", path))
    return path == ANY_ROUTE or re.fullmatch(pattern, call.path) is not None
