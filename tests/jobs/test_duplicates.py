"""X says "duplicate content", without an id: after an attempt without an answer it is probably ours, on a first one not."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from govern.domain.messages import Message
from govern.services.outcomes import settle_outcome
from govern.xapi.client import OutgoingPost
from tests.asserts import actions, assert_audited
from tests.jobs.conftest import Live
from tests.jobs.reading import Back
from tests.sending import attempts, publication_of

TEXT = "Thé & café <ouvert> à 8 h : https://example.com/a?b=1&c=é"


@pytest.fixture
def back(live: Live) -> Back:
    """X refuses what it has already."""
    return Back(live)


async def failure_of(message: Message) -> str:
    return str((await publication_of(message))["failure"])


async def test_first_one_fails_and_names_our_message_that_has_the_text(back: Back) -> None:
    first = await back.write(TEXT)
    await back.publish()
    second = await back.write(TEXT)
    await back.publish()
    assert await back.live.desk.state(second) == "failed"
    assert len(await back.due()) == 1
    await back.read()
    x_id = back.live.sandbox.state()["posts"][0]["id"]
    assert await failure_of(second) == f"X has this text already: it is our message M-{first.number}, under {x_id}."
    entry = await assert_audited("publication.duplicate", twin="twin_ours", x_id=x_id, other=str(first.id))
    assert entry["actor"]["id"] == "worker:reconciler"
    assert (await actions())[-2:] == ["publication.refused", "publication.duplicate"]
    assert await back.due() == []
    assert back.live.sandbox.posts() == [TEXT]


async def test_first_one_names_the_post_made_by_hand(back: Back) -> None:
    client = back.live.client(back.live.desk.company.help)
    await client.send_post(OutgoingPost(text=TEXT), write_before=datetime.now(UTC) + timedelta(seconds=30))
    message = await back.write(TEXT)
    await back.publish()
    await back.read()
    x_id = back.live.sandbox.state()["posts"][0]["id"]
    assert await failure_of(message) == (
        f"X has this text already: somebody posted it from this account by hand, under {x_id}."
    )
    await assert_audited("publication.duplicate", twin="twin_by_hand", x_id=x_id)
    assert await back.live.desk.state(message) == "failed"


async def test_first_one_names_the_message_whose_outcome_is_unknown(back: Back) -> None:
    second = await back.write(TEXT)
    first = await back.lose(TEXT, "commit_then_drop")
    await back.publish()
    lost, refused = (first, second) if await back.live.desk.state(first) == "outcome_unknown" else (second, first)
    await back.read()
    assert f"M-{lost.number}, whose outcome is unknown" in await failure_of(refused)
    await assert_audited("publication.duplicate", twin="twin_unknown", other=str(lost.id))


async def test_what_x_does_not_show_is_said_so(back: Back) -> None:
    client = back.live.client(back.live.desk.company.help)
    await client.send_post(OutgoingPost(text=TEXT), write_before=datetime.now(UTC) + timedelta(seconds=30))
    back.live.sandbox.order("faults", kind="read_lag", times=4, seconds=600)
    message = await back.write(TEXT)
    await back.publish()
    await back.read()
    assert "shows none like it in the last 24 hours" in await failure_of(message)


async def test_twin_that_cannot_be_looked_for_leaves_a_plain_sentence(back: Back) -> None:
    await back.write(TEXT)
    await back.publish()
    message = await back.write(TEXT)
    await back.publish()
    back.live.sandbox.order("faults", kind="html_503", times=1, match={"route": "GET /2/users/{id}/tweets"})
    await back.read()
    assert await failure_of(message) == "X says that it has this text already."
    assert await back.live.desk.state(message) == "failed"


async def settled_as_not_out(back: Back, fault: str) -> Message:
    """A message that somebody settled too early as not out, and that X then calls a duplicate."""
    message = await back.lose(TEXT, fault)
    back.live.sandbox.order("faults", kind="read_lag", times=1, seconds=600)
    await back.read()
    desk = back.live.desk
    await settle_outcome(
        message.id, is_out=False, reason="Not there", actor=desk.company.mia, access=desk.access, now=back.clock()
    )
    await back.publish()
    return message


async def test_after_an_unknown_attempt_it_is_found_and_never_failed(back: Back) -> None:
    message = await settled_as_not_out(back, "commit_then_drop")
    assert await back.live.desk.state(message) == "outcome_unknown"
    await assert_audited("publication.unknown", outcome="failed", cause="duplicate", attempt=2, status=403)
    assert await failure_of(message) == (
        "X has this text already, after an attempt without an answer: it is probably out."
    )
    assert await back.read_all() == ["one"]
    assert await back.live.desk.state(message) == "sent"
    assert (await publication_of(message))["x_id"] == int(back.live.sandbox.state()["posts"][0]["id"])
    assert [each["resolved"] for each in await attempts()] == ["not_sent", "sent"]
    assert back.live.sandbox.posts() == [TEXT]


async def test_after_an_unknown_attempt_what_is_not_found_waits_for_a_person(back: Back) -> None:
    message = await settled_as_not_out(back, "commit_then_drop")
    back.live.sandbox.order("faults", kind="read_lag", times=100, seconds=3600)
    assert await back.read_all() == ["none"] * 3
    assert await back.live.desk.state(message) == "outcome_unknown"
    await assert_audited("publication.undecided", outcome="failed", found="none", reading=3)
    assert await back.publish() is None


async def test_sent_once_more_by_itself_while_x_lagged_it_is_a_duplicate_and_found(back: Back) -> None:
    back.live.desk.config = replace(back.live.desk.config, auto_resend=True)
    message = await back.lose(TEXT, "commit_then_drop")
    back.live.sandbox.order("faults", kind="read_lag", times=6, seconds=3600)
    assert await back.read_all() == ["none"] * 3
    await back.publish()
    assert await back.live.desk.state(message) == "outcome_unknown"
    assert await back.read_all() == ["one"]
    assert await back.live.desk.state(message) == "sent"
    assert back.live.sandbox.posts() == [TEXT]
