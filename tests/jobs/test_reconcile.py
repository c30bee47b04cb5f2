"""Reading X back over the real sandbox: what came out is found, what did not goes once more, what is doubtful waits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from govern.domain.messages import Kind, Message
from govern.domain.publications import Found
from govern.jobs.ingest import ingest
from govern.xapi.client import OutgoingPost, OwnPost
from govern.xapi.reasons import REASONS
from govern.xapi.snowflake import snowflake_floor
from tests.asserts import actions, assert_audited
from tests.fakes import FakeX
from tests.jobs.conftest import Live
from tests.jobs.reading import Back
from tests.sending import attempts, publication_of

READS = "GET /2/users/{id}/tweets"
TEXT = "Thé & café <ouvert> à 8 h : https://example.com/a?b=1&c=é"


@pytest.fixture
def back(live: Live) -> Back:
    live.sandbox.order("rules", duplicates=False)
    return Back(live)


OUT: list[tuple[str, dict[str, Any]]] = [
    ("commit_then_drop", {}),
    ("commit_then_slow", {}),
    ("bad_json_201", {}),
    ("truncated", {}),
    ("empty_200", {}),
    ("html_503", {"commit": True}),
    ("unavailable", {"commit": True}),
    ("redirect_307", {"commit": True}),
]
NOT_OUT: list[tuple[str, dict[str, Any]]] = [
    ("drop_before_commit", {}),
    ("html_503", {}),
    ("unavailable", {}),
    ("redirect_307", {}),
    ("bad_json_201", {"commit": False}),
]


@pytest.mark.parametrize(("fault", "options"), OUT, ids=[f"{name}{more}" for name, more in OUT])
async def test_what_came_out_unheard_is_found_by_the_first_reading(
    back: Back, fault: str, options: dict[str, Any]
) -> None:
    message = await back.lose(TEXT, fault, **options)
    assert await back.live.desk.state(message) == "outcome_unknown"
    assert await back.read_all() == ["one"]
    (post,) = back.live.sandbox.state()["posts"]
    (attempt,), row = await attempts(), await publication_of(message)
    assert (attempt["resolved"], attempt["x_id"], row["x_id"]) == ("sent", int(post["id"]), int(post["id"]))
    assert (await actions())[-3:] == ["publication.sending", "publication.unknown", "publication.settled"]
    await assert_audited(
        "publication.settled", actor="worker:reconciler", settlement="sent", x_id=post["id"], reading=1
    )
    assert await back.live.desk.state(message) == "sent"


CUT, SILENT, GARBLED = REASONS["broken_off"].en, REASONS["no_answer"].en, REASONS["unreadable"].en
FAILED, ELSEWHERE = REASONS["x_failed"].en, REASONS["x_redirected"].en


@pytest.mark.parametrize(
    ("fault", "cause", "status", "sentence"),
    [
        ("commit_then_drop", "reset", None, CUT),
        ("drop_before_commit", "reset", None, CUT),
        ("commit_then_slow", "timeout", None, SILENT),
        ("truncated", "reset", 201, CUT),
        ("bad_json_201", "bad_answer", 201, GARBLED),
        ("empty_200", "bad_answer", 200, GARBLED),
        ("html_503", "http_503", 503, FAILED),
        ("unavailable", "http_503", 503, FAILED),
        ("redirect_307", "http_307", 307, ELSEWHERE),
    ],
)
async def test_what_is_known_of_an_unknown_outcome_is_said_and_never_called_failed(
    back: Back, fault: str, cause: str, status: int | None, sentence: str
) -> None:
    message = await back.lose(TEXT, fault)
    await assert_audited("publication.unknown", outcome="failed", cause=cause, status=status, attempt=1)
    (attempt,) = await attempts()
    assert (attempt["connected"], attempt["status"], attempt["reason"]) == (True, status, sentence)
    assert (await publication_of(message))["failure"] == sentence


@pytest.mark.parametrize(("fault", "options"), NOT_OUT, ids=[f"{name}{more}" for name, more in NOT_OUT])
async def test_plain_post_that_three_readings_do_not_show_goes_once_more(
    back: Back, fault: str, options: dict[str, Any]
) -> None:
    message = await back.lose(TEXT, fault, **options)
    assert await back.read_all() == ["none"] * 3
    assert await back.live.desk.state(message) == "approved"
    settled = await assert_audited("publication.settled", actor="worker:reconciler", settlement="not_sent", reading=3)
    assert settled["change"]["state"] == {"before": "outcome_unknown", "after": "approved"}
    await back.publish()
    assert back.live.sandbox.posts() == [TEXT]
    assert await back.live.desk.state(message) == "sent"


async def test_reading_that_lags_settles_nothing_and_the_next_finds_it(back: Back) -> None:
    message = await back.lose(TEXT, "commit_then_drop")
    back.live.sandbox.order("faults", kind="read_lag", times=4, seconds=600, match={"text": TEXT[:10]})
    assert await back.read_all() == ["none", "none", "one"]
    assert await back.live.desk.state(message) == "sent"
    assert back.live.sandbox.posts() == [TEXT]


async def test_it_goes_once_more_only_once_in_its_life(back: Back) -> None:
    message = await back.lose(TEXT, "drop_before_commit")
    await back.read_all()
    back.live.sandbox.order("faults", kind="drop_before_commit", times=1)
    await back.publish()
    assert await back.read_all() == ["none"] * 3
    assert await back.live.desk.state(message) == "outcome_unknown"
    await assert_audited("publication.undecided", outcome="failed", actor="worker:reconciler", found="none", reading=3)
    assert await back.publish() is None
    assert await back.due() == []


async def test_it_does_not_go_once_more_where_that_is_switched_off(back: Back) -> None:
    back.live.desk.config = replace(back.live.desk.config, auto_resend=False)
    message = await back.lose(TEXT, "drop_before_commit")
    assert await back.read_all() == ["none"] * 3
    assert await back.live.desk.state(message) == "outcome_unknown"


async def test_what_is_too_late_to_go_once_more_expires(back: Back) -> None:
    at = back.clock() + timedelta(minutes=1)
    back.live.sandbox.order("faults", kind="drop_before_commit", times=1)
    message = await back.write(TEXT, scheduled_at=at)
    back.advance(timedelta(minutes=10))
    await back.publish()
    assert await back.read_all() == ["none"] * 3
    assert await back.live.desk.state(message) == "expired"
    assert (await actions())[-2:] == ["publication.settled", "message.expired"]
    assert await back.publish() is None


async def mentioned(back: Back) -> str:
    live = back.live
    mention = live.customer("mention", "@Help where is my parcel?")
    await ingest(
        live.desk.company.help, live.client(live.desk.company.help), policies=live.desk.policies, clock=back.clock
    )
    return mention


ANSWERS = [Kind.REPLY, Kind.QUOTE]


@pytest.mark.parametrize("kind", ANSWERS)
async def test_answer_that_came_out_is_found_at_its_post(back: Back, kind: Kind) -> None:
    mention = await mentioned(back)
    message = await back.lose("A question we hear often & gladly.", "commit_then_drop", kind=kind, in_reply_to=mention)
    assert await back.read_all() == ["one"]
    assert await back.live.desk.state(message) == "sent"


@pytest.mark.parametrize("kind", ANSWERS)
async def test_answer_that_no_reading_shows_waits_for_a_person(back: Back, kind: Kind) -> None:
    mention = await mentioned(back)
    message = await back.lose("A question we hear often.", "drop_before_commit", kind=kind, in_reply_to=mention)
    assert await back.read_all() == ["none"] * 3
    assert await back.live.desk.state(message) == "outcome_unknown"
    assert await back.publish() is None
    await assert_audited("publication.undecided", outcome="failed", found="none")


async def lost_dm(back: Back, fault: str) -> Message:
    live = back.live
    live.customer("dm", "Your parcel arrives today.")
    await ingest(
        live.desk.company.help, live.client(live.desk.company.help), policies=live.desk.policies, clock=back.clock
    )
    return await back.lose(
        "Your parcel arrives today.", fault, author=live.desk.company.leo, kind=Kind.DM, recipient="marion"
    )


async def test_dm_that_came_out_is_found_in_its_thread_and_the_other_side_does_not_count(back: Back) -> None:
    message = await lost_dm(back, "commit_then_drop")
    assert await back.read_all() == ["one"]
    _asked, answer = back.live.sandbox.state()["dms"]
    assert (await publication_of(message))["x_id"] == int(answer["id"])
    assert await back.live.desk.state(message) == "sent"


async def test_dm_that_no_reading_shows_waits_for_a_person(back: Back) -> None:
    message = await lost_dm(back, "drop_before_commit")
    assert await back.read_all() == ["none"] * 3
    assert await back.live.desk.state(message) == "outcome_unknown"
    assert len(back.live.sandbox.state()["dms"]) == 1


async def test_two_that_fit_are_for_a_person_to_tell_apart(back: Back) -> None:
    message = await back.lose(TEXT, "commit_then_drop")
    await by_somebody(back, TEXT)
    assert await back.read_all() == ["several"]
    assert await back.live.desk.state(message) == "outcome_unknown"
    await assert_audited("publication.undecided", outcome="failed", found="several", reading=1)


async def test_post_of_another_message_never_fits(back: Back) -> None:
    other = await back.write(TEXT)
    await back.publish()
    message = await back.lose(TEXT, "drop_before_commit")
    assert await back.read_all() == ["none"] * 3
    assert [await back.live.desk.state(each) for each in (other, message)] == ["sent", "approved"]


async def test_post_from_before_the_attempt_never_fits(back: Back) -> None:
    await back.lose(TEXT, "drop_before_commit")
    started = (await attempts())[0]["started_at"]
    x = FakeX()
    x.posts = [_shown(TEXT, started - timedelta(minutes=3)), _shown("Another.", started)]
    back.advance(timedelta(seconds=31))
    read = await back.read(client=x)
    assert read is not None
    assert read.found is Found.NONE
    assert x.read_since == [snowflake_floor(started - timedelta(seconds=120))]


async def test_clock_of_x_that_is_behind_is_met_by_reading_again_from_further_below(back: Back) -> None:
    await back.lose(TEXT, "drop_before_commit")
    started = (await attempts())[0]["started_at"]
    x = FakeX()
    x.posts = [_shown(TEXT, started - timedelta(minutes=5))]
    back.advance(timedelta(seconds=31))
    x.date = back.clock() - timedelta(minutes=5)
    read = await back.read(client=x)
    assert read is not None
    assert (read.found, len(x.read_since)) == (Found.ONE, 2)


def _shown(text: str, at: datetime) -> OwnPost:
    x_id = str(int(snowflake_floor(at)) + 1)
    return OwnPost(
        x_id=x_id,
        text=text,
        in_reply_to=None,
        quote_of=None,
        created_at=at,
        links=("https://example.com/a?b=1&c=é",),
    )


async def test_what_came_out_is_found_though_our_clock_is_minutes_ahead(live: Live) -> None:
    back = Back(live, ahead=timedelta(minutes=5))
    message = await back.lose(TEXT, "commit_then_drop")
    assert await back.read_all() == ["one"]
    assert await live.desk.state(message) == "sent"


@pytest.mark.parametrize("seconds", [300, -300])
async def test_what_came_out_is_found_though_the_date_of_x_is_off(back: Back, seconds: int) -> None:
    back.live.sandbox.order("faults", kind="clock_skew", times=100, seconds=seconds, match={"route": "GET"})
    message = await back.lose(TEXT, "commit_then_drop")
    assert await back.read_all() == ["one"]
    assert await back.live.desk.state(message) == "sent"


async def by_somebody(back: Back, text: str) -> None:
    """Post from our account, but not through us."""
    client = back.live.client(back.live.desk.company.help)
    await client.send_post(OutgoingPost(text=text), write_before=datetime.now(UTC) + timedelta(seconds=30))
