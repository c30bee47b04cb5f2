"""Ids of rows and numbers of messages."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.ids import message_number, parse_message_number, uuid7
from govern.errors import NotFound

moments = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))


@given(moments)
def test_uuid7_carries_its_moment_as_rfc_9562_says(now: datetime) -> None:
    made = uuid7(now)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@given(moments, st.timedeltas(timedelta(milliseconds=1), timedelta(days=400)))
def test_later_ids_sort_after_earlier_ones(now: datetime, later: timedelta) -> None:
    assert uuid7(now) < uuid7(now + later)


def test_ids_of_one_moment_differ() -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    assert len({uuid7(now) for _ in range(1000)}) == 1000


@given(st.integers(0, 10**15 - 1))
def test_message_number_reads_back(number: int) -> None:
    assert parse_message_number(message_number(number)) == number
    assert parse_message_number(message_number(number).lower()) == number


@pytest.mark.parametrize(
    "text", ["", "M", "M-", "1042", "M-1O42", "M--1", "M-1.0", "M-²", "M-٣", "X-1", "M-" + "9" * 16]
)
def test_what_is_no_message_number_finds_no_message(text: str) -> None:
    with pytest.raises(NotFound):
        parse_message_number(text)
