"""An image from the author's disk to X: described, screened, approved with what it shows, and byte for byte there."""

import asyncio
import hashlib
from pathlib import Path

import httpx

from tests.journeys.conftest import Visit
from tests.journeys.service import LATEST, Service
from tests.pictures import PLACE, exif, jpeg, png


def on_x(service: Service, x_media_id: str) -> bytes:
    return httpx.get(f"{service.sandbox}/media/{x_media_id}", trust_env=False).raise_for_status().content


async def test_an_image_goes_from_the_composer_over_approval_to_x(
    service: Service, visit: Visit, words: str, tmp_path: Path
) -> None:
    camera, square = jpeg(640, 480, extra=(exif(),)), png(64, 48)
    (tmp_path / "camera.jpg").write_bytes(camera)
    (tmp_path / "square.png").write_bytes(square)
    text = f"Our new window, {words}."

    hugo = await visit("hugo")
    await hugo.open("/compose?account=AldaneCare")
    await hugo.page.get_by_label("Text", exact=True).fill(text)
    await hugo.page.locator("#f-images").set_input_files([tmp_path / "camera.jpg", tmp_path / "square.png"])
    await hugo.page.get_by_label("Alt text of image 2").wait_for()
    assert await hugo.page.evaluate("document.activeElement.id") == "f-alt-1"
    await hugo.page.get_by_label("Alt text of image 1").fill("The window at night")
    await hugo.page.get_by_label("Alt text of image 2").fill("Call 06 12 34 56 78")
    await hugo.sees("Alt text of image 2: Somebody's phone number")
    await hugo.page.get_by_label("Alt text of image 2").fill("A blue square")
    await hugo.page.get_by_text("Alt text of image 2: Somebody's phone number").wait_for(state="detached")
    await hugo.press("Move image 2 forward")
    await hugo.page.locator(".imgs li:first-child textarea", has_text="A blue square").wait_for()
    await hugo.press("Submit")
    await hugo.page.wait_for_url("**/messages/M-*")
    number = hugo.number()

    claire = await visit("claire")
    await claire.open(f"/approvals?view=mine&item={number}")
    shown = claire.page.locator(".pics img")
    assert [await each.get_attribute("alt") for each in await shown.all()] == ["A blue square", "The window at night"]
    await shown.first.evaluate("image => image.decode()")
    assert await shown.first.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [64, 48]
    await claire.sees("Post: X shows it to all followers of the account.")
    await claire.press("Approve")
    await claire.sees(f"Approved {number}.")

    service.wait_until(number, "sent")
    (post,) = service.posts(text)
    approved = service.message(number)["revision"]["media"]
    assert [(each["sha256"], each["alt_text"]) for each in post["media"]] == [
        (each["sha256"], each["alt_text"]) for each in approved
    ]
    first, second = (on_x(service, each["id"]) for each in post["media"])
    assert first == square
    assert hashlib.sha256(second).hexdigest() == approved[1]["sha256"]
    assert PLACE in camera
    assert PLACE not in second


async def test_a_reply_to_everyone_is_a_post_that_names_the_person(service: Service, visit: Visit, words: str) -> None:
    customer = f"c{words.rsplit(maxsplit=1)[-1]}"
    asked = service.customer_writes(customer, "AldaneCare", f"@AldaneCare are you open? {words}", kind="mention")
    hugo = await visit("hugo")
    async with asyncio.timeout(LATEST):
        while not await hugo.page.locator(f"reply-level[handle={customer}]").count():  # until the worker has read it
            await hugo.open(f"/compose?account=AldaneCare&kind=reply&in_reply_to={asked}")
    await hugo.page.get_by_label("Text", exact=True).fill(f"We open at ten, {words}.")
    await hugo.page.get_by_text("To everyone", exact=True).click()
    text = await hugo.page.get_by_label("Text", exact=True).input_value()
    assert text == f".@{customer} We open at ten, {words}."
    await hugo.page.get_by_text("Open reply", exact=True).click()
    assert await hugo.page.get_by_label("Text", exact=True).input_value() == f"We open at ten, {words}."
    await hugo.page.get_by_text("To everyone", exact=True).click()
    await hugo.page.locator("#f-acknowledged").wait_for()
    await hugo.press("Submit")
    await hugo.page.wait_for_url("**/messages/M-*")
    await hugo.sees("Reply to everyone: X shows it to all followers of the account.")
    number = hugo.number()
    if service.message(number)["state"] == "pending_approval":
        claire = await visit("claire")
        await claire.open(f"/approvals?view=mine&item={number}")
        await claire.press("Approve")
        await claire.sees(f"Approved {number}.")
    service.wait_until(number, "sent")
    (post,) = service.posts(text)
    assert post["in_reply_to"] is None
