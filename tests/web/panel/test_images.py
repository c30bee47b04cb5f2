"""Images in the composer without a script: chosen, described, put in order, taken out, and shown to who decides."""

import re
from typing import Any

import httpx
import pytest

from govern.access import Access
from govern.services.message_views import load_message
from govern.web.auth import csrf_token
from tests.factories import make_image
from tests.pictures import PLACE, gif, jpeg, png, segment
from tests.web.panel.conftest import Browser, SignIn, Write, actor_of, words

FORM = {"account": "Help", "kind": "post", "text": "Our new window.", "pictured": "1"}
RED, BLUE = png(colour=b"\xff\0\0"), png(colour=b"\0\0\xff")


async def send(browser: Browser, *files: bytes, path: str = "/admin/compose", **fields: Any) -> httpx.Response:
    """Send the composer's form with these files chosen."""
    csrf = csrf_token(browser.session, browser.settings)
    chosen = [("images", (f"{at}.png", each, "image/png")) for at, each in enumerate(files)]
    return await browser.client.post(
        path,
        data={"_csrf": csrf, **FORM, **fields},
        files=chosen or [("images", ("", b"", "application/octet-stream"))],
    )


def shown(page: httpx.Response) -> list[str]:
    """Return the ids of the images in a form, in their order."""
    return re.findall(r'name="media" value="([^"]+)"', page.text)


def alt_texts(page: httpx.Response) -> list[str]:
    return [found.strip() for found in re.findall(r'name="alt"[^>]*>\n([^<]*)</textarea>', page.text)]


async def test_chosen_files_are_kept_and_asked_to_be_described(browser: SignIn) -> None:
    leo = await browser("leo")
    page = await send(leo, RED, BLUE, image="attach")
    assert page.status_code == 200
    assert len(shown(page)) == 2
    assert "Alt text of image 2" in words(page)
    assert "Our new window." in page.text
    first = await leo.get(f"/admin/media/{shown(page)[0]}")
    assert (first.content, first.headers["content-type"]) == (RED, "image/png")


async def test_images_are_put_in_order_taken_out_and_described_without_losing_anything(browser: SignIn) -> None:
    leo = await browser("leo")
    one, two = shown(await send(leo, RED, BLUE, image="attach"))
    both: dict[str, Any] = {"media": [one, two], "alt": ["Red", "Blue"]}
    for button, order in ((f"later:{one}", [two, one]), (f"earlier:{two}", [two, one]), (f"later:{two}", [one, two])):
        page = await send(leo, image=button, **both)
        assert shown(page) == order
        assert alt_texts(page) == [{one: "Red", two: "Blue"}[each] for each in order]
    page = await send(leo, image=f"remove:{one}", **both)
    assert (shown(page), alt_texts(page)) == ([two], ["Blue"])
    page = await send(leo, gif(), image="attach", **both)
    assert (shown(page)[:2], alt_texts(page)) == ([one, two], ["Red", "Blue", ""])
    page = await send(leo, image="later:nonsense", **both)
    assert shown(page) == [one, two]


async def test_submitting_with_a_file_that_is_not_described_keeps_it_and_asks(browser: SignIn) -> None:
    leo = await browser("leo")
    page = await send(leo, RED, do="submit")
    assert page.status_code == 422
    assert "Image 1 needs an alt text" in words(page)
    (which,) = shown(page)
    done = await send(leo, do="submit", media=[which], alt=["A red window"])
    page = await leo.follow(done)
    assert "Handed in: it waits for approval." in words(page)
    assert f'src="/admin/media/{which}"' in page.text
    assert "A red window" in words(page)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"%PDF-1.7", "This is no image X takes"), (png(9000, 1), "is too large"), (b"x" * 17_000_000, "is too large")],
)
async def test_a_file_x_would_not_take_is_refused_and_the_others_are_kept(
    browser: SignIn, content: bytes, sentence: str
) -> None:
    page = await send(await browser("leo"), RED, content, BLUE, image="attach")
    assert page.status_code == 422
    assert sentence in words(page)
    assert len(shown(page)) == 2
    assert "Our new window." in page.text


