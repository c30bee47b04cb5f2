"""Images: what was approved is what X has, to the byte, with its alt text; or nothing is there at all."""

import base64
import hashlib
import zlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from govern.xapi.call import Caller
from govern.xapi.client import OutgoingDm, OutgoingImage, OutgoingPost
from govern.xapi.credentials import Keys
from govern.xapi.errors import NotSent, OutcomeUnknown, Refused
from govern.xapi.media import PART, parts, upload_image
from govern.xapi.session import parse_address
from govern.xapi.tweepy_client import TweepyClient
from tests.xapi.conftest import KEYS, Sandbox, http, odd_server, problem, soon
from tests.xapi.granting import bearer_of

LIMIT = timedelta(seconds=10)


def png(filler: int = 0) -> bytes:
    """One black point, and as many bytes more as are asked for."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\10\2\0\0\0")
    extra = chunk(b"tEXt", b"Comment\0" + bytes(range(1, 251)) * (filler // 250)) if filler else b""
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b"")


def image(pixels: bytes, **changes: Any) -> OutgoingImage:
    made = OutgoingImage(
        content=pixels, digest=hashlib.sha256(pixels).digest(), media_type="image/png", alt_text="A black point."
    )
    return replace(made, **changes)


class Waits:
    """Notes how long it was asked to wait, and lets the sandbox's clock pass instead."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self.sandbox = sandbox
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.sandbox:
            self.sandbox.order("clock", seconds=seconds)


@pytest.fixture(params=["oauth1", "oauth2"])
def keys(request: pytest.FixtureRequest, x_sandbox: Sandbox) -> Keys:
    """An account's keys, of either kind."""
    if request.param == "oauth2":
        return bearer_of(x_sandbox, "Help")
    made = x_sandbox.order("accounts", handle="Help", name="Help")
    return type(KEYS)(**{name: made[name] for name in KEYS.__struct_fields__})


async def test_image_of_a_post_is_the_approved_one_to_the_byte(x_sandbox: Sandbox, keys: Keys) -> None:
    approved = image(png(filler=2 * PART + 500))
    client = TweepyClient(keys, base_url=x_sandbox.address, timeout=LIMIT)
    uploaded = await client.upload_image(approved)
    assert timedelta(hours=1) < uploaded.lives <= timedelta(hours=24)
    await client.send_post(OutgoingPost(text="Look", media_ids=(uploaded.media_id,)), write_before=soon())
    post: Any = x_sandbox.state()["posts"][0]
    assert post["media"] == [
        {
            "id": uploaded.media_id,
            "media_type": "image/png",
            "sha256": hashlib.sha256(approved.content).hexdigest(),
            "alt_text": "A black point.",
        }
    ]


async def test_image_of_a_direct_message_is_one_of_its_own_kind(x_sandbox: Sandbox) -> None:
    client = TweepyClient(bearer_of(x_sandbox, "Help"), base_url=x_sandbox.address, timeout=LIMIT)
    x_sandbox.order("inbound", kind="dm", **{"from": "marion", "to": "Help"}, text="Hello?")
    marion = (await client.dm_events(None))[0].sender_id
    uploaded = await client.upload_image(image(png(), category="dm_image"))
    dm = OutgoingDm(text="Here", recipient_id=marion, media_id=uploaded.media_id)
    await client.send_dm(dm, write_before=soon())


async def test_it_waits_as_x_says(x_sandbox: Sandbox) -> None:
    x_sandbox.order("rules", media_seconds=7)
    waits = Waits(x_sandbox)
    x = Caller(bearer_of(x_sandbox, "Help"), parse_address(x_sandbox.address), LIMIT)
    await upload_image(x, image(png()), pause=waits)
    assert waits.seconds
    assert sum(waits.seconds) >= 7


async def test_it_does_not_wait_for_ever() -> None:
    begun = {"data": {"id": "5", "expires_after_secs": 9}}
    going_on = {"data": {**begun["data"], "processing_info": {"state": "in_progress", "check_after_secs": 25}}}
    waits = Waits()
    async with odd_server(http(200, begun), http(200, {}), http(200, going_on)) as x:
        with pytest.raises(OutcomeUnknown) as unknown:
            await upload_image(
                Caller(KEYS, parse_address(f"http://127.0.0.1:{x.port}"), LIMIT), image(png()), pause=waits
            )
    assert unknown.value.cause == "media_processing"
    assert waits.seconds == [25, 25]
    assert "command=STATUS" in x.target


async def test_what_x_cannot_read_as_an_image_is_refused(x_sandbox: Sandbox) -> None:
    client = TweepyClient(bearer_of(x_sandbox, "Help"), base_url=x_sandbox.address, timeout=LIMIT)
    with pytest.raises(Refused) as refused:
        await client.upload_image(image(b"this is no image"))
    assert refused.value.reason == "media_refused"
    assert refused.value.sentence.fr


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"content": png() + b"\0"}, "content_changed"),
        ({"digest": bytes(32)}, "content_changed"),
        ({"alt_text": " "}, "no_alt_text"),
    ],
)
async def test_other_bytes_than_the_approved_or_no_alt_text_never_leave(change: dict[str, object], cause: str) -> None:
    async with odd_server(http(200, {})) as x:
        with pytest.raises(NotSent) as held:
            await upload_image(Caller(KEYS, parse_address(f"http://127.0.0.1:{x.port}"), LIMIT), image(png(), **change))
        assert held.value.cause == cause
        assert x.connections == 0


@pytest.mark.parametrize("finished", [{"id": "5", "size": 3}, {"id": "6", "size": None}])
async def test_other_length_or_id_than_ours_is_not_believed(finished: dict[str, object]) -> None:
    async with odd_server(http(200, {"data": {"id": "5"}}), http(200, {}), http(200, {"data": finished})) as x:
        with pytest.raises(OutcomeUnknown, match="media_size"):
            await upload_image(Caller(KEYS, parse_address(f"http://127.0.0.1:{x.port}"), LIMIT), image(png()))


async def test_refusal_of_a_part_ends_it() -> None:
    async with odd_server(http(200, {"data": {"id": "5"}}), problem(400, "Bad part")) as x:
        with pytest.raises(Refused):
            await upload_image(Caller(KEYS, parse_address(f"http://127.0.0.1:{x.port}"), LIMIT), image(png()))
        assert x.connections == 2


@given(st.binary(max_size=5000), st.integers(0, 3))
def test_parts_make_the_whole_and_each_fits(tail: bytes, full: int) -> None:
    content = bytes(full * PART) + tail
    cut = list(parts(content))
    assert b"".join(cut) == content
    assert all(0 < len(part) <= PART for part in cut)
    assert b"".join(base64.b64decode(base64.b64encode(part)) for part in cut) == content
