"""What may be written and when it may go: the rules a draft must keep before anybody screens it."""

import re
from datetime import datetime, timedelta

import msgspec

from govern.domain.media import Attachment
from govern.domain.messages import Kind, ReplyLevel
from govern.errors import N_, Invalid

MAX_TEXT = 25_000
MAX_REASON = 500
MAX_SCHEDULE_AHEAD = timedelta(days=400)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
MAX_X_ID = 2**63 - 1


class TextTooLong(Invalid):
    code = "message.text_too_long"
    template = N_("The text has {length} characters; at most {limit} can be kept.")


class TextMissing(Invalid):
    code = "message.text_missing"
    template = N_("A message needs a text.")


class TargetMissing(Invalid):
    """Data: `field`."""

    code = "message.target_missing"
    template = N_("This {kind} needs {what}.")


class TargetNotAllowed(Invalid):
    code = "message.target_not_allowed"
    template = N_("A {kind} takes no {what}.")


class BadTarget(Invalid):
    code = "message.bad_target"
    template = N_("{value} is not the id of a post: digits only.")


class ReasonRequired(Invalid):
    code = "message.reason_required"
    template = N_("Please give a reason: {why}.")


class PastSchedule(Invalid):
    code = "message.past_schedule"
    template = N_("{at} is in the past. Choose a later time.")


class ScheduleTooFar(Invalid):
    code = "message.schedule_too_far"
    template = N_("{at} is more than 400 days ahead.")


class UnknownZone(Invalid):
    code = "message.unknown_zone"
    template = N_("{zone} is not a time zone, as Europe/Paris.")


def check_text(text: str) -> str:
    """Return the text if it can be kept.

    Raises:
        TextMissing: nothing but blanks.
        TextTooLong: over 25,000 characters, the most X takes from anybody; the account's own limit is screened.
        TextUnstorable
    """
    if not text.strip():
        raise TextMissing(field="text")
    if len(text) > MAX_TEXT:
        raise TextTooLong(length=len(text), limit=MAX_TEXT, field="text")
    check_storable(text, field="text")
    return text


def check_target(kind: Kind, *, in_reply_to: str | None, recipient: str | None) -> None:
    """Check that a message names what its kind needs, and nothing else.

    Raises:
        TargetMissing, TargetNotAllowed, BadTarget
    """
    if kind in {Kind.REPLY, Kind.QUOTE} and not in_reply_to:
        raise TargetMissing(kind=kind.value, field="in_reply_to", what=N_("the post it is about: its id on X"))
    if kind is Kind.DM and not recipient:
        raise TargetMissing(kind=kind.value, field="recipient", what=N_("the handle of the person it goes to"))
    if kind is not Kind.DM and recipient:
        raise TargetNotAllowed(kind=kind.value, field="recipient", what=N_("recipient"))
    if kind in {Kind.POST, Kind.DM} and in_reply_to:
        raise TargetNotAllowed(kind=kind.value, field="in_reply_to", what=N_("post to answer"))
    if in_reply_to:
        check_x_id(in_reply_to, field="in_reply_to")


def check_schedule(at: datetime, now: datetime) -> None:
    """Check a time to send at.

    Raises:
        PastSchedule: not after now.
        ScheduleTooFar: over 400 days ahead.
    """
    if at <= now:
        raise PastSchedule(at=at.isoformat(timespec="minutes"), field="scheduled_at")
    if at - now > MAX_SCHEDULE_AHEAD:
        raise ScheduleTooFar(at=at.isoformat(timespec="minutes"), field="scheduled_at")


class TextUnstorable(Invalid):
    code = "message.text_unstorable"
    template = N_("The text holds a character that cannot be kept (U+0000 or half of a pair). Type it anew.")


def check_storable(text: str, *, field: str) -> None:
    """Refuse what PostgreSQL or UTF-8 has no place for.

    Raises:
        TextUnstorable
    """
    if _UNSTORABLE.search(text):
        raise TextUnstorable(field=field)


def check_reason(reason: str | None) -> str | None:
    """Return a reason without the blanks around it, or None if nothing is left.

    Raises:
        TextTooLong: over 500 characters.
        TextUnstorable
    """
    given = (reason or "").strip()
    if len(given) > MAX_REASON:
        raise TextTooLong(length=len(given), limit=MAX_REASON, field="reason")
    check_storable(given, field="reason")
    return given or None


def check_x_id(text: str, *, field: str) -> int:
    """Return an id of X as the number it is.

    Raises:
        BadTarget: other characters than digits, or more than 63 bits.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= MAX_X_ID):
        raise BadTarget(value=text[:40], field=field)
    return int(text)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to send. `account` and `recipient` are handles; `scheduled_at` has an offset."""

    account: str
    kind: Kind
    text: str
    in_reply_to: str | None = None
    recipient: str | None = None
    scheduled_at: datetime | None = None
    zone: str | None = None
    paid_partnership: bool = False
    """Somebody gave something for it: the text must say so."""
    ai_written: bool = False
    """A machine wrote the text; X is told."""
    images: tuple[Attachment, ...] = ()
    reply_level: ReplyLevel | None = None
    """Of a reply: who will see it; open unless said."""
