"""Images on the way to X: the approved bytes with their alt texts before the send, and nothing out whatever fails."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from govern.database import rows
from govern.domain.credentials import BASE_SCOPES, MissingScopes
from govern.domain.media import Attachment
from govern.domain.messages import Kind, Message, ReplyLevel
from govern.jobs.ingest import ingest
from govern.jobs.publish import publish
from govern.jobs.upload import LATER, SOON
from govern.services.answers import Result
from govern.services.media_uploads import USED_WITHIN, MediaNeeded
from govern.services.message_views import load_message
from govern.services.messages import withdraw_message
from govern.services.passing import Passed
from govern.tables import MediaUpload, XCost
from govern.xapi import errors
from govern.xapi.client import Exchange, OutgoingDm, OutgoingPost, XClient
from tests.asserts import actions, assert_audited
from tests.factories import NOW, make_image, receive_mention
from tests.fakes import FakeX
from tests.jobs.conftest import Live, clock
from tests.pictures import exif, gif, jpeg, png
from tests.sending import LATER as AFTER
from tests.sending import Desk, attempts, publication_of

STEPS = (
    "POST /2/media/upload/initialize",
    "POST /2/media/upload/{id}/append",
    "POST /2/media/upload/{id}/finalize",
    "POST /2/media/metadata",
)
CONNECTED = Exchange(connected=True)


@pytest.fixture
async def live(live: Live) -> Live:
    live.desk.config = replace(live.desk.config, send_timeout=timedelta(seconds=5))  # it is not X that is slow here
    return live


async def image(desk: Desk, content: bytes | None = None, alt_text: str = "A blue square") -> Attachment:
    return await make_image(desk.company.ana, content, access=desk.access, alt_text=alt_text, now=clock())


async def run(desk: Desk, x: XClient, *, now: datetime | None = None) -> Result | None:
    return await publish(
        desk.company.help.id,
        worker="test:1",
        connect=lambda _claim: x,
        access=desk.access,
        policies=desk.policies,
        vault=desk.vault,
        settings=desk.config,
        clock=(lambda: now) if now else clock,
    )


async def go(live: Live) -> Result | None:
    return await run(live.desk, live.client(live.desk.company.help))


async def post(live: Live, *images: Attachment, **more: Any) -> Message:
    return await live.desk.write(images=images, now=clock(), **more)


def on_x(live: Live) -> list[Any]:
    return [post["media"] for post in live.sandbox.state()["posts"]]


def shown_by_x(live: Live, x_media_id: str) -> bytes:
    return httpx.get(f"{live.sandbox.address}/media/{x_media_id}").raise_for_status().content


async def test_images_are_on_x_byte_for_byte_with_their_alt_texts_in_their_order(live: Live) -> None:
    camera = await image(live.desk, jpeg(extra=(exif(),)), "La vitrine, de nuit : « ouvert »")
    square = await image(live.desk, png(300, 200))
    message = await post(live, camera, square)
    assert await go(live) is not None
    assert await live.desk.state(message) == "sent"
    ((first, second),) = on_x(live)
    approved = message.revision.images
    assert [(each["sha256"], each["alt_text"]) for each in (first, second)] == [
        (each.digest.hex(), each.alt_text) for each in approved
    ]
    shown = shown_by_x(live, first["id"])
    assert (len(shown), hashlib.sha256(shown).digest()) == (approved[0].size, approved[0].digest)
    assert [each for each in await actions() if each.startswith("publication.")] == [
        "publication.media_uploaded",
        "publication.media_uploaded",
        "publication.sending",
        "publication.sent",
    ]
    await assert_audited("publication.media_uploaded", x_media_id=second["id"], digest=approved[1].digest.hex())


async def test_more_than_one_part_arrives_whole(live: Live) -> None:
    noise = b"".join(hashlib.sha256(number.to_bytes(4)).digest() for number in range(70_000))
    large = jpeg().replace(b"\x3f\xff\x00", noise.replace(b"\xff", b"\xfe") + b"\xff\x00")
    message = await post(live, await image(live.desk, large))
    await go(live)
    ((arrived,),) = on_x(live)
    assert message.revision.images[0].size > 2 * 1024 * 1024
    assert arrived["sha256"] == hashlib.sha256(large).hexdigest()


async def test_a_gif_and_an_image_of_a_private_message_arrive(live: Live) -> None:
    await post(live, await image(live.desk, gif()))
    await go(live)
    assert [media["media_type"] for (media,) in on_x(live)] == ["image/gif"]
    live.customer("dm", "Where is my parcel?")
    ours = live.desk.company.help
    await ingest(ours, live.client(ours), policies=live.desk.policies, clock=clock)
    leo = live.desk.company.leo
    shown = await make_image(leo, png(), access=live.desk.access, alt_text="The parcel", now=clock())
    await post(live, shown, text="Here it is.", author=leo, kind=Kind.DM, recipient="marion")
    await go(live)
    answer = live.sandbox.state()["dms"][-1]
    assert (answer["text"], answer["media"]["alt_text"]) == ("Here it is.", "The parcel")  # type: ignore[index]


async def test_x_is_waited_for_until_it_has_looked_at_the_image(live: Live) -> None:
    live.sandbox.order("rules", media_seconds=1)
    message = await post(live, await image(live.desk))
    await go(live)
    live.sandbox.order("rules", media_seconds=0)
    assert await live.desk.state(message) == "sent"
    assert len(on_x(live)) == 1


@pytest.mark.parametrize(
    ("route", "kind", "hold", "wait"),
    [
        *((route, "commit_then_drop", "media", SOON) for route in STEPS),
        *((route, "refuse", "media", LATER) for route in STEPS),
        (STEPS[0], "drop_before_commit", "media", SOON),
        (STEPS[2], "html_503", "media", SOON),
        (STEPS[0], "bad_json_201", "media", SOON),
        (STEPS[1], "rate_limit", "media", timedelta(seconds=7)),
        (STEPS[3], "no_credits", "credits", LATER),
        (STEPS[1], "revoke_token", "auth", SOON),
    ],
)
async def test_a_fault_in_any_step_of_an_upload_sends_nothing_and_it_goes_when_that_is_over(
    live: Live, owner: asyncpg.Connection, route: str, kind: str, hold: str, wait: timedelta
) -> None:
    message = await post(live, await image(live.desk))
    live.sandbox.order("faults", kind=kind, match={"route": route}, times=1)
    assert await go(live) is None
    held = await load_message(message.id)
    assert (held.state.value, held.hold) == ("approved", hold)
    assert "othing" in (held.failure or "")
    assert (await publication_of(message))["wake_at"] <= clock() + wait
    await assert_audited("publication.held", outcome="denied", hold=hold)
    assert await attempts() == []
    assert live.sandbox.state()["posts"] == []
    if hold == "auth":
        await owner.execute("UPDATE account SET state = 'connected'")
        await owner.execute("UPDATE account_credential SET state = 'active', reason = NULL")
    await owner.execute("UPDATE publication SET wake_at = now()")
    await go(live)
    assert len(on_x(live)) == 1
    assert await live.desk.state(message) == "sent"


async def test_what_x_holds_for_an_hour_is_not_uploaded_again_and_after_that_it_is(desk: Desk) -> None:
    message = await desk.write(images=[await image(desk)])
    x = FakeX(errors.NotSent("connect", exchange=Exchange()), errors.NotSent("connect", exchange=Exchange()), "77")
    await run(desk, x, now=AFTER)
    await run(desk, x, now=AFTER + timedelta(minutes=50))
    assert len(x.uploaded) == 1
    await run(desk, x, now=AFTER + USED_WITHIN - timedelta(seconds=30))
    assert await desk.state(message) == "sent"
    assert len(x.uploaded) == 2
    sent = x.sent[-1]
    assert isinstance(sent, OutgoingPost)
    assert sent.media_ids == ("702",)
    assert [row["x_media_id"] for row in rows(await MediaUpload.select().order_by(MediaUpload.uploaded_at))] == [
        701,
        702,
    ]


async def test_an_upload_that_x_keeps_for_less_than_a_minute_is_not_tried_for_ever(desk: Desk) -> None:
    message = await desk.write(images=[await image(desk)])
    x = FakeX("77")
    x.lives = timedelta(seconds=30)
    assert await run(desk, x, now=AFTER) is None
    assert len(x.uploaded) == 1
    assert (await load_message(message.id)).hold == "media"
    assert x.sent == []


async def test_only_what_is_missing_is_uploaded_again(desk: Desk) -> None:
    await desk.write(images=[await image(desk, alt_text="One"), await image(desk, alt_text="Two")])
    x = FakeX("77")
    x.upload_fails = [errors.OutcomeUnknown("timeout", exchange=CONNECTED)]
    x.uploads_before_failing = 1
    assert await run(desk, x, now=AFTER) is None
    await run(desk, x, now=AFTER + SOON)
    assert [each.alt_text for each in x.uploaded] == ["One", "Two"]
    assert len(x.sent) == 1


async def test_what_waits_for_its_images_does_not_keep_the_next_one_waiting(desk: Desk) -> None:
    stuck = await desk.write(images=[await image(desk)])
    free = await desk.write("The library opens at nine.", now=NOW + timedelta(seconds=1))
    x = FakeX("77")
    x.upload_fails = [errors.Refused("media_refused", "no", exchange=CONNECTED)]
    assert await run(desk, x, now=AFTER) is not None
    assert [await desk.state(stuck), await desk.state(free)] == ["approved", "sent"]
    assert (await load_message(stuck.id)).failure == "X could not process an image of this message. Nothing was sent."


async def test_what_may_not_go_is_not_handed_to_x(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write(images=[await image(desk)])
    await owner.execute("UPDATE publication SET content_digest = sha256('another picture')")
    x = FakeX()
    assert await run(desk, x, now=AFTER) is None
    assert x.uploaded == []


async def test_bytes_that_are_not_those_approved_are_held(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write(images=[await image(desk)])
    for trigger in ("media_kept", "media_told"):
        await owner.execute(f"ALTER TABLE media DISABLE TRIGGER {trigger}")
    try:
        other = png(colour=b"\xff\0\0")
        await owner.execute("UPDATE media SET content = $1, sha256 = sha256($1), size = length($1)", other)
    finally:
        for trigger in ("media_kept", "media_told"):
            await owner.execute(f"ALTER TABLE media ENABLE TRIGGER {trigger}")
    x = FakeX()
    assert await run(desk, x, now=AFTER) is None
    assert (x.uploaded, x.sent) == ([], [])
    assert (await load_message(message.id)).hold == "digest"


async def test_a_claim_without_the_images_leaves_everything_as_it_was(desk: Desk) -> None:
    await desk.write(images=[await image(desk)])
    before = await actions()
    assert isinstance(await desk.claim(), MediaNeeded)
    assert (await actions(), await attempts()) == (before, [])


async def test_a_message_taken_back_while_its_images_are_handed_over_stays_so(desk: Desk) -> None:
    message = await desk.write(images=[await image(desk)])

    async def take_back() -> None:
        await withdraw_message(message.id, revision=1, actor=desk.company.ana, access=desk.access, now=AFTER)

    x = FakeX()
    x.upload_fails, x.while_uploading = [errors.NotSent("connect", exchange=Exchange())], take_back
    assert await run(desk, x, now=AFTER) is None
    assert await desk.state(message) == "withdrawn"
    assert (await publication_of(message))["hold"] is None
    assert await desk.claim() is None


async def test_that_a_machine_wrote_it_is_said_to_x(desk: Desk) -> None:
    await desk.write("The workshop opens at ten.", ai_written=True)
    await desk.write("The library opens at nine.", now=NOW + timedelta(seconds=1))
    x = FakeX("77", "78")
    for _ in range(2):
        await run(desk, x, now=AFTER)
    assert [each.made_with_ai for each in x.sent if not isinstance(each, OutgoingDm)] == [True, False]
    assert await desk.claim() != Passed(reason="digest")


async def test_images_need_their_permission_at_submit_and_in_the_claim(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write(images=[await image(desk)])
    await owner.execute("UPDATE account_credential SET kind = 'oauth2', scopes = $1", list(BASE_SCOPES))
    with pytest.raises(MissingScopes, match=r"without media\.write"):
        await desk.write("Another text.", images=[await image(desk)])
    x = FakeX("77")
    assert await run(desk, x, now=AFTER) is None
    assert (await load_message(message.id)).hold == "scope"
    assert (x.uploaded, x.sent) == ([], [])


async def test_what_is_said_of_images_costs_and_a_reply_to_everyone_costs_as_a_post(desk: Desk) -> None:
    await desk.write(images=[await image(desk), await image(desk)])
    asked = await receive_mention(desk.company.help)
    everyone: dict[str, Any] = {"kind": Kind.REPLY, "in_reply_to": asked, "reply_level": ReplyLevel.EVERYONE}
    await desk.write(".@marion We open at ten.", author=desk.company.leo, **everyone)
    x = FakeX("77", "78")
    for _ in range(2):
        await run(desk, x, now=AFTER)
    costs = [(row["kind"], row["units"]) for row in rows(await XCost.select().order_by(XCost.kind))]
    assert costs == [("media_metadata", 2), ("post", 1), ("post", 1)]
    answer = next(each for each in x.sent if isinstance(each, OutgoingPost) and each.text.startswith("."))
    assert answer.in_reply_to is None
