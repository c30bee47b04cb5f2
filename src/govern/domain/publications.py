"""The sending of an approved revision, in attempts."""

from datetime import datetime, timedelta
from enum import StrEnum

from govern.domain.messages import Kind
from govern.errors import N_, Conflict


class Outcome(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    """X answered with an id."""
    REFUSED = "refused"
    """X said no; nothing is out."""
    NOT_SENT = "not_sent"
    """Proof that nothing left; it may go again."""
    UNKNOWN = "unknown"
    """Connected, and no answer says what happened."""


class Settlement(StrEnum):
    """How an unknown outcome was settled."""

    SENT = "sent"
    """It is out."""
    NOT_SENT = "not_sent"
    """It is not out; send once."""


class Found(StrEnum):
    """What a reading of X found of an attempt whose outcome is unknown."""

    ONE = "one"
    """One post or DM that is this message."""
    SEVERAL = "several"
    """More than one: a person chooses."""
    NONE = "none"
    """None. X's reads lag behind its writes, so one such reading proves nothing."""
    FAILED = "failed"
    """X could not be read: this was no reading."""


class Hold(StrEnum):
    """Why a due publication waits."""

    UNDO = "undo"
    """The giver of the approval may still take it back."""
    ACCESS = "access"
    """The access policy says no now."""
    PAUSE = "pause"
    """Publishing is paused here."""
    AUTH = "auth"
    """The account must be connected again."""
    CREDITS = "credits"
    """The X app has no credits left."""
    DIGEST = "digest"
    """The rows to send are not what was approved: an incident."""
    SCREENING = "screening"
    """The engine could not judge it: nothing goes out unscreened."""
    RELEASE = "release_needed"
    """It came due while publishing could not go on: a person decides whether it still goes."""
    ZONE = "zone_changed"
    """New time zone data moved the instant of its wall time: a person decides which is meant."""
    LIMIT = "limit"
    """X takes no more of this kind before its window opens again, or the rest is kept for answers."""
    BUDGET = "budget"
    """The month's ceiling is reached."""
    RULE = "rule"
    """X would refuse it, by the rules in `x.toml`."""
    SCOPE = "scope"
    """The account was connected without a permission that this message needs."""
    MEDIA = "media"
    """X does not hold its images yet."""


DECISIONS = frozenset({Hold.RELEASE, Hold.ZONE})
"""Holds that only a person ends; until then it is no worker's."""


class XKind(StrEnum):
    """What a publication becomes on X."""

    POST = "post"
    """A post, reply or quote."""
    DM = "dm"
    """A DM event."""


class UnknownTwin(Conflict):
    """The same text from the same account has an unknown outcome: it may be out already."""

    code = "publication.unknown_twin"
    template = N_(
        "The same text from this account has an unknown outcome ({number}). Settle that one first, "
        "or it might go out twice."
    )


SCHEDULED_WINDOW = timedelta(minutes=15)
ANSWER_WINDOW = timedelta(hours=2)
POST_WINDOW = timedelta(hours=24)
FIRST_RETRY = timedelta(seconds=5)
LAST_RETRY = timedelta(minutes=5)


def not_after(kind: Kind, *, due_at: datetime, scheduled: bool) -> datetime:
    """Return when a publication is too late to go out (`x.md` 5): 15 min after a fixed time, 2 h for answers, 24 h else."""
    if scheduled:
        return due_at + SCHEDULED_WINDOW
    return due_at + (ANSWER_WINDOW if kind in {Kind.REPLY, Kind.DM} else POST_WINDOW)


def retry_after(tries: int) -> timedelta:
    """Return how long to wait after `tries` attempts that never left: 5 s, doubling to 5 min."""
    doubled: int = 2 ** min(max(tries - 1, 0), 10)
    return min(FIRST_RETRY * doubled, LAST_RETRY)


def x_kind(kind: Kind) -> XKind:
    return XKind.DM if kind is Kind.DM else XKind.POST
