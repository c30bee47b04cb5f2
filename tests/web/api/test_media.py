"""Images over the API: uploaded, named in messages, read by who may read those."""

import hashlib
from uuid import uuid4

import httpx
import pytest

from tests.pictures import PLACE, exif, gif, jpeg, png
from tests.web.api.test_messages import code_of, write
from tests.web.conftest import Api


async def upload(client: httpx.AsyncClient, content: bytes | None = None, name: str = "shop.png") -> httpx.Response:
    return await client.post("/media", files={"file": (name, png() if content is None else content, "text/html")})


async def image(client: httpx.AsyncClient, content: bytes | None = None) -> str:
    answer = await upload(client, content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_an_image_is_uploaded_clean_and_named_in_a_message(api: Api) -> None:
    mia = api("mia")
    told = (await upload(mia, jpeg(extra=(exif(),)))).json()
    assert list(told) == ["id", "sha256", "media_type", "width", "height", "size"]
    assert (told["media_type"], told["width"], told["height"]) == ("image/jpeg", 6, 8)
    written = await write(mia, media=[{"id": told["id"], "alt_text": "Our shop, from outside"}])
    assert written["revision"]["media"] == [{**told, "alt_text": "Our shop, from outside"} | {"id": told["id"]}]
    read = await mia.get(f"/media/{told['id']}")
    assert hashlib.sha256(read.content).hexdigest() == told["sha256"]
    assert PLACE not in read.content


async def test_an_image_is_served_as_a_picture_and_nothing_else(api: Api) -> None:
    mia = api("mia")
    read = await mia.get(f"/media/{await image(mia)}")
    assert read.headers["content-type"] == "image/png"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert read.headers["cache-control"] == "private, no-cache"


async def test_an_image_is_read_by_readers_of_its_message_and_by_nobody_else(api: Api) -> None:
    which = await image(api("mia"))
    hidden = [await api(name).get(f"/media/{which}") for name in ("max", "noa", "eve")]
    assert {code_of(answer) for answer in hidden} == {(404, "media.unknown")}
    await write(api("mia"), media=[{"id": which, "alt_text": "Our shop"}])
    assert (await api("max").get(f"/media/{which}")).status_code == 200
    assert code_of(await api("noa").get(f"/media/{which}")) == (404, "media.unknown")
    assert code_of(await api("max").get(f"/media/{uuid4()}")) == (404, "media.unknown")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<script>alert(1)</script>", "media.bad_type"),
        (b"", "media.bad_type"),
        (png()[:40], "media.bad_type"),
        (png(9000, 1), "media.too_large"),
        (png() + bytes(16 * 1024 * 1024), "media.too_large"),
    ],
)
async def test_what_x_would_not_take_is_refused_with_a_code(api: Api, content: bytes, code: str) -> None:
    assert code_of(await upload(api("mia"), content)) == (422, code)


async def test_a_file_that_is_none_is_refused(api: Api) -> None:
    for options in ({"files": {"other": ("a.png", png())}}, {"data": {"file": "a text"}}, {"json": {"file": "x"}}):
        answer = await api("mia").post("/media", **options)
        assert answer.status_code in {400, 422}, answer.text


async def test_who_may_not_write_may_not_upload(api: Api) -> None:
    assert code_of(await upload(api("vera"))) == (403, "access.denied")


@pytest.mark.parametrize(
    ("alt_texts", "code"),
    [
        ([""], "media.alt_required"),
        (["x" * 1001], "media.alt_too_long"),
        (["A shop"] * 5, "media.too_many"),
    ],
)
async def test_images_that_do_not_fit_are_refused_with_a_code(api: Api, alt_texts: list[str], code: str) -> None:
    mia = api("mia")
    media = [{"id": str(uuid4()), "alt_text": each} for each in alt_texts]
    answer = await mia.post("/messages", json={"account": "Shop", "kind": "post", "text": "Hello", "media": media})
    assert code_of(answer) == (422, code)


async def test_a_gif_beside_another_image_an_image_twice_or_of_others_is_refused(api: Api) -> None:
    mia = api("mia")
    moving, still, others = await image(mia, gif()), await image(mia), await image(api("noa"), png(9, 9))

    async def tried(*ids: str) -> tuple[int, str]:
        media = [{"id": each, "alt_text": "A shop"} for each in ids]
        body = {"account": "Shop", "kind": "post", "text": "Hello", "media": media}
        return code_of(await mia.post("/messages", json=body))

    assert await tried(moving, still) == (422, "media.too_many")
    assert await tried(still, still) == (422, "media.twice")
    assert await tried(still, others) == (404, "media.unknown")


async def test_a_new_revision_keeps_images_unless_it_says_which(api: Api) -> None:
    mia = api("mia")
    message = await write(mia, media=[{"id": await image(mia), "alt_text": "A shop"}])
    address = f"/messages/{message['number']}/revise"
    kept = (await mia.post(address, json={"revision": 1, "text": "Our shop opens at ten."})).json()
    assert kept["revision"]["media"] == message["revision"]["media"]
    gone = (await mia.post(address, json={"revision": 2, "text": "Our shop opens at ten.", "media": []})).json()
    assert (gone["revision"]["number"], gone["revision"]["media"]) == (3, [])


async def test_alt_texts_are_screened_beside_the_text(api: Api) -> None:
    body = {"account": "Shop", "kind": "post", "text": "Our shop opens at ten.", "alt_texts": ["Call 06 12 34 56 78"]}
    found = (await api("mia").post("/screen", json=body)).json()
    assert found["decision"] == "block"
    assert found["findings"][0]["message"]["en"].startswith("Alt text of image 1: ")
    mia = api("mia")
    media = [{"id": await image(mia), "alt_text": "Call 06 12 34 56 78"}]
    assert (await write(mia, media=media, submit=True))["state"] == "blocked"


async def test_an_upload_is_described_in_the_document(web: httpx.AsyncClient) -> None:
    document = (await web.get("/schema")).json()
    operation = document["paths"]["/api/v1/media"]["post"]
    (kind,) = operation["requestBody"]["content"]
    assert kind == "multipart/form-data"
    assert "/api/v1/media/{media_id}" in document["paths"]
