"""What a reading of X makes of images and of replies to everyone; and one that does not work out, which is none."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from govern.database import transaction
from govern.domain.messages import Kind, ReplyLevel
from govern.domain.publications import Found
from govern.jobs.ingest import ingest
from govern.services.readings import list_readings
from govern.services.reconciling import Read
from govern.xapi.client import OutgoingPost
from govern.xapi.errors import RateLimited
from tests.asserts import assert_audited, race
from tests.factories import make_image
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


async def test_reading_that_failed_is_none_and_is_tried_again(back: Back) -> None:
    await back.lose(TEXT, "commit_then_drop")
    back.live.sandbox.order("faults", kind="html_503", times=2, match={"route": READS})
    assert await back.read_all() == ["nothing", "nothing", "one"]
    readings = await list_readings((await attempts())[0]["id"])
    assert [(each.result.value, each.fault, each.counts) for each in readings] == [
        ("failed", "outcome_unknown", False),
        ("failed", "outcome_unknown", False),
        ("one", None, True),
    ]


async def test_reading_waits_as_long_as_x_says(back: Back) -> None:
    await back.lose(TEXT, "commit_then_drop")
    back.advance(timedelta(seconds=31))
    again_at = back.clock() + timedelta(seconds=90)
    x = FakeX()
    x.reading_fails["own_posts"] = RateLimited(again_at, "own_posts/window")
    await back.read(client=x)
    back.advance(timedelta(seconds=85))
    assert await back.due() == []
    back.advance(timedelta(seconds=6))
    assert await back.due() != []


async def test_account_that_lost_its_keys_is_not_read_and_says_so(back: Back) -> None:
    await back.lose(TEXT, "commit_then_drop")
    back.live.sandbox.order("faults", kind="revoke_token", times=1, match={"route": READS})
    back.advance(timedelta(seconds=31))
    assert await back.read() is None
    await assert_audited("account.disconnected", reason="auth_lost")
    (reading,) = await list_readings((await attempts())[0]["id"])
    assert (reading.result, reading.fault) == (Found.FAILED, "auth_lost")


async def test_of_two_readings_at_once_one_is_kept(back: Back) -> None:
    await back.lose(TEXT, "drop_before_commit")
    back.advance(timedelta(seconds=31))
    reads = await race(back.read(), back.read(), back.read())
    assert [type(each) for each in reads if each is not None] == [Read]
    assert len(await list_readings((await attempts())[0]["id"])) == 1


async def test_reading_in_a_transaction_is_refused(back: Back) -> None:
    await back.lose(TEXT, "drop_before_commit")
    async with transaction():
        with pytest.raises(RuntimeError, match="transaction"):
            await back.read()


@pytest.mark.parametrize("count", [1, 2])
async def test_post_with_images_is_found_by_its_text_and_how_many_it_has(back: Back, count: int) -> None:
    desk = back.live.desk
    desk.config = replace(desk.config, send_timeout=timedelta(seconds=5))
    made = [
        await make_image(desk.company.ana, access=desk.access, alt_text="A square", now=back.clock())
        for _ in range(count)
    ]
    client = back.live.client(desk.company.help)
    await client.send_post(OutgoingPost(text=TEXT), write_before=datetime.now(UTC) + timedelta(seconds=30))
    message = await back.lose(TEXT, "commit_then_drop", images=made)
    assert await back.live.desk.state(message) == "outcome_unknown"
    assert await back.read_all() == ["one"], "not the one without images"
    assert len(back.live.sandbox.state()["posts"][-1]["media"]) == count
    assert (await publication_of(message))["x_id"] == int(back.live.sandbox.state()["posts"][-1]["id"])


async def test_reply_to_everyone_is_found_as_the_post_that_it_is(back: Back) -> None:
    live = back.live
    mention = live.customer("mention", "@Help where is my parcel?")
    await ingest(
        live.desk.company.help, live.client(live.desk.company.help), policies=live.desk.policies, clock=back.clock
    )
    message = await back.lose(
        ".@marion On its way, for all who asked.",
        "commit_then_drop",
        kind=Kind.REPLY,
        in_reply_to=mention,
        reply_level=ReplyLevel.EVERYONE,
    )
    assert await back.read_all() == ["one"]
    assert await live.desk.state(message) == "sent"
