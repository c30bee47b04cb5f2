"""Media: upload at once or in parts, ask how far X is, describe; and what a post may do with the result."""

import base64
import binascii
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from govern.sandbox.ledger import Charge
from govern.sandbox.pictures import is_of, media_type_of, size_of
from govern.sandbox.problems import invalid, read_body, read_id
from govern.sandbox.records import AltText, Media, User
from govern.sandbox.render import Json
from govern.sandbox.uploads import LIFE, Upload
from govern.sandbox.world import TheWorld, World

_Request = Request[User, Any, Any]
MAX_BODY = 8 * 1024 * 1024
MAX_IMAGE = 5 * 1024 * 1024
_UNKNOWN = "application/octet-stream"
_Category = Literal["amplify_video", "tweet_gif", "tweet_image", "tweet_video", "dm_gif", "dm_image", "dm_video"]


class _Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body with nothing but its fields."""


class OneShot(_Body):
    media: str
    media_category: _Category
    media_type: str | None = None
    additional_owners: str | list[str] | None = None
    shared: bool = False


class Begin(_Body):
    media_type: str
    total_bytes: Annotated[int, msgspec.Meta(ge=1, le=512 * 1024 * 1024)]
    media_category: _Category = "tweet_image"
    additional_owners: list[str] = msgspec.field(default_factory=list)
    shared: bool = False


class Part(_Body):
    media: str
    segment_index: Annotated[int, msgspec.Meta(ge=0, le=999)]


_B = TypeVar("_B", OneShot, Part)


class Alt(_Body):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class MetadataFields(_Body):
    alt_text: Alt


class Metadata(_Body):
    id: str
    metadata: MetadataFields


@post("/media/upload", status_code=200, request_max_body_size=MAX_BODY)
async def upload(request: _Request, world: TheWorld) -> Json:
    """Take a whole file: base64 in JSON, or as it is in a form of several parts."""
    body, content = await _file(request, OneShot)
    whole = Upload(
        id=world.state.ids.next(),
        owner=request.user.id,
        category=body.media_category,
        media_type=body.media_type or media_type_of(content) or _UNKNOWN,
        total=len(content),
        until=world.clock.now() + LIFE,
    )
    return _finished(world, whole, content)


@post("/media/upload/initialize", status_code=200)
async def begin(request: _Request, world: TheWorld) -> Json:
    body = await read_body(request, Begin)
    begun = Upload(
        id=world.state.ids.next(),
        owner=request.user.id,
        category=body.media_category,
        media_type=body.media_type,
        total=body.total_bytes,
        until=world.clock.now() + LIFE,
    )
    world.uploads.begin(begun)
    return {"data": {"id": str(begun.id), "media_key": f"3_{begun.id}", "expires_after_secs": _life()}}


@post("/media/upload/{media_id:str}/append", status_code=200, request_max_body_size=MAX_BODY)
async def append(request: _Request, world: TheWorld, media_id: FromPath[str]) -> Json:
    begun = world.uploads.of(read_id(media_id, "media_id"), request.user.id, world.clock.now())
    body, content = await _file(request, Part)
    begun.parts[body.segment_index] = content
    return {"data": {"expires_at": int(begun.until.timestamp())}}


@post("/media/upload/{media_id:str}/finalize", status_code=200)
async def finalize(request: _Request, world: TheWorld, media_id: FromPath[str]) -> Json:
    begun = world.uploads.of(read_id(media_id, "media_id"), request.user.id, world.clock.now())
    content = begun.whole()
    world.uploads.finish(begun.id)
    return _finished(world, begun, content)


@get("/media/upload")
async def show_status(request: _Request, world: TheWorld) -> Json:
    query = request.query_params
    if query.get("command", "STATUS") != "STATUS":
        raise invalid("The command must be STATUS.", command=query["command"])
    found = _own(world, request.user, query.get("media_id", ""))
    return {"data": _shown(world, found)}


@post("/media/metadata", status_code=200)
async def describe(request: _Request, world: TheWorld) -> Json:
    """Store the alt text of an upload."""
    body = await read_body(request, Metadata)
    found = _own(world, request.user, body.id)
    alt = body.metadata.alt_text.text
    world.state.add(AltText(id=found.id, text=alt))
    world.ledger.bill(Charge.MEDIA_METADATA)
    return {"data": {"id": str(found.id), "associated_metadata": {"alt_text": {"text": alt}}}}


def _finished(world: World, upload: Upload, content: bytes) -> Json:
    if upload.category.endswith("image") and len(content) > MAX_IMAGE:
        raise invalid(f"File size exceeds {MAX_IMAGE} bytes.", media=str(len(content)))
    ready = world.clock.now() + timedelta(seconds=world.rules.media_seconds)
    made = world.state.add(
        Media(
            id=upload.id,
            owner=upload.owner,
            category=upload.category,
            media_type=upload.media_type,
            content=content,
            ready_at=ready.timestamp(),
            failed=upload.media_type == _UNKNOWN or not is_of(content, upload.media_type),
        )
    )
    return {"data": _shown(world, made)}


def _shown(world: World, media: Media) -> Json:
    told: Json = {"id": str(media.id), "media_key": media.key, "size": len(media.content)}
    told["expires_after_secs"] = _life()
    size = size_of(media.content)
    if size is not None:
        told["image"] = {"image_type": media.media_type, "w": size.width, "h": size.height}
    waits = media.ready_at - world.clock.now().timestamp()
    if media.failed:
        wrong = {"code": 1, "name": "InvalidMedia", "message": f"Unsupported or corrupt {media.media_type}"}
        told["processing_info"] = {"state": "failed", "progress_percent": 0, "error": wrong}
    elif waits > 0:
        told["processing_info"] = {"state": "in_progress", "check_after_secs": max(1, int(waits))}
    elif world.rules.media_seconds or not media.category.endswith("image"):
        told["processing_info"] = {"state": "succeeded", "progress_percent": 100}
    return told


def _own(world: World, user: User, given: str) -> Media:
    found = world.state.media.get(read_id(given, "media_id"))
    if found is None or found.owner != user.id:
        raise invalid("The media id is unknown or has expired.", media_id=given)
    return found


async def _file(request: _Request, kind: type[_B]) -> tuple[_B, bytes]:
    """Read the fields and the bytes of an upload.

    Raises:
        ApiError: 400 when they are neither of the two forms X takes.
    """
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        file = form.get("media")
        if not isinstance(file, UploadFile):
            raise invalid("$.media: is missing but it is required", media="")
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        try:
            return msgspec.convert({**fields, "media": ""}, kind, strict=False), await file.read()
        except msgspec.ValidationError as error:
            raise invalid(str(error)) from error
    body = await read_body(request, kind)
    try:
        return body, base64.b64decode(body.media, validate=True)
    except binascii.Error as error:
        raise invalid("$.media: is not base64", media=body.media[:20]) from error


def _life() -> int:
    return int(LIFE.total_seconds())
