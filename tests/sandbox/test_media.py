"""Media: uploaded at once or in parts, described, and carried by posts and messages byte for byte."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAAFElEQVR4nGNkYPj/n4GBgYEJRIAAACcXAwFr0eJ8AAAAAElFTkSuQmCC"
)
GIF = b"GIF89a\x02\x00\x03\x00" + b"\x00" * 20


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def upload(client: httpx.AsyncClient, content: bytes = PNG, category: str = "tweet_image") -> dict[str, Any]:
    answer = await client.post("/2/media/upload", json={"media": encoded(content), "media_category": category})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


async def begin(client: httpx.AsyncClient, total: int = len(PNG), **more: str) -> str:
    body = {"media_type": "image/png", "total_bytes": total, "media_category": "tweet_image", **more}
    answer = await client.post("/2/media/upload/initialize", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


async def append(client: httpx.AsyncClient, media: str, index: int, part: bytes) -> httpx.Response:
    body = {"media": encoded(part), "segment_index": index}
    return await client.post(f"/2/media/upload/{media}/append", json=body)


async def test_an_upload_at_once_tells_what_it_is(acme2: httpx.AsyncClient) -> None:
    data = await upload(acme2)
    assert data["media_key"] == f"3_{data['id']}"
    assert (data["size"], data["expires_after_secs"]) == (len(PNG), 86_400)
    assert data["image"] == {"image_type": "image/png", "w": 2, "h": 3}
    assert "processing_info" not in data


async def test_parts_are_put_together_in_their_order_whatever_order_they_came_in(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient
) -> None:
    media = await begin(acme2)
    for index, part in ((1, PNG[30:]), (0, b"wrong first try"), (0, PNG[:30])):
        assert (await append(acme2, media, index, part)).status_code == 200
    assert (await acme2.post(f"/2/media/upload/{media}/finalize")).json()["data"]["size"] == len(PNG)
    await acme2.post("/2/tweets", json={"text": "Look", "media": {"media_ids": [media]}})
    (shown,) = (await web.get("/_sandbox/state")).json()["posts"][0]["media"]
    assert shown["sha256"] == hashlib.sha256(PNG).hexdigest()


async def test_a_form_of_several_parts_is_taken_as_well(acme2: httpx.AsyncClient) -> None:
    file = {"media": ("a.png", PNG, "image/png")}
    whole = await acme2.post("/2/media/upload", data={"media_category": "tweet_image"}, files=file)
    assert whole.json()["data"]["size"] == len(PNG)
    media = await begin(acme2)
    part = await acme2.post(f"/2/media/upload/{media}/append", data={"segment_index": "0"}, files=file)
    assert part.status_code == 200
    assert (await acme2.post(f"/2/media/upload/{media}/finalize")).status_code == 200


async def test_a_missing_part_is_noticed(acme2: httpx.AsyncClient) -> None:
    media = await begin(acme2)
    await append(acme2, media, 1, PNG)
    assert (await acme2.post(f"/2/media/upload/{media}/finalize")).status_code == 400


async def test_a_large_picture_comes_in_parts_of_a_mebibyte(acme2: httpx.AsyncClient, web: httpx.AsyncClient) -> None:
    content = PNG + bytes(3 * 1024 * 1024)
    media = await begin(acme2, len(content))
    for index, start in enumerate(range(0, len(content), 1024 * 1024)):
        assert (await append(acme2, media, index, content[start : start + 1024 * 1024])).status_code == 200
    assert (await acme2.post(f"/2/media/upload/{media}/finalize")).json()["data"]["size"] == len(content)
    assert (await web.get(f"/media/{media}")).content == content


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"media": "###", "media_category": "tweet_image"},
        {"media": "", "media_category": "poster"},
        {"media": encoded(PNG)},
        {"media": encoded(PNG), "media_category": "tweet_image", "colour": "red"},
        {"media": encoded(PNG + bytes(5 * 1024 * 1024)), "media_category": "tweet_image"},
    ],
)
async def test_a_bad_upload_is_refused(acme2: httpx.AsyncClient, body: dict[str, str]) -> None:
    assert (await acme2.post("/2/media/upload", json=body)).status_code == 400


async def test_content_that_is_not_what_it_is_said_to_be_fails_and_cannot_be_used(acme2: httpx.AsyncClient) -> None:
    media = await begin(acme2, len(GIF))
    await append(acme2, media, 0, GIF)
    data = (await acme2.post(f"/2/media/upload/{media}/finalize")).json()["data"]
    assert data["processing_info"]["state"] == "failed"
    post = {"text": "Look", "media": {"media_ids": [media]}}
    assert (await acme2.post("/2/tweets", json=post)).status_code == 400


async def test_x_works_on_an_upload_for_as_long_as_it_is_told(acme2: httpx.AsyncClient, web: httpx.AsyncClient) -> None:
    await web.post("/_sandbox/rules", json={"media_seconds": 20})
    data = await upload(acme2)
    assert data["processing_info"]["state"] == "in_progress"
    assert 0 < data["processing_info"]["check_after_secs"] <= 20
    post = {"text": "Look", "media": {"media_ids": [data["id"]]}}
    assert (await acme2.post("/2/tweets", json=post)).status_code == 400
    await web.post("/_sandbox/clock", json={"seconds": 21})
    status = await acme2.get("/2/media/upload", params={"command": "STATUS", "media_id": data["id"]})
    assert status.json()["data"]["processing_info"]["state"] == "succeeded"
    assert (await acme2.post("/2/tweets", json=post)).status_code == 201


async def test_a_description_is_kept_with_the_picture(acme2: httpx.AsyncClient, web: httpx.AsyncClient) -> None:
    media = (await upload(acme2))["id"]
    body = {"id": media, "metadata": {"alt_text": {"text": "A red <door>"}}}
    answer = await acme2.post("/2/media/metadata", json=body)
    assert answer.json() == {"data": {"id": media, "associated_metadata": {"alt_text": {"text": "A red <door>"}}}}
    post = await acme2.post("/2/tweets", json={"media": {"media_ids": [media]}})
    fields = {"expansions": "attachments.media_keys", "media.fields": "alt_text,width", "tweet.fields": "entities"}
    found = (await acme2.get(f"/2/tweets/{post.json()['data']['id']}", params=fields)).json()
    wanted = {"media_key": f"3_{media}", "type": "photo", "alt_text": "A red <door>", "width": 2}
    assert found["includes"]["media"] == [wanted]
    link = found["data"]["entities"]["urls"][-1]
    assert (found["data"]["text"], link["media_key"]) == (link["url"], f"3_{media}")
    assert link["expanded_url"].endswith("/photo/1")
    assert 'alt="A red &lt;door&gt;"' in (await web.get("/")).text


@pytest.mark.parametrize("alt", ["", "x" * 1001])
async def test_a_description_has_1_to_1000_characters(acme2: httpx.AsyncClient, alt: str) -> None:
    media = (await upload(acme2))["id"]
    body = {"id": media, "metadata": {"alt_text": {"text": alt}}}
    assert (await acme2.post("/2/media/metadata", json=body)).status_code == 400


async def test_a_post_carries_at_most_four_pictures_of_its_own_account_of_this_day(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, granted: Any, provision: Callable[[str], Awaitable[Keys]]
) -> None:
    await provision("bravo")
    foreign = (await upload(await granted(handle="bravo")))["id"]
    own = [(await upload(acme2))["id"] for _ in range(5)]
    for media_ids in ([foreign], own, [own[0], own[0]], [], ["1"], ["x"]):
        refused = await acme2.post("/2/tweets", json={"text": "Look", "media": {"media_ids": media_ids}})
        assert refused.status_code == 400
    taken = await acme2.post("/2/tweets", json={"text": "Look", "media": {"media_ids": own[:4]}})
    assert taken.status_code == 201
    await web.post("/_sandbox/clock", json={"seconds": 86_401})
    await web.post("/_sandbox/tokens", json={"handle": "acme"})
    late = await (await granted()).post("/2/tweets", json={"text": "Late", "media": {"media_ids": [own[4]]}})
    assert late.status_code == 400


async def test_a_message_carries_one_picture(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, inbound: Inbound
) -> None:
    await inbound("dm", "Do you have a photo?")
    julie = (await acme2.get("/2/users/by/username/julie")).json()["data"]["id"]
    media = (await upload(acme2, category="dm_image"))["id"]
    path, attached = f"/2/dm_conversations/with/{julie}/messages", [{"media_id": media}]
    assert (await acme2.post(path, json={"attachments": attached * 2})).status_code == 400
    sent = await acme2.post(path, json={"attachments": attached})
    event = sent.json()["data"]["dm_event_id"]
    found = await acme2.get(f"/2/dm_events/{event}", params={"dm_event.fields": "attachments"})
    assert found.json()["data"]["attachments"] == {"media_keys": [f"3_{media}"]}
    assert (await web.get("/_sandbox/state")).json()["dms"][-1]["media"]["id"] == media
