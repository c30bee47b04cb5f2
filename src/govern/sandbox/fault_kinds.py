"""What can go wrong between a client and X, each kind in words."""

from enum import StrEnum

import msgspec


class FaultKind(StrEnum):
    """What goes wrong; `about` says how."""

    COMMIT_THEN_DROP = "commit_then_drop"
    COMMIT_THEN_SLOW = "commit_then_slow"
    BAD_JSON_201 = "bad_json_201"
    EMPTY_200 = "empty_200"
    TRUNCATED = "truncated"
    DROP_BEFORE_COMMIT = "drop_before_commit"
    HTML_503 = "html_503"
    UNAVAILABLE = "unavailable"
    REDIRECT_307 = "redirect_307"
    RATE_LIMIT = "rate_limit"
    RATE_LIMIT_88 = "rate_limit_88"
    RATE_LIMIT_DAY = "rate_limit_day"
    USAGE_CAP = "usage_cap"
    NO_CREDITS = "no_credits"
    EXPIRE_TOKEN = "expire_token"  # noqa: S105 - the name of a fault
    REVOKE_TOKEN = "revoke_token"  # noqa: S105 - the name of a fault
    SUSPENDED = "suspended"
    REFUSE = "refuse"
    CLOCK_SKEW = "clock_skew"
    READ_LAG = "read_lag"
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    REORDER_WEBHOOKS = "reorder_webhooks"
    DROP_WEBHOOK = "drop_webhook"

    @property
    def about(self) -> "About":
        return ABOUT[self]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """One kind in words; what it meets if no route is ordered; and whether the request is carried out.

    `commits` is None where the request is answered, or not, as ever; `either` lets the order decide.
    """

    text: str
    meets: str = "write"
    commits: bool | None = False
    either: bool = False
    seconds: float | None = None


def _about(text: str, **more: bool | str | float | None) -> About:
    return msgspec.convert({"text": text, **more}, About)


ABOUT: dict[FaultKind, About] = {
    FaultKind.COMMIT_THEN_DROP: _about("Done, then the connection is cut without an answer.", commits=True),
    FaultKind.COMMIT_THEN_SLOW: _about(
        "Done, but the answer comes after `seconds`, unless the client has gone.", commits=True, seconds=45.0
    ),
    FaultKind.BAD_JSON_201: _about("201 with half a JSON document, said to be whole.", commits=True, either=True),
    FaultKind.EMPTY_200: _about("200 with nothing in it.", commits=True, either=True),
    FaultKind.TRUNCATED: _about("The connection is cut in the middle of the answer.", commits=True),
    FaultKind.DROP_BEFORE_COMMIT: _about("Not done; the connection is cut without an answer."),
    FaultKind.HTML_503: _about("503 with a page in HTML.", either=True),
    FaultKind.UNAVAILABLE: _about("503 in JSON.", either=True),
    FaultKind.REDIRECT_307: _about("307 to the same address.", either=True),
    FaultKind.RATE_LIMIT: _about("Not done; 429, with a window that opens in `seconds`.", seconds=5.0),
    FaultKind.RATE_LIMIT_88: _about("The same with the body of X's first API, code 88.", seconds=5.0),
    FaultKind.RATE_LIMIT_DAY: _about(
        "The same with the headers of a day's limit per user; the usual window is open.", seconds=5.0
    ),
    FaultKind.USAGE_CAP: _about("Not done; 429 for the month's quota, with calls left in the window."),
    FaultKind.NO_CREDITS: _about("Not done; 402, the X app has no credits."),
    FaultKind.EXPIRE_TOKEN: _about("Not done; 401, and an OAuth 2 access token stays worthless: refresh it."),
    FaultKind.REVOKE_TOKEN: _about(
        "Not done; 401, and an OAuth 2 grant is over for good, as if its owner had taken it back on X."
    ),
    FaultKind.SUSPENDED: _about("Not done; 403, the account is suspended."),
    FaultKind.REFUSE: _about("Not done; 403 without a reason."),
    FaultKind.CLOCK_SKEW: _about(
        "As ever, but the answer's Date is `seconds` off, which may be negative.", commits=None, seconds=300.0
    ),
    FaultKind.READ_LAG: _about(
        "A read does not see what was made in the last `seconds`; with a text, only what holds it.",
        meets="read",
        commits=None,
        seconds=60.0,
    ),
    FaultKind.DUPLICATE_WEBHOOK: _about("A webhook gets an event twice.", meets="event", commits=None),
    FaultKind.REORDER_WEBHOOKS: _about(
        "A webhook gets an event after the next one, or after `seconds` if there is none.",
        meets="event",
        commits=None,
        seconds=2.0,
    ),
    FaultKind.DROP_WEBHOOK: _about("A webhook never gets an event.", meets="event", commits=None),
}
