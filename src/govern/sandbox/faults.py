"""Faults on order: what can go wrong between a client and X, asked for through the control API."""

import re
from enum import StrEnum
from itertools import count

import msgspec

ANY_ROUTE = "*"


class FaultKind(StrEnum):
    """What goes wrong. The first three kinds carry the request out; the others do not."""

    COMMIT_THEN_DROP = "commit_then_drop"
    """Done, then the connection is cut without an answer."""
    COMMIT_THEN_SLOW = "commit_then_slow"
    """Done, but the answer comes after `seconds` (45), unless the client has gone."""
    BAD_JSON_201 = "bad_json_201"
    """Done, answered 201 with half a JSON document."""
    DROP_BEFORE_COMMIT = "drop_before_commit"
    """Not done; the connection is cut without an answer."""
    HTML_503 = "html_503"
    """Not done; 503 with a page in HTML."""
    REDIRECT_307 = "redirect_307"
    """Not done; 307 to the same address."""
    RATE_LIMIT = "rate_limit"
    """Not done; 429, with a window that opens in `seconds` (5)."""
    NO_CREDITS = "no_credits"
    """Not done; 402, the X app has no credits."""
    REVOKE_TOKEN = "revoke_token"  # noqa: S105 - the name of a fault
    """Not done; 401, as if the token had been revoked."""
    REFUSE = "refuse"
    """Not done; 403 without a reason."""
    UNAVAILABLE = "unavailable"
    """Not done; 503 in JSON."""

    @property
    def commits(self) -> bool:
        return self in {FaultKind.COMMIT_THEN_DROP, FaultKind.COMMIT_THEN_SLOW, FaultKind.BAD_JSON_201}


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests a fault meets; without a route, every write.

    `route` is a path or `METHOD path`, with a `{name}` for any one part, or `*` for all; `account` the handle of the
    caller; `text` a part of the text sent.
    """

    route: str | None = None
    account: str | None = None
    text: str | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request to the X API, as faults see it."""

    method: str
    path: str
    account: str
    text: str

    @property
    def writes(self) -> bool:
        return self.method != "GET"


class Fault(msgspec.Struct, kw_only=True):
    """One order; it is used up after `times` requests."""

    id: int
    kind: FaultKind
    match: Match
    times: int
    left: int
    seconds: float | None = None

    def meets(self, call: Call) -> bool:
        wanted = self.match
        return (
            _meets_route(wanted.route, call)
            and (call.writes or not self.kind.commits)
            and (wanted.account is None or wanted.account.removeprefix("@").lower() == call.account.lower())
            and (wanted.text is None or wanted.text in call.text)
        )


class FaultBook:
    """The faults on order, first come, first used."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._faults: list[Fault] = []

    def order(self, kind: FaultKind, match: Match, times: int, seconds: float | None) -> Fault:
        fault = Fault(id=next(self._numbers), kind=kind, match=match, times=times, left=times, seconds=seconds)
        self._faults.append(fault)
        return fault

    def take(self, call: Call) -> Fault | None:
        """Use up one time of the first fault that meets this call."""
        for fault in self._faults:
            if fault.left and fault.meets(call):
                fault.left -= 1
                return fault
        return None

    def list(self) -> tuple[Fault, ...]:
        return tuple(self._faults)

    def clear(self) -> None:
        self._faults.clear()


def _meets_route(route: str | None, call: Call) -> bool:
    if route is None:
        return call.writes
    method, _, path = route.strip().rpartition(" ")
    if method and method.strip().upper() != call.method:
        return False
    pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", path))
    return path == ANY_ROUTE or re.fullmatch(pattern, call.path) is not None
