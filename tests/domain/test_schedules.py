import zoneinfo
from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.domain.drafts import UnknownZone
from govern.domain.schedules import (
    BadTime,
    Fold,
    OffsetMismatch,
    TimeSkipped,
    TimeTwice,
    both_moments,
    has_offset,
    instant_of,
    read_moment,
    send_time,
    time_data_version,
)

PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-12-01 09:30", PARIS, "2026-12-01T08:30:00+00:00"),
        ("2026-07-01T09:30", PARIS, "2026-07-01T07:30:00+00:00"),
        ("2026-12-01 09:30:15", "Asia/Kolkata", "2026-12-01T04:00:15+00:00"),
        ("2026-12-01T09:30Z", PARIS, "2026-12-01T09:30:00+00:00"),
        ("2026-12-01T09:30+01:00", PARIS, "2026-12-01T08:30:00+00:00"),
        ("2026-10-25T02:30+02:00", PARIS, "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T02:30+01:00", PARIS, "2026-10-25T01:30:00+00:00"),
        (" 2026-12-01 09:30 ", "UTC", "2026-12-01T09:30:00+00:00"),
    ],
)
def test_time_is_read_as_the_clocks_of_its_zone_show_it(text: str, zone: str, instant: str) -> None:
    assert read_moment(text, zone) == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    ("text", "zone", "before", "after"),
    [
        ("2027-03-28 02:30", PARIS, "2027-03-28 01:59", "2027-03-28 03:00"),
        ("2027-03-28 02:00", PARIS, "2027-03-28 01:59", "2027-03-28 03:00"),
        ("2027-03-28 02:59:59", PARIS, "2027-03-28 01:59", "2027-03-28 03:00"),
        ("2027-03-14 02:15", "America/New_York", "2027-03-14 01:59", "2027-03-14 03:00"),
        ("2027-10-03 02:15", "Australia/Lord_Howe", "2027-10-03 01:59", "2027-10-03 02:30"),
    ],
)
def test_time_that_the_clocks_skip_is_refused_with_the_two_nearest(
    text: str, zone: str, before: str, after: str
) -> None:
    with pytest.raises(TimeSkipped) as caught:
        read_moment(text, zone)
    assert (caught.value.data["before"], caught.value.data["after"]) == (before, after)


def test_time_that_happens_twice_asks_for_an_offset() -> None:
    with pytest.raises(
        TimeTwice, match=r"the first, 2026-10-25T02:30\+02:00, or the second, 2026-10-25T02:30\+01:00\."
    ):
        read_moment("2026-10-25 02:30", PARIS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-12-01",
        "01/12/2026 09:30",
        "2026-02-30 10:00",
        "2026-12-01 24:00",
        "2026-12-01 09:30+24:00",
        "20261201T0930",
        "2026-W49-2T09:30",
        "٢٠٢٦-12-01 09:30",
        "9999-12-31 23:59-23:59",
        "0001-01-01 00:00+14:00",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(BadTime):
        read_moment(text, PARIS)


@pytest.mark.parametrize("zone", ["", "Paris", "CEST+1", "../etc/passwd", "europe/paris"])
def test_unknown_zone_is_named(zone: str) -> None:
    with pytest.raises(UnknownZone):
        read_moment("2026-12-01 09:30", zone)


def test_offset_that_the_zone_does_not_have_then_is_taken_for_a_slip() -> None:
    with pytest.raises(OffsetMismatch, match=r"\+01:00 is the one"):
        read_moment("2026-12-01T09:30+02:00", PARIS)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)), st.sampled_from([PARIS, "America/Lima", "Asia/Tehran"])
)
def test_instant_shown_in_its_zone_reads_back_as_the_same_instant(wall: datetime, zone: str) -> None:
    text = wall.isoformat(timespec="minutes")
    try:
        instant = read_moment(text, zone)
    except (TimeSkipped, TimeTwice):
        return
    assert instant.tzinfo is UTC
    assert read_moment(instant.isoformat(timespec="minutes"), zone) == instant


@pytest.mark.parametrize(("fold", "instant"), [(0, "2026-10-25T00:30:00+00:00"), (1, "2026-10-25T01:30:00+00:00")])
def test_of_a_time_that_happens_twice_the_first_or_the_second_is_meant(fold: Fold, instant: str) -> None:
    moment = read_moment("2026-10-25 02:30", PARIS, fold=fold)
    assert moment == datetime.fromisoformat(instant)
    kept = send_time(moment, PARIS)
    assert (kept.wall_time, kept.fold, kept.zone) == ("2026-10-25T02:30:00", fold, PARIS)
    assert read_moment("2026-10-25 04:30", PARIS, fold=fold) == read_moment("2026-10-25 04:30", PARIS)


def test_both_moments_of_a_time_are_offered_where_there_are_two() -> None:
    found = both_moments("2026-10-25T02:30", PARIS)
    assert found is not None
    assert [each.isoformat(timespec="minutes") for each in found] == [
        "2026-10-25T02:30+02:00",
        "2026-10-25T02:30+01:00",
    ]
    for text in ("2026-10-25T04:30", "2027-03-28 02:30", "tomorrow", "", "2026-10-25T02:30Z"):
        assert both_moments(text, PARIS) is None
    assert both_moments("2026-10-25T02:30", "Nowhere/Else") is None


@pytest.mark.parametrize(("text", "said"), [("2026-10-25T02:30", False), ("2026-10-25T02:30Z", True), ("soon", False)])
def test_a_written_time_says_its_instant_or_needs_a_zone(text: str, said: bool) -> None:
    assert has_offset(text) is said


ZONES = sorted(available_timezones())


@given(st.datetimes(datetime(1990, 1, 1), datetime(2040, 12, 31)), st.sampled_from(ZONES))
@settings(max_examples=400, deadline=None)
def test_what_is_kept_of_an_instant_is_that_instant_again_in_every_zone(moment: datetime, zone: str) -> None:
    instant = moment.replace(tzinfo=UTC)
    kept = send_time(instant, zone)
    assert instant_of(kept.wall_time, zone, kept.fold) == instant
    assert kept.time_data == time_data_version()


@given(st.datetimes(datetime(1990, 1, 1), datetime(2040, 12, 31)), st.sampled_from(ZONES))
@settings(max_examples=400, deadline=None)
def test_every_wall_time_is_one_instant_or_skipped_or_one_of_two(wall: datetime, zone: str) -> None:
    text = wall.isoformat(timespec="seconds")
    try:
        instant = read_moment(text, zone)
    except TimeSkipped as skipped:
        before, after = (read_moment(str(skipped.data[name]), zone, fold=0) for name in ("before", "after"))
        assert before < after
    except TimeTwice:
        first, second = (read_moment(text, zone, fold=fold) for fold in (0, 1))
        assert first < second
        assert [send_time(each, zone).fold for each in (first, second)] == [0, 1]
    else:
        assert send_time(instant, zone).wall_time == text


def test_time_zones_are_the_pinned_ones_and_not_the_machines() -> None:
    assert zoneinfo.TZPATH == ()
    assert "Europe/Paris" in ZONES
