"""A picture that was read, and how pictures are turned (Exif 2.3, tag 0x0112)."""

import struct

import msgspec

from govern.domain.media import MediaType

_ORIENTATION = 0x0112
_SHORT = 3
UPRIGHT = 1
_SIDEWAYS = range(5, 9)


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A cleaned image file, and its size as it is seen."""

    media_type: MediaType
    width: int
    height: int
    content: bytes


class Broken(Exception):
    """The file contradicts its own format."""


def orientation_of(exif: bytes) -> int:
    """Return how a picture is turned, 1 to 8; 1 where the Exif data do not say or cannot be read. Without the `Exif` sign."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return UPRIGHT
    (at,) = struct.unpack(f"{order}I", exif[4:8])
    if at + 2 > len(exif):
        return UPRIGHT
    (count,) = struct.unpack(f"{order}H", exif[at : at + 2])
    for entry in range(at + 2, min(at + 2 + count * 12, len(exif) - 11), 12):
        tag, kind = struct.unpack(f"{order}HH", exif[entry : entry + 4])
        if tag == _ORIENTATION and kind == _SHORT:
            (turned,) = struct.unpack(f"{order}H", exif[entry + 8 : entry + 10])
            return turned if 1 <= turned <= 8 else UPRIGHT
    return UPRIGHT


def exif_with(orientation: int) -> bytes:
    """Return Exif data that say how the picture is turned and nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


def seen(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Return width and height as they are seen."""
    return (height, width) if orientation in _SIDEWAYS else (width, height)
