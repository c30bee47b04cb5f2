"""PNG (W3C PNG, third edition): chunks, of which the picture's own stay. An animation becomes its first picture."""

import struct
import zlib
from collections.abc import Iterator

from govern.domain.images.picture import Broken, Picture
from govern.domain.media import MediaType

_SIGN = b"\x89PNG\r\n\x1a\n"
_NEEDED = {b"IHDR", b"IDAT", b"IEND"}
_KEPT = {*_NEEDED, b"PLTE", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"bKGD", b"pHYs"}
_CRITICAL = 0x20
"""Of the first letter: off means that who does not know the chunk cannot show the picture."""


def read_png(content: bytes) -> Picture:
    """Read a PNG file.

    Raises:
        Broken, struct.error
    """
    kept, found = [_SIGN], set[bytes]()
    width = height = 0
    for name, whole in _chunks(content):
        if not found and name != b"IHDR":
            raise Broken
        if name == b"IHDR":
            width, height = struct.unpack(">II", whole[8:16])
        if name in _KEPT:
            kept.append(whole)
            found.add(name)
        elif not name[0] & _CRITICAL:
            raise Broken
    if not found >= _NEEDED:
        raise Broken
    return Picture(media_type=MediaType.PNG, width=width, height=height, content=b"".join(kept))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give name and bytes of each chunk up to the last; what stands behind it is no part of the picture."""
    at, name = len(_SIGN), b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", content[at : at + 8])
        whole = content[at : at + 12 + length]
        if len(whole) != 12 + length or zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:]):
            raise Broken
        yield name, whole
        at += len(whole)
