"""JPEG (ITU-T T.81): segments, of which the picture's own stay."""

import re
import struct
from collections.abc import Iterator

from govern.domain.images.picture import UPRIGHT, Broken, Picture, exif_with, orientation_of, seen
from govern.domain.media import MediaType

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BESIDE = {*range(0xE0, 0xF0), 0xFE}
"""Markers of what programs write beside the picture, and of comments."""
_ALONE = {0x01, *range(0xD0, 0xD8)}
_AFTER_SCAN = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
_JFIF, _EXIF, _ICC, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"


def read_jpeg(content: bytes) -> Picture:
    """Read a JPEG file.

    Raises:
        Broken, IndexError, struct.error
    """
    kept, size, turned, scans = list[bytes](), (0, 0), UPRIGHT, 0
    for marker, data in _segments(content):
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[3:7])
            size = (width, height)
        if marker == 0xE1 and data[2:].startswith(_EXIF):
            turned = orientation_of(data[2 + len(_EXIF) :])
        scans += marker == _SCAN
        if marker not in _BESIDE:
            kept.append(bytes((0xFF, marker)) + data)
        elif told := _needed(marker, data):
            kept.append(bytes((0xFF, marker)) + told)
    if not scans:
        raise Broken
    head = [b"\xff\xd8", *([] if turned == UPRIGHT else [_turned(turned)])]
    width, height = seen(*size, turned)
    return Picture(media_type=MediaType.JPEG, width=width, height=height, content=b"".join((*head, *kept)))


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Give marker and bytes of each segment up to the end of the picture; a scan comes with its data."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise Broken
        while content[at] == 0xFF:
            at += 1
        marker, start = content[at], at + 1
        at = _segment_end(content, marker, start)
        yield marker, content[start:at]
        if marker == _END:
            return


def _segment_end(content: bytes, marker: int, start: int) -> int:
    if marker in {0x00, _START}:
        raise Broken
    if marker in {*_ALONE, _END}:
        return start
    (length,) = struct.unpack(">H", content[start : start + 2])
    at = start + int(length)
    if length < 2 or at > len(content):
        raise Broken
    if marker != _SCAN:
        return at
    following = _AFTER_SCAN.search(content, at)
    if following is None:
        raise Broken
    return following.start()


def _needed(marker: int, data: bytes) -> bytes:
    """Return what a segment beside the picture says of how it looks; nothing where it says something else."""
    said = data[2:]
    if marker == 0xE0 and said.startswith(_JFIF) and len(said) >= 14:
        return struct.pack(">H", 16) + said[:12] + b"\0\0"  # without its thumbnail
    if (marker == 0xE2 and said.startswith(_ICC)) or (marker == 0xEE and said.startswith(_ADOBE)):
        return data
    return b""


def _turned(orientation: int) -> bytes:
    exif = _EXIF + exif_with(orientation)
    return b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
