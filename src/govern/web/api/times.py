"""Times to send at, as programs write them: RFC 3339 with its offset, or a wall time of a zone."""

from datetime import UTC, datetime

from govern.access import Access
from govern.domain.members import Actor
from govern.domain.schedules import BadTime, Fold, has_offset, read_moment
from govern.services.accounts import get_account
from govern.services.message_views import get_message


def parse_send_time(text: str, zone: str, fold: Fold | None) -> datetime:
    """Read a time to send at: a wall time of `zone`, or one with an offset that the zone has then.

    Raises:
        BadTime, UnknownZone, TimeSkipped, OffsetMismatch
        TimeTwice: `fold` says which one is meant.
    """
    return read_moment(text, zone, fold=fold)


def parse_instant(text: str) -> datetime:
    """Read a time that has an offset, whichever.

    Raises:
        BadTime
    """
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: the first or last day of the calendar
        raise BadTime(value=text[:40], field="scheduled_at") from None


async def time_for_account(
    text: str | None,
    zone: str | None,
    fold: Fold | None,
    *,
    account: str,
    actor: Actor,
    access: Access,
    now: datetime,
) -> datetime | None:
    """Read a time to send at for an account: without offset and zone it is a wall time of the account's own zone.

    Raises:
        BadTime, UnknownZone, TimeSkipped, TimeTwice, OffsetMismatch
        UnknownAccount: nobody said which zone, and there is no such account for the actor.
    """
    if text is None:
        return None
    if zone is None and has_offset(text):
        return parse_instant(text)
    if zone is None:
        zone = (await get_account(account, actor=actor, access=access, now=now)).zone
    return parse_send_time(text, zone, fold)


async def time_for_message(
    text: str, zone: str | None, fold: Fold | None, *, message: str, actor: Actor, access: Access, now: datetime
) -> datetime:
    """Read a time to send at for a message: without offset and zone it is a wall time of its account's own zone.

    Raises:
        BadTime, UnknownZone, TimeSkipped, TimeTwice, OffsetMismatch
        UnknownMessage: nobody said which zone, and there is no such message for the actor.
    """
    if zone is None and has_offset(text):
        return parse_instant(text)
    if zone is None:
        account = (await get_message(message, actor=actor, access=access, now=now)).account
        zone = (await get_account(account, actor=actor, access=access, now=now)).zone
    return parse_send_time(text, zone, fold)
