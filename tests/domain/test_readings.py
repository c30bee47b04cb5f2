"""When X is read, and what may follow: never "not found" from readings too near to one another."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.messages import Kind
from govern.domain.publications import Found
from govern.domain.readings import AT_ONCE, ENOUGH_FAILURES, Reading, failures, may_send_again, may_settle, next_reading

END = datetime(2026, 11, 22, 13, tzinfo=UTC)
DELAYS = (timedelta(seconds=30), timedelta(minutes=3), timedelta(minutes=10))


def reading(
    n: int, at: datetime, result: Found = Found.NONE, *, counts: bool = True, again_at: datetime | None = None
) -> Reading:
    return Reading(n=n, at=at, result=result, counts=counts and result is not Found.FAILED, again_at=again_at)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(hours=3)), min_size=3, max_size=3))
def test_three_readings_keep_their_pauses_however_late_they_come(late_ones: list[timedelta]) -> None:
    done: list[Reading] = []
    for late in late_ones:
        due = next_reading(END, done, DELAYS)
        assert due is not None
        done.append(reading(len(done) + 1, due + late))
    assert next_reading(END, done, DELAYS) is None
    at = [each.at - END for each in done]
    assert all(moment >= delay for moment, delay in zip(at, DELAYS, strict=True))
    wanted = [after - before for before, after in pairwise(DELAYS)]
    assert all(after - before >= pause for (before, after), pause in zip(pairwise(at), wanted, strict=True))


def test_reading_that_failed_or_was_asked_for_moves_nothing_up() -> None:
    again_at = END + timedelta(minutes=1)
    failed = reading(1, END + DELAYS[0], Found.FAILED, again_at=again_at)
    asked = reading(2, END + timedelta(seconds=40), counts=False)
    assert next_reading(END, [failed], DELAYS) == again_at
    assert next_reading(END, [failed, asked], DELAYS) == END + DELAYS[0]
    assert failures([failed]) == 1
    assert failures([failed, asked]) == 0


def test_more_than_one_that_fits_ends_the_readings() -> None:
    assert next_reading(END, [reading(1, END + DELAYS[0], Found.SEVERAL)], DELAYS) is None


def test_duplicate_is_looked_for_once() -> None:
    assert next_reading(END, [], AT_ONCE) == END
    assert next_reading(END, [reading(1, END)], AT_ONCE) is None


def test_nobody_settles_before_x_was_read_unless_x_cannot_be_read() -> None:
    failed = [reading(n, END, Found.FAILED) for n in range(1, ENOUGH_FAILURES + 1)]
    assert not may_settle([])
    assert not may_settle(failed[:-1])
    assert may_settle(failed)
    assert may_settle([failed[0], reading(2, END, counts=False)])


@pytest.mark.parametrize(("kind", "before", "duplicate", "on"), list(product(Kind, *[(False, True)] * 3)))
def test_only_a_plain_post_goes_once_more_and_only_once(kind: Kind, before: bool, duplicate: bool, on: bool) -> None:
    allowed = may_send_again(kind, unknown_before=before, duplicate=duplicate, switched_on=on)
    assert allowed is ((kind, before, duplicate, on) == (Kind.POST, False, False, True))
