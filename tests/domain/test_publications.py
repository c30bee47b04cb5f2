"""How long a publication may wait, and how long it rests between attempts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.messages import Kind
from govern.domain.publications import FIRST_RETRY, LAST_RETRY, XKind, not_after, retry_after, x_kind

DUE = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", Kind)
def test_fixed_time_is_kept_to_a_quarter_of_an_hour(kind: Kind) -> None:
    assert not_after(kind, due_at=DUE, scheduled=True) == DUE + timedelta(minutes=15)


@pytest.mark.parametrize(("kind", "hours"), [(Kind.REPLY, 2), (Kind.DM, 2), (Kind.POST, 24), (Kind.QUOTE, 24)])
def test_answer_is_late_sooner_than_a_post(kind: Kind, hours: int) -> None:
    assert not_after(kind, due_at=DUE, scheduled=False) == DUE + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [(0, 5), (1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300), (8, 300), (1000, 300)],
)
def test_pause_between_attempts_doubles_up_to_five_minutes(tries: int, seconds: int) -> None:
    assert retry_after(tries) == timedelta(seconds=seconds)


@given(st.integers(-5, 10_000))
def test_pause_between_attempts_never_shrinks_nor_leaves_its_bounds(tries: int) -> None:
    assert FIRST_RETRY <= retry_after(tries) <= retry_after(tries + 1) <= LAST_RETRY


def test_only_a_dm_is_a_dm_on_x() -> None:
    assert {kind: x_kind(kind) for kind in Kind} == {
        Kind.POST: XKind.POST,
        Kind.REPLY: XKind.POST,
        Kind.QUOTE: XKind.POST,
        Kind.DM: XKind.DM,
    }
