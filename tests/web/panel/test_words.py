"""Times, forms, comparisons and charts: plain functions."""

from datetime import UTC, date, datetime, timedelta
from enum import Enum

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.accounts import AccountState, Objective
from govern.domain.actions import Role
from govern.domain.messages import Kind, State
from govern.domain.publications import Hold, Outcome
from govern.errors import Invalid
from govern.web.panel import words
from govern.web.panel.charts import Series, bar, columns
from govern.web.panel.format import Format, span
from govern.web.panel.forms import Form, local_path
from govern.web.panel.marks import Span, compare, mark

NOW = datetime(2026, 11, 22, 13, 32, 9, tzinfo=UTC)
PARIS = Format("Europe/Paris", NOW)


class Example(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: int
    name: str = ""
    kinds: list[Kind] = []


@pytest.mark.parametrize(
    ("table", "enum"),
    [
        (words.STATES, State),
        (words.KINDS, Kind),
        (words.ROLES, Role),
        (words.HOLDS, Hold),
        (words.ATTEMPTS, Outcome),
        (words.OBJECTIVES, Objective),
        (words.ACCOUNT_STATES, AccountState),
    ],
)
def test_every_value_has_its_word(table: dict[Enum, object], enum: type[Enum]) -> None:
    assert set(table) == set(enum)


def test_times_are_shown_in_the_readers_zone() -> None:
    assert PARIS.clock(NOW) == "14:32:09"
    assert PARIS.day(NOW) == "Today, Sunday 22 November 2026"
    assert PARIS.moment(NOW - timedelta(days=1)) == "21 Nov, 14:32"
    assert PARIS.stamp(NOW) == "2026-11-22 14:32:09.000 +01:00"
    assert Format("America/New_York", NOW).zone_name == "New York"
    assert PARIS.short_day(date(2026, 11, 9)) == "9 Nov"


@pytest.mark.parametrize(
    ("left", "said", "tone"),
    [
        (timedelta(minutes=-6), "Late 6 min", "bad"),
        (timedelta(minutes=4, seconds=59), "4 min", "warn"),
        (timedelta(minutes=9), "9 min", "ok"),
        (timedelta(minutes=21), "21 min", "muted"),
        (timedelta(hours=5), "19:32", "muted"),
    ],
)
def test_deadline_says_how_long_there_is(left: timedelta, said: str, tone: str) -> None:
    due = PARIS.due(NOW + left)
    assert (due.words, due.tone) == (said, tone)


def test_lengths_of_time_are_short() -> None:
    lengths = [timedelta(seconds=9), timedelta(minutes=3), timedelta(hours=1, minutes=6), timedelta(days=2)]
    assert [span(length) for length in lengths] == ["9 s", "3 min", "1 h 6 min", "2 days"]


@given(st.text(max_size=60), st.text(max_size=60))
def test_comparison_loses_nothing_of_either_text(before: str, after: str) -> None:
    segments = compare(before, after)
    assert "".join(each.text for each in segments if each.mark != "del") == after
    assert "".join(each.text for each in segments if each.mark == "del") in before or before


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6))
def test_marked_text_is_the_text(text: str, edges: list[tuple[int, int]]) -> None:
    spans = [Span(start, end, "w", "found") for start, end in edges]
    assert "".join(each.text for each in mark(text, spans)) == text


def test_gravest_finding_shows_where_two_overlap() -> None:
    segments = mark("buy it now", [Span(0, 10, "n", "one"), Span(4, 6, "b", "two")])
    assert [(each.text, each.mark) for each in segments] == [("buy ", "n"), ("it", "b"), (" now", "n")]


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({}, "number", "Please fill this in."),
        ({"number": "x"}, "number", "This is not valid here."),
        ({"number": "1", "more": "y"}, "more", "This page does not have such a field."),
    ],
)
def test_form_says_which_field_is_wrong(values: dict[str, str], field: str, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        Form(values=values).read(Example)
    assert caught.value.data == {"field": field, "reason": sentence}


def test_form_reads_lists_and_takes_empty_as_not_given() -> None:
    form = Form(values={"number": "3", "name": "", "kinds": "dm"}, many={"kinds": ["post", "dm"]})
    assert form.read(Example) == Example(number=3, kinds=[Kind.POST, Kind.DM])


@given(st.text(max_size=40))
def test_return_address_never_leaves_the_panel(address: str) -> None:
    assert local_path(address).startswith("/admin")
    assert "//" not in local_path(address)


def test_chart_escapes_its_labels_and_says_itself() -> None:
    drawn = columns(["<b>"], [Series("A & B", "k1", [3])], sentence='3 "things"')
    assert "<b>" not in drawn
    assert "&lt;b&gt;, A &amp; B: 3" in drawn
    assert 'aria-label="3 &#34;things&#34;"' in drawn
    assert 'width="50.0"' in bar(2, 4)
