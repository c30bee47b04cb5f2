"""A backlog is never a burst: who goes when, who waits for a person, who has missed its time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.backlog import LATE, PACE, Fate, Missed, after_stop, free_turns, next_turn
from govern.domain.publications import Hold

NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
HELP, NEWS = UUID(int=1), UUID(int=2)
SECONDS = st.integers(-3_600, 3_600)


def missed(number: int, *, account: UUID = HELP, left: timedelta = timedelta(minutes=10)) -> Missed:
    return Missed(id=UUID(int=100 + number), account=account, not_after=NOW + left)


def test_what_is_still_in_its_window_leaves_two_a_minute() -> None:
    turns = after_stop([missed(1), missed(2), missed(3)], now=NOW)
    assert [turn.fate for turn in turns] == [Fate.GO] * 3
    assert [turn.at for turn in turns] == [NOW, NOW + PACE, NOW + 2 * PACE]


def test_what_is_past_its_window_expires_and_takes_no_turn() -> None:
    turns = after_stop([missed(1, left=-timedelta(seconds=1)), missed(2)], now=NOW)
    assert [(turn.fate, turn.at) for turn in turns] == [(Fate.EXPIRE, None), (Fate.GO, NOW)]


def test_what_cannot_leave_in_its_window_that_way_waits_for_a_person() -> None:
    turns = after_stop([missed(n, left=timedelta(seconds=45)) for n in range(4)], now=NOW)
    assert [turn.fate for turn in turns] == [Fate.GO, Fate.GO, Fate.DECIDE, Fate.DECIDE]


def test_end_of_the_window_is_still_inside() -> None:
    assert [turn.fate for turn in after_stop([missed(1, left=timedelta(0))], now=NOW)] == [Fate.GO]
    assert [turn.fate for turn in after_stop([missed(n, left=PACE) for n in range(3)], now=NOW)] == [
        Fate.GO,
        Fate.GO,
        Fate.DECIDE,
    ]


def test_accounts_do_not_wait_for_one_another() -> None:
    turns = after_stop([missed(1), missed(2, account=NEWS)], now=NOW)
    assert [turn.at for turn in turns] == [NOW, NOW]


@given(st.lists(st.tuples(st.sampled_from([HELP, NEWS]), SECONDS), max_size=60))
def test_no_account_ever_sends_more_than_two_a_minute_and_nothing_after_its_window(
    given_: list[tuple[UUID, int]],
) -> None:
    turns = after_stop(
        [missed(n, account=account, left=timedelta(seconds=left)) for n, (account, left) in enumerate(given_)], now=NOW
    )
    assert len(turns) == len(given_), "nothing is lost"
    for turn in turns:
        assert (turn.fate is Fate.EXPIRE) == (turn.missed.not_after < NOW)
        assert (turn.at is not None) == (turn.fate is Fate.GO)
        assert turn.at is None or NOW <= turn.at <= turn.missed.not_after
    for account in (HELP, NEWS):
        times = [turn.at for turn in turns if turn.at and turn.missed.account == account]
        assert all(later - earlier >= PACE for earlier, later in pairwise(times))


@given(st.lists(SECONDS, max_size=40), st.integers(0, 20))
def test_free_turns_keep_their_distance_from_each_other_and_from_what_is_planned(taken: list[int], count: int) -> None:
    busy = [NOW + timedelta(seconds=each) for each in taken]
    turns = free_turns(NOW, count, busy)
    assert len(turns) == count
    assert all(turn >= NOW for turn in turns)
    for place, turn in enumerate(turns):
        assert all(abs(turn - other) >= PACE for other in [*busy, *turns[:place]])


def test_first_free_turn_is_now_if_nothing_is_near() -> None:
    assert free_turns(NOW, 1, [NOW - PACE, NOW + PACE]) == [NOW]
    assert free_turns(NOW, 1, [NOW - timedelta(seconds=10)]) == [NOW + timedelta(seconds=20)]


@pytest.mark.parametrize(
    ("hold", "held_for", "sent_ago", "waits"),
    [
        (Hold.AUTH, LATE + PACE, timedelta(seconds=10), timedelta(seconds=20)),
        (Hold.AUTH, LATE + PACE, PACE, None),
        (Hold.AUTH, LATE + PACE, None, None),
        (Hold.AUTH, LATE, timedelta(seconds=10), None),
        (Hold.UNDO, timedelta(hours=1), timedelta(seconds=10), None),
        (None, None, timedelta(seconds=10), None),
    ],
)
def test_what_one_hold_kept_back_for_long_leaves_in_turns_too(
    hold: Hold | None, held_for: timedelta | None, sent_ago: timedelta | None, waits: timedelta | None
) -> None:
    at = next_turn(
        hold,
        NOW - held_for if held_for else None,
        last_sent=NOW - sent_ago if sent_ago else None,
        now=NOW,
    )
    assert at == (NOW + waits if waits else None)