async def test_more_images_than_x_takes_are_refused_in_words_and_kept(browser: SignIn) -> None:
    leo = await browser("leo")
    five = [png(colour=bytes((each, 0, 0))) for each in range(5)]
    ids = shown(await send(leo, *five, image="attach"))
    page = await send(leo, do="submit", media=ids, alt=["A window"] * 5)
    assert page.status_code == 422
    assert "at most four images" in words(page)
    assert shown(page) == ids


async def test_an_alt_text_is_screened_while_it_is_typed(browser: SignIn) -> None:
    leo = await browser("leo")
    (which,) = shown(await send(leo, RED, image="attach"))
    page = await send(leo, path="/admin/compose/preview", media=[which], alt=["Call 06 12 34 56 78"])
    assert "Alt text of image 1: Somebody" in words(page)
    page = await send(leo, path="/admin/compose/preview", media=[which], alt=[""])
    assert "X-ALT" in words(page)


async def test_what_the_camera_wrote_is_not_served(browser: SignIn) -> None:
    leo = await browser("leo")
    (which,) = shown(await send(leo, jpeg(extra=(segment(0xFE, PLACE),)), image="attach"))
    assert PLACE not in (await leo.get(f"/admin/media/{which}")).content


async def test_an_image_of_others_is_not_shown_and_not_taken(browser: SignIn, access: Access) -> None:
    leo, noa = await browser("leo"), await actor_of("noa")
    theirs = await make_image(noa, access=access)
    assert (await leo.get(f"/admin/media/{theirs.id}")).status_code == 404
    page = await send(leo, image="attach", media=[str(theirs.id)], alt=["Theirs"])
    assert shown(page) == []
    assert (await send(leo, do="submit", media=[str(theirs.id)], alt=["Theirs"])).status_code == 404


async def test_who_decides_sees_each_image_with_its_alt_text_and_an_edit_keeps_them(
    browser: SignIn, write: Write, access: Access
) -> None:
    ana = await actor_of("ana")
    image = await make_image(ana, RED, access=access, alt_text="A red window")
    message = await write("ana", images=[image])
    mia = await browser("mia")
    page = await mia.get(f"/admin/approvals?view=mine&item=M-{message.number}")
    assert f'<a class="thumb" href="/admin/media/{image.id}"' in page.text
    assert 'alt="A red window"' in page.text
    assert "Who will see it Post: X shows it to all followers" in words(page)
    assert (await mia.get(f"/admin/media/{image.id}")).content == RED
    address = f"/admin/messages/M-{message.number}/approve"
    await mia.follow(await mia.post(address, revision=1, what="edit", text="Our new window is red."))
    assert (await load_message(message.id)).revision.images == message.revision.images


async def test_an_edit_begins_with_the_images_there_are_and_another_button_loses_none(
    browser: SignIn, write: Write, access: Access
) -> None:
    image = await make_image(await actor_of("ana"), access=access, alt_text="A window")
    message = await write("ana", images=[image], submit=False)
    ana, address = await browser("ana"), f"/admin/messages/M-{message.number}/edit"
    page = await ana.get(address)
    assert (shown(page), alt_texts(page)) == ([str(image.id)], ["A window"])
    page = await ana.post(address, revision=1, text="Another text.", use="undo")  # of a form that knows no images
    assert shown(page) == [str(image.id)]
    fields = {"revision": "1", "text": "Another text.", "do": "draft", "account": [], "kind": []}
    done = await send(ana, path=address, media=[str(image.id)], alt=["A red window"], **fields)
    await ana.follow(done)
    revision = (await load_message(message.id)).revision
    assert [each.alt_text for each in revision.images] == ["A red window"]
    await ana.follow(await send(ana, path=address, **{**fields, "revision": "2"}))
    assert (await load_message(message.id)).revision.images == ()
    page = await ana.get(f"/admin/messages/M-{message.number}")
    assert "A red window" in words(page)
