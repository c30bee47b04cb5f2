"""Outcomes nobody knows as programs read them, and what they say of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from govern.domain.ids import message_number
from govern.domain.matching import Seen
from govern.domain.readings import Reading
from govern.services.late_answers import LateAnswer
from govern.services.message_views import AttemptView
from govern.services.unknown import Unknown, UnknownInFull
from govern.web.api.messages import Reason

XId = Annotated[str, msgspec.Meta(max_length=19, description="The id of the post or DM on X")]


class ReadingJson(msgspec.Struct, kw_only=True):
    """One reading of X. Only what `counts` was made at its time: finding none proves something then."""

    n: int
    at: datetime
    result: str
    counts: bool
    fits: list[str]
    fault: str | None


class TryJson(msgspec.Struct, kw_only=True):
    """One attempt, with what is known of it."""

    id: UUID
    started_at: datetime
    finished_at: datetime | None
    worker: str
    connected: bool | None
    status: int | None
    outcome: str | None
    reason: str | None
    resolved: str | None


class SeenJson(msgspec.Struct, kw_only=True):
    """What X showed in the account's timeline, or in the thread."""

    x_id: str
    text: str
    at: datetime
    ours: bool
    in_reply_to: str | None
    quote_of: str | None
    media: int
    message: str | None
    """Our message that it is, if it is another one."""


class UnknownJson(msgspec.Struct, kw_only=True):
    """A message whose outcome nobody knows; `next_reading_at` is null where a person decides now."""

    message: str
    account: str
    unknown_since: datetime
    readings: list[ReadingJson]
    next_reading_at: datetime | None
    may_settle: bool


class UnknownsJson(msgspec.Struct, kw_only=True):
    """What waits for a person's word, oldest first."""

    items: list[UnknownJson]


class OutcomeJson(UnknownJson, kw_only=True):
    """The same with its attempts and what the last reading saw."""

    attempts: list[TryJson]
    seen_at: datetime | None
    seen: list[SeenJson]


class SettleInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether it is out, as what, and how you know. A post that the last reading showed needs no reason."""

    is_out: bool
    x_id: XId | None = None
    reason: Reason = ""


class LateJson(msgspec.Struct, kw_only=True):
    """X said late that a message is out; `known_as` is another id if it is out twice."""

    attempt: UUID
    message: str
    account: str
    late_at: datetime
    settled: str
    x_id: str
    known_as: str | None


class LateAnswersJson(msgspec.Struct, kw_only=True):
    """The late answers nobody closed, oldest first."""

    items: list[LateJson]


class CloseInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What was done about it."""

    reason: Reason


def unknown_json(found: Unknown) -> UnknownJson:
    """Return an unknown outcome as programs read it."""
    return msgspec.convert(_fields(found), UnknownJson)


def _fields(found: Unknown) -> dict[str, object]:
    return {
        "message": message_number(found.message.number),
        "account": found.message.account,
        "unknown_since": found.since,
        "readings": [_reading(each) for each in found.readings],
        "next_reading_at": found.next_at,
        "may_settle": found.may_settle,
    }


def outcome_json(found: UnknownInFull) -> OutcomeJson:
    """Return it with all that is known of it."""
    items: Sequence[Seen] = found.seen.items if found.seen else ()
    return msgspec.convert(
        {
            **_fields(found.unknown),
            "attempts": [_try(each) for each in found.attempts],
            "seen_at": found.seen.at if found.seen else None,
            "seen": [_seen(each, found.ours.get(each.x_id)) for each in items],
        },
        OutcomeJson,
    )


def _reading(reading: Reading) -> ReadingJson:
    return ReadingJson(
        n=reading.n,
        at=reading.at,
        result=reading.result.value,
        counts=reading.counts,
        fits=[str(each) for each in reading.matched],
        fault=reading.fault,
    )


def _try(attempt: AttemptView) -> TryJson:
    return msgspec.convert(attempt, TryJson, from_attributes=True)


def _seen(seen: Seen, message: str | None) -> SeenJson:
    return SeenJson(
        x_id=seen.x_id,
        text=seen.text,
        at=seen.at,
        ours=seen.ours,
        in_reply_to=seen.in_reply_to,
        quote_of=seen.quote_of,
        media=seen.media,
        message=message,
    )


def late_json(late: LateAnswer) -> LateJson:
    """Return a late answer as programs read it."""
    return LateJson(
        attempt=late.attempt,
        message=message_number(late.number),
        account=late.account,
        late_at=late.late_at,
        settled=late.resolved,
        x_id=late.x_id,
        known_as=late.known_as,
    )
