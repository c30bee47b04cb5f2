"""Images read and cleaned: the type by the bytes, the size in pixels, and nothing in the file but the picture.

Cleaning keeps every byte of the picture itself. What a camera or a program wrote beside it (place, time, device, owner,
comments, thumbnails, what stands behind the end) is personal data and is left out; the turn of the picture and its
colours stay, since without them it would look different.
"""

import struct

from govern.domain.attachments import BadMediaType, MediaTooLarge
from govern.domain.images.gif import read_gif
from govern.domain.images.jpeg import read_jpeg
from govern.domain.images.picture import Broken, Picture
from govern.domain.images.png import read_png
from govern.domain.images.webp import read_webp
from govern.domain.media import MAX_GIF, MAX_SIDE, MediaType

__all__ = ["Picture", "read_image"]

_MEGABYTE = 1024 * 1024
_READERS = (
    (0, b"\x89PNG\r\n\x1a\n", read_png),
    (0, b"\xff\xd8\xff", read_jpeg),
    (0, b"GIF8", read_gif),
    (8, b"WEBP", read_webp),
)


def read_image(content: bytes) -> Picture:
    """Return a picture as it may go out, whatever its name or its sender says it is.

    Raises:
        BadMediaType: none of the four types, animated WebP, or broken.
        MediaTooLarge: more bytes or pixels than X takes.
    """
    _check_size(content, MAX_GIF)  # before the work of reading it
    reader = next((read for at, sign, read in _READERS if content[at : at + len(sign)] == sign), None)
    if reader is None:
        raise BadMediaType(field="media")
    try:
        picture = reader(content)
    except (Broken, IndexError, struct.error) as error:
        raise BadMediaType(field="media") from error
    if not (picture.width > 0 and picture.height > 0):
        raise BadMediaType(field="media")
    if max(picture.width, picture.height) > MAX_SIDE:
        raise MediaTooLarge(
            what=f"{picture.width} x {picture.height}", limit=f"{MAX_SIDE} x {MAX_SIDE} pixels", field="media"
        )
    _check_size(picture.content, picture.media_type.most_bytes)
    return picture


def _check_size(content: bytes, most: int) -> None:
    if len(content) > most:
        size = f"{len(content) / _MEGABYTE:.1f} MB"
        limit = f"{MediaType.JPEG.most_bytes // _MEGABYTE} MB, a GIF up to {MAX_GIF // _MEGABYTE} MB"
        raise MediaTooLarge(what=size, limit=limit, field="media")
