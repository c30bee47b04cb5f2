"""Readings of X to learn what became of an attempt: when the next is due, and what may follow from the last."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from govern.domain.messages import Kind
from govern.domain.publications import Found
from govern.errors import N_, Conflict

LOOK_BACK = timedelta(hours=24)
"""How far back the text is looked for that X says it has already."""
ENOUGH_FAILURES = 3
"""After so many failed readings in vain a person may settle it without one: an account X does not let us read."""
AT_ONCE: tuple[timedelta, ...] = (timedelta(0),)
"""When a duplicate is looked for: once, at once."""


class NotReadYet(Conflict):
    """Nothing was read of X since the attempt: whoever settles it now would guess."""

    code = "publication.not_read_yet"
    template = N_("X was not read yet after this attempt. Wait for the first reading, or look again in a moment.")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One reading. Only what `counts` was made at its time, with enough pause before it."""

    n: int
    at: datetime
    result: Found
    counts: bool
    seen: tuple[int, ...] = ()
    matched: tuple[int, ...] = ()
    fault: str | None = None
    again_at: datetime | None = None


def next_reading(finished_at: datetime, readings: Sequence[Reading], delays: Sequence[timedelta]) -> datetime | None:
    """Return when X is read next; None if a person decides now.

    The pauses between readings are kept also if one came late: X's reads lag, and two at once are one.
    """
    counted = [each for each in readings if each.counts]
    done = len(counted)
    if done >= len(delays) or any(each.result is Found.SEVERAL for each in readings):
        return None
    due = finished_at + delays[done]
    if counted:
        due = max(due, counted[-1].at + delays[done] - delays[done - 1])
    again_at = readings[-1].again_at if readings else None
    return max(due, again_at) if again_at else due


def may_settle(readings: Sequence[Reading]) -> bool:
    """Tell whether a person may settle it: X was read, or cannot be."""
    failed = sum(each.result is Found.FAILED for each in readings)
    return failed < len(readings) or failed >= ENOUGH_FAILURES


def failures(readings: Sequence[Reading]) -> int:
    """Return how many readings failed since the last that did not."""
    count = 0
    for each in reversed(readings):
        if each.result is not Found.FAILED:
            break
        count += 1
    return count


def may_send_again(kind: Kind, *, unknown_before: bool, duplicate: bool, switched_on: bool) -> bool:
    """Tell whether what no reading found may go once more by itself: a plain post, one time in its life.

    An answer, a quote or a DM twice is worse than late; what X calls a duplicate is probably out.
    """
    return switched_on and kind is Kind.POST and not unknown_before and not duplicate
