"""The language of the log's search box."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.audit import Outcome
from govern.domain.audit.query import (
    KEYS,
    MAX_QUERY,
    EmptyKey,
    NoMoment,
    QueryTooLong,
    UnknownKey,
    UnknownOutcome,
    read_jump,
    read_moment,
    read_outcome,
    read_query,
    write_query,
)
from govern.errors import Invalid


def parts(text: str) -> list[tuple[str, str, bool]]:
    return [(term.key, term.value, term.excluded) for term in read_query(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("  approved  ", [("", "approved", False)]),
        ("actor:mia", [("actor", "mia", False)]),
        ("ACTOR:mia", [("actor", "mia", False)]),
        ("actor:member:0197", [("actor", "member:0197", False)]),
        ("-action:session spring", [("action", "session", True), ("", "spring", False)]),
        ('"gift card" -"two words"', [("", "gift card", False), ("", "two words", True)]),
        ('account:"Help desk"', [("account", "Help desk", False)]),
        ('rule:"never closed', [("rule", "never closed", False)]),
        ("@Help M-1042", [("", "@Help", False), ("", "M-1042", False)]),
        ("- 10:30", [("", "-", False), ("", "10:30", False)]),
        ('"https://x.com/a"', [("", "https://x.com/a", False)]),
        ('""', []),
        ("before:2026-05-03T14:00Z", [("before", "2026-05-03T14:00Z", False)]),
    ],
)
def test_query_is_cut_into_its_terms(text: str, found: list[tuple[str, str, bool]]) -> None:
    assert parts(text) == found


@pytest.mark.parametrize(("typed", "near"), [("actr", "actor"), ("by_rule", "rule"), ("accnt", "account")])
def test_unknown_key_names_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(UnknownKey) as refused:
        read_query(f"{typed}:x")
    assert refused.value.data == {"key": typed, "near": near, "field": "q"}


@pytest.mark.parametrize("text", ["actor:", "mia actor:", 'rule:""', "-outcome:"])
def test_key_without_a_value_is_refused(text: str) -> None:
    with pytest.raises(EmptyKey):
        read_query(text)


@pytest.mark.parametrize("text", ["x" * (MAX_QUERY + 1), "a " * 21])
def test_query_has_a_limit(text: str) -> None:
    with pytest.raises(QueryTooLong):
        read_query(text)


def test_terms_are_written_as_they_were_typed() -> None:
    text = '-action:session "gift card" after:2026-05-03'
    assert write_query(read_query(text)) == text
    assert write_query(read_query(text)[1:]) == '"gift card" after:2026-05-03'


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        terms = read_query(text)
    except Invalid:
        return
    assert all(term.value and (not term.key or term.key in KEYS) for term in terms)
    assert [(term.key, term.value) for term in read_query(write_query(terms))] == [
        (term.key, term.value) for term in terms
    ]


def test_outcomes_are_read_in_the_words_people_use() -> None:
    assert (read_outcome("done"), read_outcome("Refused")) == (Outcome.DONE, Outcome.DENIED)
    with pytest.raises(UnknownOutcome):
        read_outcome("maybe")


def test_day_begins_at_midnight_of_the_zone() -> None:
    assert read_moment("2026-05-03") == datetime(2026, 5, 3, tzinfo=UTC)
    assert read_moment("2026-05-03", zone="Europe/Paris") == datetime(2026, 5, 2, 22, tzinfo=UTC)
    assert read_moment("2026-05-03T14:00+02:00", zone="Asia/Tokyo") == datetime(2026, 5, 3, 12, tzinfo=UTC)


def test_jump_to_a_day_begins_at_its_end() -> None:
    assert read_jump("2026-05-03") == datetime(2026, 5, 4, tzinfo=UTC)
    assert read_jump("2026-03-28", zone="Europe/Paris") == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert read_jump("2026-05-03T14:00Z") == datetime(2026, 5, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "0001-01-01T00:00+14:00", ""])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(NoMoment):
        read_moment(text)


@pytest.mark.parametrize("text", ["9999-12-31", "2026-02-30"])
def test_day_that_has_no_end_or_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(NoMoment):
        read_jump(text)
