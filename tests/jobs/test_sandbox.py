"""The whole way to a real X-compatible server: what the sandbox has, the database knows, and never twice."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from govern.domain.messages import Kind, Message
from govern.domain.publications import Outcome
from govern.jobs.ingest import ingest
from govern.jobs.publish import publish
from govern.services.answers import Result
from tests.asserts import actions, assert_audited
from tests.jobs.conftest import Live, clock
from tests.sending import publication_of

TEXT = "Thé & café <ouvert> à 8 h : https://example.com/a?b=1&c=é"


async def run(live: Live) -> Result | None:
    desk = live.desk
    return await publish(
        desk.company.help.id,
        worker="test:1",
        connect=lambda _claim: live.client(desk.company.help),
        access=desk.access,
        policies=desk.policies,
        vault=desk.vault,
        settings=desk.config,
        clock=clock,
    )


async def post(live: Live, text: str = TEXT, **more: Any) -> Message:
    return await live.desk.write(text, now=clock(), **more)


async def test_post_arrives_as_approved(live: Live) -> None:
    message = await post(live)
    result = await run(live)
    assert result is not None
    (arrived,) = live.sandbox.state()["posts"]
    assert (arrived["account"], arrived["text"], arrived["id"]) == ("Help", TEXT, result.x_id)
    assert (await publication_of(message))["x_id"] == int(arrived["id"])
    assert (await actions())[-2:] == ["publication.sending", "publication.sent"]


async def test_reply_and_quote_arrive_at_their_post(live: Live) -> None:
    mention = live.customer("mention", "@Help where is my parcel?")
    await ingest(live.desk.company.help, live.client(live.desk.company.help), policies=live.desk.policies, clock=clock)
    await post(live, "On its way.", kind=Kind.REPLY, in_reply_to=mention)
    await run(live)
    await post(live, "A question we hear often.", kind=Kind.QUOTE, in_reply_to=mention)
    await run(live)
    _mention, reply, quote = live.sandbox.state()["posts"]
    assert (reply["text"], reply["in_reply_to"]) == ("On its way.", mention)
    assert quote["text"] == "A question we hear often."


async def test_customer_writes_and_the_answer_goes_out_as_a_dm(live: Live) -> None:
    live.customer("dm", "Where is my parcel?")
    assert (
        await ingest(
            live.desk.company.help, live.client(live.desk.company.help), policies=live.desk.policies, clock=clock
        )
        == 1
    )
    message = await post(
        live, "Your parcel arrives today.", author=live.desk.company.leo, kind=Kind.DM, recipient="marion"
    )
    await run(live)
    _asked, answer = live.sandbox.state()["dms"]
    assert (answer["sender"], answer["recipient"], answer["text"]) == ("Help", "marion", "Your parcel arrives today.")
    assert await live.desk.state(message) == "sent"


async def test_nobody_listens_so_nothing_left_and_it_goes_again(live: Live) -> None:
    message = await post(live)
    address = live.sandbox.address
    live.sandbox.address = "http://127.0.0.1:1"
    result = await run(live)
    live.sandbox.address = address
    assert result is not None
    assert (result.outcome, result.connected) == (Outcome.NOT_SENT, False)
    assert await live.desk.state(message) == "scheduled"
    await assert_audited("publication.failed", outcome="failed", cause="connect")


async def test_too_late_to_write_nothing_is_written(live: Live) -> None:
    message = await post(live)
    live.desk.config = replace(live.desk.config, send_write_window=timedelta(microseconds=1))
    result = await run(live)
    assert result is not None
    assert (result.outcome, result.code) == (Outcome.NOT_SENT, "late")
    assert await live.desk.state(message) == "scheduled"
    assert live.sandbox.posts() == []


async def test_same_text_again_is_a_duplicate_and_fails_in_plain_words(live: Live) -> None:
    await post(live)
    await run(live)
    second = await post(live)
    await run(live)
    assert await live.desk.state(second) == "failed"
    await assert_audited("publication.refused", outcome="failed", reason="duplicate", status=403)
    assert live.sandbox.posts() == [TEXT]


async def test_dm_that_x_does_not_allow_fails(live: Live) -> None:
    live.customer("dm", "Where is my parcel?")
    await ingest(live.desk.company.help, live.client(live.desk.company.help), policies=live.desk.policies, clock=clock)
    live.sandbox.order("customers", handle="marion", closed_dms=True)
    message = await post(
        live, "Your parcel arrives today.", author=live.desk.company.leo, kind=Kind.DM, recipient="marion"
    )
    await run(live)
    assert await live.desk.state(message) == "failed"
    await assert_audited("publication.refused", outcome="failed", reason="dm_not_allowed")
