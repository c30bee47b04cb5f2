"""What a draft must be before anybody looks at it: text, target, time."""

from datetime import UTC, datetime, timedelta

import pytest

from govern.domain.drafts import (
    MAX_SCHEDULE_AHEAD,
    MAX_TEXT,
    BadTarget,
    PastSchedule,
    ScheduleTooFar,
    TargetMissing,
    TargetNotAllowed,
    TextMissing,
    TextTooLong,
    TextUnstorable,
    check_schedule,
    check_target,
    check_text,
)
from govern.domain.messages import (
    Kind,
)
from govern.errors import Invalid

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["x", " x ", "é" * MAX_TEXT, "👩‍👩‍👧", "a\nb"])
def test_text_that_can_be_kept_is_kept_as_it_is(text: str) -> None:
    assert check_text(text) is text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", TextMissing),
        (" \n\t\u00a0", TextMissing),
        ("x" * (MAX_TEXT + 1), TextTooLong),
        ("a\0b", TextUnstorable),
        ("a\ud800b", TextUnstorable),
    ],
)
def test_text_that_cannot_be_kept_is_refused(text: str, kind: type[Invalid]) -> None:
    with pytest.raises(kind) as refused:
        check_text(text)
    assert refused.value.data["field"] == "text"
    refused.value.detail.encode()


@pytest.mark.parametrize(
    ("kind", "in_reply_to", "recipient", "refusal"),
    [
        (Kind.POST, None, None, None),
        (Kind.POST, "1", None, TargetNotAllowed),
        (Kind.POST, None, "marion", TargetNotAllowed),
        (Kind.REPLY, "1", None, None),
        (Kind.REPLY, None, None, TargetMissing),
        (Kind.REPLY, "", None, TargetMissing),
        (Kind.REPLY, "1", "marion", TargetNotAllowed),
        (Kind.REPLY, "9" * 19, None, BadTarget),
        (Kind.REPLY, "9223372036854775807", None, None),
        (Kind.REPLY, "9" * 20, None, BadTarget),
        (Kind.REPLY, "-1", None, BadTarget),
        (Kind.REPLY, "1e3", None, BadTarget),
        (Kind.REPLY, "٣", None, BadTarget),
        (Kind.QUOTE, "1", None, None),
        (Kind.QUOTE, None, None, TargetMissing),
        (Kind.DM, None, "marion", None),
        (Kind.DM, None, None, TargetMissing),
        (Kind.DM, None, "", TargetMissing),
        (Kind.DM, "1", "marion", TargetNotAllowed),
    ],
)
def test_each_kind_names_its_target_and_nothing_else(
    kind: Kind, in_reply_to: str | None, recipient: str | None, refusal: type[Invalid] | None
) -> None:
    if refusal is None:
        check_target(kind, in_reply_to=in_reply_to, recipient=recipient)
        return
    with pytest.raises(refusal) as refused:
        check_target(kind, in_reply_to=in_reply_to, recipient=recipient)
    assert refused.value.data["field"] in {"in_reply_to", "recipient"}


@pytest.mark.parametrize(
    ("ahead", "refusal"),
    [
        (timedelta(seconds=-1), PastSchedule),
        (timedelta(0), PastSchedule),
        (timedelta(seconds=1), None),
        (MAX_SCHEDULE_AHEAD, None),
        (MAX_SCHEDULE_AHEAD + timedelta(seconds=1), ScheduleTooFar),
    ],
)
def test_time_to_send_lies_ahead_and_not_too_far(ahead: timedelta, refusal: type[Invalid] | None) -> None:
    if refusal is None:
        check_schedule(NOW + ahead, NOW)
        return
    with pytest.raises(refusal) as refused:
        check_schedule(NOW + ahead, NOW)
    assert refused.value.data["field"] == "scheduled_at"
