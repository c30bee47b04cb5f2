"""What is left to answers, what a message costs, and where a ceiling ends."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.messages import Kind
from govern.domain.x_limits import ANSWERS, REST, TIMED, Limits, buckets_of, has_room, kept_for_answers
from govern.domain.x_prices import (
    MICRO,
    CostKind,
    Line,
    Prices,
    fits,
    forecast,
    lines_of,
    month_of,
    next_month,
    total,
    used_percent,
)

PRICES = Prices(
    as_of=date(2026, 4, 20),
    post=15_000,
    post_with_url=200_000,
    summoned_reply=10_000,
    dm=15_000,
    media_metadata=5_000,
    read_post=5_000,
    read_dm=10_000,
    read_user=10_000,
)
LIMITS = Limits(as_of=date(2026, 8, 1), post=100, dm=15, dm_day=1_440, dm_app_day=1_440)
counts = st.integers(min_value=0, max_value=2_000)
percents = st.integers(min_value=0, max_value=99)
lanes = st.lists(st.sampled_from([ANSWERS, TIMED, REST]), max_size=200)


@given(quota=counts, percent=percents, asked=lanes)
def test_whatever_comes_before_answers_find_the_calls_kept_for_them(quota: int, percent: int, asked: list[int]) -> None:
    remaining, answered = quota, 0
    for lane in asked:
        if has_room(remaining=remaining, quota=quota, percent=percent, lane=lane):
            remaining -= 1
            answered += lane == ANSWERS
    assert remaining >= 0
    kept = kept_for_answers(quota, percent)
    while has_room(remaining=remaining, quota=quota, percent=percent, lane=ANSWERS):
        remaining -= 1
        answered += 1
    assert answered >= kept, "posts never take what is kept"
    assert remaining == 0, "and answers may use all"


@given(quota=counts, percent=percents, remaining=counts)
def test_where_a_post_has_room_an_answer_has_it_too(quota: int, percent: int, remaining: int) -> None:
    room = {lane: has_room(remaining=remaining, quota=quota, percent=percent, lane=lane) for lane in (0, 1, 2)}
    assert room[TIMED] is room[REST]
    assert room[ANSWERS] or not room[REST]


def test_the_windows_of_the_whole_app_come_last() -> None:
    assert [each.app for each in buckets_of(Kind.DM, LIMITS)] == [False, False, True]
    assert [(each.name, each.quota, each.kept_percent) for each in buckets_of(Kind.REPLY, LIMITS)] == [
        ("post", 100, 20)
    ]


@pytest.mark.parametrize(
    ("kind", "has_url", "summoned", "what"),
    [
        (Kind.POST, False, False, CostKind.POST),
        (Kind.QUOTE, True, False, CostKind.POST_WITH_URL),
        (Kind.REPLY, False, True, CostKind.SUMMONED_REPLY),
        (Kind.REPLY, False, False, CostKind.POST),
        (Kind.REPLY, True, True, CostKind.POST_WITH_URL),
        (Kind.DM, True, True, CostKind.DM),
    ],
)
def test_each_message_has_its_price(kind: Kind, has_url: bool, summoned: bool, what: CostKind) -> None:
    lines = lines_of(PRICES, kind, has_url=has_url, summoned=summoned)
    assert lines == (Line(what, 1, PRICES.of(what)),)


def test_each_described_image_costs_as_well() -> None:
    lines = lines_of(PRICES, Kind.POST, has_url=False, summoned=False, images=3)
    assert total(lines) == 15_000 + 3 * 5_000
    assert PRICES.times == 13


@given(
    spent=st.integers(min_value=0, max_value=200 * MICRO),
    cost=st.integers(min_value=0, max_value=MICRO),
    ceiling=st.integers(min_value=0, max_value=150),
    reserve=st.integers(min_value=0, max_value=100),
)
def test_what_fits_for_a_post_fits_for_an_answer_and_none_passes_its_end(
    spent: int, cost: int, ceiling: int, reserve: int
) -> None:
    post, answer = (
        fits(spent=spent, cost=cost, ceiling=ceiling, answers=answers, reserve_percent=reserve)
        for answers in (False, True)
    )
    assert answer or not post
    assert post is (spent + cost <= ceiling * MICRO)
    assert not answer or (spent + cost) * 100 <= ceiling * MICRO * (100 + reserve)


def test_without_a_ceiling_everything_fits() -> None:
    assert fits(spent=10**15, cost=1, ceiling=None, answers=False, reserve_percent=0)
    assert used_percent(10**15, None) == 0
    assert (used_percent(0, 0), used_percent(79_999_999, 100), used_percent(80 * MICRO, 100)) == (100, 79, 80)


def test_months_begin_and_end_in_utc() -> None:
    late = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert (month_of(late), next_month(late)) == (date(2026, 12, 1), datetime(2027, 1, 1, tzinfo=UTC))
    west = datetime.fromisoformat("2026-11-30T20:00:00-08:00")
    assert month_of(west) == date(2026, 12, 1)


def test_forecast_goes_on_as_until_now_and_knows_what_is_planned() -> None:
    half = datetime(2026, 11, 16, tzinfo=UTC)
    assert forecast(spent=30, unplanned=10, scheduled=5, now=half) == 30 + 5 + 10
    assert forecast(spent=0, unplanned=0, scheduled=0, now=half) == 0
    first = datetime(2026, 11, 1, 1, tzinfo=UTC)
    assert forecast(spent=10, unplanned=10, scheduled=0, now=first) <= 10 + 10 * 30, "an hour is no month's pace"
    end = next_month(half) - timedelta(seconds=1)
    assert forecast(spent=10, unplanned=10, scheduled=0, now=end) == 10
