from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.drafts import UnknownZone
from govern.domain.schedules import BadTime, OffsetMismatch, TimeSkipped, TimeTwice, read_moment

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
    with pytest.raises(TimeTwice, match=r"Write 2026-10-25T02:30\+02:00 or 2026-10-25T02:30\+01:00\."):
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
