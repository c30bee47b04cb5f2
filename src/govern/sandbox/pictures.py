"""What the bytes of an upload are: their type and, where it is easy to read, their size."""

import struct

import msgspec

_SIGNS: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftyp", 4, "video/mp4"),
    (b"BM", 0, "image/bmp"),
)
_SAME = {"image/pjpeg": "image/jpeg", "image/jpg": "image/jpeg", "video/quicktime": "video/mp4"}


class Size(msgspec.Struct, frozen=True):
    width: int
    height: int


def media_type_of(content: bytes) -> str | None:
    """Return the type the first bytes tell, or None for any other content."""
    return next((kind for sign, at, kind in _SIGNS if content[at : at + len(sign)] == sign), None)


def is_of(content: bytes, media_type: str) -> bool:
    """Tell whether bytes are what they are said to be; a type whose sign is not known here is believed."""
    wanted = _SAME.get(media_type, media_type)
    return wanted not in {kind for _, _, kind in _SIGNS} or media_type_of(content) == wanted


def size_of(content: bytes) -> Size | None:
    """Return the size of a PNG or a GIF."""
    kind = media_type_of(content)
    if kind == "image/png" and len(content) >= 24:
        return Size(*struct.unpack(">II", content[16:24]))
    if kind == "image/gif" and len(content) >= 10:
        return Size(*struct.unpack("<HH", content[6:10]))
    return None
