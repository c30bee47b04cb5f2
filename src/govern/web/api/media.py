"""Images: uploaded once, then named in messages; served to who may read a message that has them."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, MultipartBody

from govern.domain.actions import Action
from govern.domain.attachments import BadMediaType
from govern.domain.media import Media, MediaType
from govern.services.media import read_media, upload_media
from govern.web.api.messages import WRITE
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, Now
from govern.web.pictures import MAX_UPLOAD, picture_response


class UploadInput(msgspec.Struct, kw_only=True):
    """The image as a form sends it; its name and its content type are of no matter."""

    file: Annotated[
        UploadFile, msgspec.Meta(description="PNG, JPEG, GIF or still WebP: up to 5 MB, a GIF up to 15 MB.")
    ]


class MediaJson(msgspec.Struct, kw_only=True):
    """An image as it was kept: without place, time, device and whatever else was written beside the picture."""

    id: UUID
    sha256: str
    """Of the bytes that go out."""
    media_type: MediaType
    width: int
    height: int
    size: int
    """Bytes."""


class MediaController(Controller):
    path = "/media"
    tags = ("messages",)

    @post(
        status_code=201,
        summary="Upload an image",
        description=(
            "For a message: name its `id` there, with an alt text. What a camera or a program wrote beside the picture "
            "is left out before anything else is done. The same picture again gives the same id."
        ),
        opt={"action": WRITE},
        request_max_body_size=MAX_UPLOAD,
        responses=problems(403, 409, 422),
    )
    async def upload(
        self, *, data: MultipartBody[UploadInput], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> MediaJson:
        if not isinstance(data.file, UploadFile):
            raise BadMediaType(field="file")
        return media_json(await upload_media(await data.file.read(), actor=actor, access=access, now=now))

    @get(
        "/{media_id:uuid}",
        summary="Read an image",
        description="Its bytes, for who uploaded it or may read a message that has it.",
        opt={"action": Action.MESSAGE_READ},
        responses=problems(404),
    )
    async def get_one(
        self, *, media_id: FromPath[UUID], actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> Response[bytes]:
        return picture_response(await read_media(media_id, actor=actor, access=access, now=now))


def media_json(media: Media) -> MediaJson:
    return MediaJson(
        id=media.id,
        sha256=media.digest.hex(),
        media_type=media.media_type,
        width=media.width,
        height=media.height,
        size=media.size,
    )
