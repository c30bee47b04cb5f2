"""What becomes of messages that came due while nobody could send, or while publishing was paused: never a burst."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from govern.domain.publications import Hold
from govern.errors import N_, Conflict

LATE = timedelta(minutes=2)
"""A silence of workers for longer than this is a stop; what came due before it by more than this was missed."""
PACE = timedelta(seconds=30)
"""Between two messages of a backlog, per account: two a minute (`x.md` 5)."""


class Fate(StrEnum):
    """What becomes of a missed message."""

    GO = "go"
    """It still leaves in its window, in its turn."""
    DECIDE = "decide"
    """Its turn would come after its window: a person decides."""
    EXPIRE = "expire"
    """Its window has passed already."""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A publication that came due while nobody could send."""

    id: UUID
    account: UUID
    not_after: datetime


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one, and when; a time only if it goes."""

    missed: Missed
    fate: Fate
    at: datetime | None = None


class NotWaiting(Conflict):
    code = "publication.not_waiting"
    template = N_("{number} does not wait for a decision any more.")


def after_stop(missed: Iterable[Missed], *, now: datetime) -> list[Turn]:
    """Say what becomes of each missed message, in the order in which they would have gone.

    What is past its window expires; of the rest each account sends one at once and one more every 30 s; what cannot
    leave within its window that way waits for a person.
    """
    free: dict[UUID, datetime] = {}
    turns = []
    for each in missed:
        at = free.get(each.account, now)
        if each.not_after < now:
            turns.append(Turn(missed=each, fate=Fate.EXPIRE))
        elif each.not_after < at:
            turns.append(Turn(missed=each, fate=Fate.DECIDE))
        else:
            turns.append(Turn(missed=each, fate=Fate.GO, at=at))
            free[each.account] = at + PACE
    return turns


def free_turns(start: datetime, count: int, taken: Iterable[datetime]) -> list[datetime]:
    """Return the first `count` moments from `start` on that are 30 s or more from each other and from those taken."""
    busy, found, at = sorted(taken), [], start
    for _ in range(count):
        at = _first_free(busy, at)
        found.append(at)
        insort(busy, at)
        at += PACE
    return found


def _first_free(busy: Sequence[datetime], at: datetime) -> datetime:
    place = bisect_left(busy, at)
    if place and at - busy[place - 1] < PACE:
        at = busy[place - 1] + PACE
    while place < len(busy) and busy[place] - at < PACE:
        at = max(at, busy[place] + PACE)
        place += 1
    return at


def next_turn(
    hold: Hold | None, hold_since: datetime | None, *, last_sent: datetime | None, now: datetime
) -> datetime | None:
    """Return when one may go that something had held for long, after others of its account; None if it may go now.

    A hold that ends frees all it held at once, as an account that is connected again: they leave in turns too.
    """
    if hold is None or hold is Hold.UNDO or hold_since is None or now - hold_since <= LATE or last_sent is None:
        return None
    at = last_sent + PACE
    return at if at > now else None
