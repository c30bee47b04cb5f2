"""Reading X back: what has images is found by them, and a reply to everyone as the post that it is."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from govern.domain.messages import Kind, ReplyLevel
from govern.jobs.ingest import ingest
from tests.factories import make_image
from tests.jobs.conftest import Live, clock
from tests.jobs.reading import Back

TEXT = "Thé & café <ouvert> à 8 h : https://example.com/a?b=1&c=é"


@pytest.fixture
def back(live: Live) -> Back:
    live.sandbox.order("rules", duplicates=False)
    back = Back(live)
    live.desk.config = replace(live.desk.config, send_timeout=timedelta(seconds=5))
    return back


async def with_image(back: Back, *, count: int = 1) -> dict[str, Any]:
    desk = back.live.desk
    made = [await make_image(desk.company.leo, access=desk.access, now=back.clock()) for _ in range(count)]
    return {"images": made, "author": desk.company.leo}


async def ask(back: Back, kind: str, text: str) -> str:
    """Let a customer write, and the worker read it."""
    live = back.live
    asked = live.customer(kind, text)
    await ingest(live.desk.company.help, live.client(live.desk.company.help), policies=live.desk.policies, clock=clock)
    return asked


@pytest.mark.parametrize("count", [1, 4])
async def test_a_post_with_images_that_came_out_unheard_is_found_and_not_sent_again(back: Back, count: int) -> None:
    message = await back.lose(TEXT, "commit_then_drop", **await with_image(back, count=count))
    assert await back.read_all() == ["one"]
    assert await back.live.desk.state(message) == "sent"
    (post,) = back.live.sandbox.state()["posts"]
    assert len(post["media"]) == count


async def test_the_same_text_without_the_image_is_another_post(back: Back) -> None:
    await back.write(TEXT)
    await back.publish()
    message = await back.lose(TEXT, "drop_before_commit", **await with_image(back))
    assert (await back.read_all())[0] == "none"
    assert await back.live.desk.state(message) != "sent"


async def test_a_private_message_with_an_image_is_found(back: Back) -> None:
    await ask(back, "dm", "Where is my parcel?")
    more = {**await with_image(back), "kind": Kind.DM, "recipient": "marion"}
    message = await back.lose("Your parcel is here.", "commit_then_drop", **more)
    assert "one" in await back.read_all()
    assert await back.live.desk.state(message) == "sent"


async def test_a_reply_to_everyone_is_found_as_the_post_that_it_is(back: Back) -> None:
    asked = await ask(back, "mention", "@Help where is my parcel?")
    leo = back.live.desk.company.leo
    answer: dict[str, Any] = {
        "kind": Kind.REPLY,
        "in_reply_to": asked,
        "reply_level": ReplyLevel.EVERYONE,
        "author": leo,
    }
    message = await back.lose(".@marion On its way.", "commit_then_drop", **answer)
    assert await back.read_all() == ["one"]
    assert await back.live.desk.state(message) == "sent"
