"""The right to write, cell by cell and by property."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.consent import (
    OPT_IN_EVIDENCE,
    ConsentEvent,
    ConsentKind,
    ConsentRules,
    DmPermission,
    OptOutScope,
    PermissionState,
    Purpose,
    parse_rules,
)
from govern.domain.permission import add_months, dm_permission
from govern.errors import Invalid

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONTACT, ACCOUNT, OTHER_ACCOUNT, BRAND, OTHER_BRAND = (UUID(int=number) for number in range(1, 6))
PROOF = dict.fromkeys(OPT_IN_EVIDENCE, "x")
SHIPPED = Path(__file__).parents[2] / "policies" / "consent.toml"
RULES = parse_rules(SHIPPED.read_text(encoding="utf-8"))
BY_BRAND = ConsentRules(
    version=1, service_window_hours=24, open_conversation_days=7, opt_in_months=36, opt_out_scope=OptOutScope.BRAND
)


def make_event(kind: ConsentKind, ago: timedelta, *, number: int = 100, **overrides: object) -> ConsentEvent:
    purpose = {ConsentKind.OPT_IN: Purpose.PROMOTIONAL, ConsentKind.OPT_OUT: Purpose.ALL}.get(kind, Purpose.SERVICE)
    values: dict[str, object] = {
        "id": UUID(int=number),
        "contact": CONTACT,
        "account": ACCOUNT,
        "brand": BRAND,
        "kind": kind,
        "purpose": purpose,
        "occurred_at": NOW - ago,
        "recorded_at": NOW - ago,
        "source": "x",
        "source_event_id": f"event-{number}",
        "evidence": PROOF if kind is ConsentKind.OPT_IN else None,
        "recorded_by": "system",
    }
    return ConsentEvent(**(values | overrides))  # type: ignore[arg-type]  # valid by default, odd on purpose


def wrote(ago: timedelta, **overrides: object) -> ConsentEvent:
    return make_event(ConsentKind.INBOUND_DM, ago, **({"number": 1000} | overrides))  # type: ignore[arg-type]


def stopped(ago: timedelta, **overrides: object) -> ConsentEvent:
    return make_event(ConsentKind.OPT_OUT, ago, **({"number": 2000} | overrides))  # type: ignore[arg-type]


def agreed(ago: timedelta, **overrides: object) -> ConsentEvent:
    return make_event(ConsentKind.OPT_IN, ago, **({"number": 3000} | overrides))  # type: ignore[arg-type]


def permission(*events: ConsentEvent, rules: ConsentRules = RULES, open_conversation: bool = False) -> DmPermission:
    return dm_permission(
        events, account=ACCOUNT, brand=BRAND, now=NOW, rules=rules, open_conversation=open_conversation
    )


UNSOLICITED, WINDOW, OPTED_IN = PermissionState.UNSOLICITED, PermissionState.SERVICE_WINDOW, PermissionState.OPTED_IN
OUT, OUT_THEN_WROTE = PermissionState.OPTED_OUT, PermissionState.OPTED_OUT_THEN_WROTE
WITHDRAWN = {"purpose": Purpose.PROMOTIONAL}
ELSEWHERE = {"account": OTHER_ACCOUNT, "brand": OTHER_BRAND}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], UNSOLICITED),
        ([wrote(HOUR)], WINDOW),
        ([wrote(24 * HOUR - timedelta(seconds=1))], WINDOW),
        ([wrote(24 * HOUR)], UNSOLICITED),
        ([wrote(HOUR, account=OTHER_ACCOUNT)], UNSOLICITED),
        ([make_event(ConsentKind.INVITE_ACCEPTED, HOUR)], WINDOW),
        ([agreed(DAY)], OPTED_IN),
        ([agreed(DAY), wrote(HOUR)], OPTED_IN),
        ([agreed(DAY, brand=OTHER_BRAND)], UNSOLICITED),
        ([agreed(DAY, evidence={"channel": "web"})], UNSOLICITED),
        ([agreed(DAY, purpose=Purpose.SERVICE)], UNSOLICITED),
        ([stopped(HOUR)], OUT),
        ([stopped(HOUR), wrote(2 * HOUR)], OUT),
        ([stopped(HOUR), wrote(HOUR)], OUT),
        ([stopped(2 * HOUR), wrote(HOUR)], OUT_THEN_WROTE),
        ([stopped(3 * DAY), wrote(2 * DAY)], OUT),
        ([stopped(2 * HOUR), make_event(ConsentKind.INVITE_ACCEPTED, HOUR)], OUT),
        ([stopped(2 * HOUR), agreed(HOUR)], OPTED_IN),
        ([stopped(HOUR), agreed(HOUR)], OUT),
        ([stopped(HOUR), agreed(2 * HOUR)], OUT),
        ([stopped(HOUR, **ELSEWHERE), wrote(2 * HOUR)], OUT),
        ([stopped(HOUR, **WITHDRAWN), agreed(DAY)], UNSOLICITED),
        ([stopped(HOUR, **WITHDRAWN), agreed(DAY), wrote(2 * HOUR)], WINDOW),
        ([stopped(DAY, **WITHDRAWN), agreed(HOUR)], OPTED_IN),
        ([make_event(ConsentKind.CONTACT_BLOCKED, HOUR), wrote(2 * HOUR)], OUT),
        ([make_event(ConsentKind.CONTACT_BLOCKED, HOUR, account=OTHER_ACCOUNT), wrote(2 * HOUR)], WINDOW),
        ([make_event(ConsentKind.OPT_OUT_DOUBTFUL, HOUR), agreed(DAY)], UNSOLICITED),
        ([make_event(ConsentKind.OPT_OUT_DOUBTFUL, HOUR), agreed(DAY), wrote(2 * HOUR)], WINDOW),
        (
            [
                make_event(ConsentKind.OPT_OUT_DOUBTFUL, 2 * HOUR),
                make_event(ConsentKind.DOUBT_CLEARED, HOUR),
                agreed(DAY),
            ],
            OPTED_IN,
        ),
        ([make_event(ConsentKind.ERASED, HOUR), wrote(2 * HOUR)], UNSOLICITED),
        ([make_event(ConsentKind.ERASED, HOUR), agreed(DAY)], UNSOLICITED),
        ([make_event(ConsentKind.ERASED, HOUR), stopped(DAY)], OUT),
        ([make_event(ConsentKind.ERASED, 2 * HOUR), wrote(HOUR)], WINDOW),
    ],
)
def test_events_give_exactly_this_permission(events: list[ConsentEvent], expected: PermissionState) -> None:
    assert permission(*events).state is expected


def test_window_names_its_end_and_the_message_that_opened_it() -> None:
    assert permission(wrote(HOUR)) == DmPermission(WINDOW, NOW + 23 * HOUR, (UUID(int=1000),))


def test_open_conversation_keeps_the_window_for_seven_days() -> None:
    assert permission(wrote(6 * DAY), open_conversation=True).until == NOW + DAY
    assert permission(wrote(7 * DAY), open_conversation=True).state is UNSOLICITED


def test_stop_and_the_message_after_it_are_both_named() -> None:
    assert permission(stopped(2 * HOUR), wrote(HOUR)).because == (UUID(int=2000), UUID(int=1000))


def test_message_that_says_stop_opens_no_window_however_its_times_read() -> None:
    stop = stopped(2 * HOUR, source_event_id="dm-7")
    assert permission(stop, wrote(HOUR, source_event_id="dm-7")).state is OUT


def test_older_message_delivered_late_opens_no_window() -> None:
    late = wrote(HOUR, occurred_at=NOW - 3 * HOUR, recorded_at=NOW - HOUR)
    assert permission(stopped(2 * HOUR), late).state is OUT


def test_date_in_the_future_helps_nobody() -> None:
    assert permission(wrote(-5 * DAY, recorded_at=NOW - 2 * DAY)).state is UNSOLICITED
    assert permission(wrote(-5 * DAY)).state is UNSOLICITED
    assert permission(stopped(-HOUR), wrote(HOUR)).state is OUT


def test_opt_out_can_be_narrowed_to_the_brand() -> None:
    assert permission(stopped(HOUR, **ELSEWHERE), wrote(2 * HOUR), rules=BY_BRAND).state is WINDOW
    assert permission(stopped(HOUR), wrote(2 * HOUR), rules=BY_BRAND).state is OUT
    assert permission(stopped(HOUR, account=None, brand=None), wrote(2 * HOUR), rules=BY_BRAND).state is OUT


def test_opt_in_ends_36_months_after_the_last_sign_of_life() -> None:
    years = timedelta(days=365)
    assert permission(agreed(4 * years)).state is UNSOLICITED
    extended = permission(agreed(4 * years), wrote(2 * years))
    assert extended == DmPermission(OPTED_IN, add_months(NOW - 2 * years, 36), (UUID(int=3000),))


def test_sign_of_life_after_its_end_does_not_revive_an_opt_in() -> None:
    years = timedelta(days=365)
    assert permission(agreed(5 * years), wrote(years)).state is UNSOLICITED


def test_months_end_on_the_last_day_of_a_shorter_month() -> None:
    assert add_months(datetime(2024, 1, 31, tzinfo=UTC), 1) == datetime(2024, 2, 29, tzinfo=UTC)
    assert add_months(datetime(2024, 12, 31, tzinfo=UTC), 2) == datetime(2025, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["version = ", "version = 1", SHIPPED.read_text(encoding="utf-8") + "\nwindow = 3", "service_window_hours = 48"],
)
def test_faulty_rules_are_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid, match=r"consent\.toml"):
        parse_rules(text)


EVENTS = st.lists(
    st.builds(
        make_event,
        st.sampled_from(ConsentKind),
        st.timedeltas(min_value=-2 * DAY, max_value=1500 * DAY) | st.integers(-3, 30).map(lambda hours: hours * HOUR),
        number=st.integers(10, 10_000),
        account=st.sampled_from([ACCOUNT, OTHER_ACCOUNT]),
        brand=st.sampled_from([BRAND, OTHER_BRAND, None]),
        purpose=st.sampled_from(Purpose),
    ),
    max_size=8,
)


@given(EVENTS, st.randoms(use_true_random=False), st.sampled_from([RULES, BY_BRAND]), st.booleans())
def test_order_of_events_is_irrelevant(events, random, rules, open_conversation) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(events, len(events))
    expected = permission(*events, rules=rules, open_conversation=open_conversation)
    got = permission(*shuffled, rules=rules, open_conversation=open_conversation)
    assert (got.state, got.until) == (expected.state, expected.until)


@given(EVENTS, st.data())
def test_replayed_event_adds_nothing(events: list[ConsentEvent], data: st.DataObject) -> None:
    replayed = [
        make_event(
            event.kind,
            NOW - event.occurred_at,
            number=20_000 + index,
            account=event.account,
            brand=event.brand,
            purpose=event.purpose,
            source_event_id=event.source_event_id,
            recorded_at=event.recorded_at + data.draw(st.timedeltas(min_value=timedelta(), max_value=DAY)),
        )
        for index, event in enumerate(events)
    ]
    once, twice = permission(*events), permission(*events, *replayed)
    assert (twice.state, twice.until) == (once.state, once.until)


@given(EVENTS, st.timedeltas(min_value=-DAY, max_value=40 * DAY))
def test_nothing_may_be_written_after_a_stop_without_a_later_sign(events: list[ConsentEvent], ago: timedelta) -> None:
    giving = {ConsentKind.INBOUND_DM, ConsentKind.OPT_IN}
    before = [event for event in events if event.kind not in giving or event.counts_from <= NOW - ago]
    assert permission(*before, stopped(ago)).state is OUT


@given(EVENTS, st.booleans())
def test_answers_need_an_open_window_of_this_account(events: list[ConsentEvent], open_conversation: bool) -> None:
    got = permission(*events, open_conversation=open_conversation)
    if got.state in {WINDOW, OUT_THEN_WROTE}:
        length = 7 * DAY if open_conversation else DAY
        openers = {ConsentKind.INBOUND_DM, ConsentKind.INVITE_ACCEPTED}
        assert got.until
        assert NOW < got.until <= NOW + length
        assert any(
            event.kind in openers and event.account == ACCOUNT and event.counts_from + length == got.until
            for event in events
        )


@given(EVENTS)
def test_removing_every_giving_event_leaves_no_right(events: list[ConsentEvent]) -> None:
    giving = {ConsentKind.INBOUND_DM, ConsentKind.INVITE_ACCEPTED, ConsentKind.OPT_IN}
    assert permission(*(event for event in events if event.kind not in giving)).state in {UNSOLICITED, OUT}
