"""What can go wrong with X, and what each means for a message on its way (`x.md` 2).

XError
├── NotSent           never connected: the only proof that nothing left
├── Refused           X said no, in a form we know
├── RateLimited       not before `reset_at`
├── NoCredits         the X app has nothing left to spend, all accounts together
├── AuthLost          the credentials do not work any more
├── DuplicateClaimed  X claims to have this text already: look first, it may be ours
└── OutcomeUnknown    connected, and no answer says what happened

A read raises the same errors; for it OutcomeUnknown only means "no answer we can use".
"""

from datetime import datetime
from typing import ClassVar

from govern.xapi.client import Exchange
from govern.xapi.reasons import NOT_SENT, REASONS, UNKNOWN, Reason


class XError(Exception):
    """X did not do it, or did not say. `exchange` is what is known of the request, if one was begun."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, exchange: Exchange | None = None) -> None:
        super().__init__(message)
        self.exchange = exchange

    @property
    def sentence(self) -> Reason:
        """What went wrong in plain words, in both languages."""
        return REASONS[self._key()]

    def _key(self) -> str:
        return self.code


class NotSent(XError):
    """Nothing left: DNS, connect, TLS, gate, barrier or pause. `cause` says which; it may go again."""

    code = "not_sent"

    def __init__(self, cause: str, *, exchange: Exchange | None = None) -> None:
        super().__init__(f"nothing was sent: {cause}", exchange=exchange)
        self.cause = cause

    def _key(self) -> str:
        return NOT_SENT.get(self.cause, "unreachable")


class Refused(XError):
    """X said no. `reason` is a key of `REASONS`; `detail` has X's own words."""

    code = "refused"

    def __init__(self, reason: str, detail: str, *, exchange: Exchange | None = None) -> None:
        super().__init__(f"refused: {reason}", exchange=exchange)
        self.reason = reason
        self.detail = detail

    def _key(self) -> str:
        return self.reason


class RateLimited(XError):
    """Too many requests. `bucket` is the operation and its window, `send_dm/app_day`."""

    code = "rate_limited"

    def __init__(self, reset_at: datetime, bucket: str, *, exchange: Exchange | None = None) -> None:
        super().__init__(f"rate limited: {bucket} until {reset_at.isoformat()}", exchange=exchange)
        self.reset_at = reset_at
        self.bucket = bucket


class NoCredits(XError):
    """The X app has no credits, or its usage cap is reached: no account can go on."""

    code = "no_credits"

    def __init__(self, *, exchange: Exchange | None = None) -> None:
        super().__init__("the X app has no credits left", exchange=exchange)


class AuthLost(XError):
    """X does not accept the credentials of this account. `version` is the one of the OAuth 2 token it refused."""

    code = "auth_lost"

    def __init__(self, *, exchange: Exchange | None = None, version: int | None = None) -> None:
        super().__init__("X refused the account's credentials", exchange=exchange)
        self.version = version


class DuplicateClaimed(XError):
    """X says that it has this text already, without saying where: a claim, not a result."""

    code = "duplicate"

    def __init__(self, *, exchange: Exchange | None = None) -> None:
        super().__init__("X claims that this is a duplicate", exchange=exchange)


class OutcomeUnknown(XError):
    """Connected, and then no answer, half of one, or one nobody can read. It may be out."""

    code = "outcome_unknown"

    def __init__(self, cause: str, *, exchange: Exchange | None = None) -> None:
        super().__init__(f"the outcome is unknown: {cause}", exchange=exchange)
        self.cause = cause

    def _key(self) -> str:
        return UNKNOWN.get(self.cause[:6] if self.cause.startswith("http_") else self.cause, "unreadable")
