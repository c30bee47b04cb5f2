"""Images in forms: uploaded as soon as they are chosen, described, put in order, taken out; and images on pages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from govern.domain.actions import Action
from govern.domain.attachments import check_alt_text
from govern.domain.media import MAX_ALT, Attachment, Image, Media
from govern.errors import Conflict, Invalid
from govern.services.media import list_media, read_media, upload_media
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form
from govern.web.panel.views import ImageView, View
from govern.web.pictures import picture_response

ACCEPT = "image/png,image/jpeg,image/gif,image/webp"
_MOST = 10
"""Images a form holds; how many X takes is said when it is handed in."""
_STEPS = {"earlier": -1, "later": 1}


class ImageFields(View, frozen=True, kw_only=True):
    """The part of a form that is about images."""

    images: Sequence[ImageView]
    accept: str = ACCEPT
    max_alt: int = MAX_ALT
    first_without: int = 0
    """The position of the first image without an alt text, 0 where each has one: what is to be filled in next."""


@get("/media/{media_id:uuid}", opt={"action": Action.MESSAGE_READ})
async def show_media(desk: AtDesk, media_id: FromPath[UUID]) -> Response[bytes]:
    """An image as it goes out, for who uploaded it or may read a message that has it."""
    return picture_response(await read_media(media_id, actor=desk.actor, access=desk.access, now=desk.now))


async def take_images(desk: Desk, form: Form) -> None:
    """Upload what was chosen, and do what an image's button says; nothing that was typed is lost.

    Raises:
        Invalid, Conflict: of the first file that cannot be kept; the others are.
    """
    ids, texts = _fields(form)
    refused: Invalid | Conflict | None = None
    for file in form.files:
        try:
            media = await upload_media(await file.read(), actor=desk.actor, access=desk.access, now=desk.now)
        except (Invalid, Conflict) as error:
            refused = refused or error
            continue
        if str(media.id) not in ids and len(ids) < _MOST:
            ids.append(str(media.id))
            texts.append("")
    _press(form.values.pop("image", ""), ids, texts)
    form.files, form.many["media"], form.many["alt"] = [], ids, texts
    if refused is not None:
        raise refused


def _fields(form: Form) -> tuple[list[str], list[str]]:
    """Return ids and alt texts, as many of the one as of the other."""
    ids = list(dict.fromkeys(form.chosen("media")))[:_MOST]
    texts = form.chosen("alt")[: len(ids)]
    return ids, texts + [""] * (len(ids) - len(texts))


def _press(button: str, ids: list[str], texts: list[str]) -> None:
    what, _, which = button.partition(":")
    if which not in ids:
        return
    at = ids.index(which)
    if what == "remove":
        del ids[at], texts[at]
    elif what in _STEPS and 0 <= at + _STEPS[what] < len(ids):
        to = at + _STEPS[what]
        for each in (ids, texts):
            each[at], each[to] = each[to], each[at]


def attachments_of(form: Form) -> tuple[Attachment, ...]:
    """Return the images of a form as a draft has them; what is no id is none."""
    return tuple(Attachment(id=each, alt_text=text) for each, text in _read(form))


def alt_texts_of(form: Form) -> tuple[str, ...]:
    return tuple(text for _each, text in _read(form))


def _read(form: Form) -> list[tuple[UUID, str]]:
    found = []
    for each, text in zip(*_fields(form), strict=True):
        try:
            found.append((UUID(each), text))
        except ValueError:
            continue
    return found


def put_images(form: Form, images: Sequence[Image]) -> None:
    """Fill a form that says nothing of images with those of its message."""
    if form.get("pictured"):
        return
    form.many["media"], form.many["alt"] = [str(each.id) for each in images], [each.alt_text for each in images]


async def image_fields(desk: Desk, form: Form, known: Sequence[Image] = ()) -> ImageFields:
    """Build the images of a form; `known` are those its message has. What the member may not see is left out."""
    given = attachments_of(form)
    found: dict[UUID, Media | Image] = {each.id: each for each in known}
    found |= await list_media([each.id for each in given], actor=desk.actor, access=desk.access)
    kept = [each for each in given if each.id in found]
    missing = [at for at, each in enumerate(kept, start=1) if _fault(each, at) is not None]
    asked = form.status in {409, 422} and "media" in form.errors
    return ImageFields(
        images=[
            _view(found[each.id], each.alt_text, at, asked and at in missing) for at, each in enumerate(kept, start=1)
        ],
        first_without=missing[0] if missing else 0,
    )


def image_views(images: Sequence[Image]) -> Sequence[ImageView]:
    """Return the images of a revision as pages show them."""
    return [_view(each, each.alt_text, each.position) for each in images]


def _fault(given: Attachment, position: int) -> Invalid | None:
    try:
        check_alt_text(given.alt_text, position=position)
    except Invalid as error:
        return error
    return None


def _view(image: Media | Image, alt_text: str, position: int, missing: bool = False) -> ImageView:
    return ImageView(
        id=str(image.id),
        href=f"/admin/media/{image.id}",
        position=position,
        alt_text=alt_text,
        width=image.width,
        height=image.height,
        size=f"{image.width} x {image.height}, {max(1, round(image.size / 1024))} KB",
        missing=missing,
    )


ROUTES: tuple[Any, ...] = (show_media,)
