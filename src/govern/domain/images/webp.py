"""WebP (RFC 9649), still pictures only: X shows no animated ones. Chunks, of which the picture's own stay."""

import struct
from collections.abc import Iterator

from govern.domain.images.picture import UPRIGHT, Broken, Picture, exif_with, orientation_of, seen
from govern.domain.media import MediaType

_EXTENDED, _LOSSY, _LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
_KEPT = {_EXTENDED, _LOSSY, _LOSSLESS, b"ALPH", b"ICCP"}  # codespell:ignore alph
_ANIMATED, _XMP, _EXIF = 0x02, 0x04, 0x08


def read_webp(content: bytes) -> Picture:
    """Read a WebP file.

    Raises:
        Broken, IndexError, struct.error
    """
    chunks = list(_chunks(content))
    names = [name for name, _ in chunks]
    if len({_LOSSY, _LOSSLESS} & {*names}) != 1 or b"ANMF" in names:
        raise Broken
    named = dict(reversed(chunks))  # of a name that comes twice, the first counts
    extended, turned = named.get(_EXTENDED), _orientation(named.get(b"EXIF", b""))
    kept = [(name, data) for name, data in chunks if name in _KEPT]
    if extended is not None:
        if names[0] != _EXTENDED or extended[0] & _ANIMATED:
            raise Broken
        flags = (extended[0] & ~(_XMP | _EXIF)) | (_EXIF if turned != UPRIGHT else 0)
        kept[0] = (_EXTENDED, bytes((flags,)) + extended[1:])
        if turned != UPRIGHT:
            kept.append((b"EXIF", exif_with(turned)))
    else:
        kept, turned = [each for each in kept if each[0] in {_LOSSY, _LOSSLESS}][:1], UPRIGHT
    width, height = seen(*_size(extended, named), turned)
    body = b"WEBP" + b"".join(_chunk(*each) for each in kept)
    whole = b"RIFF" + struct.pack("<I", len(body)) + body
    return Picture(media_type=MediaType.WEBP, width=width, height=height, content=whole)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    sign, length = struct.unpack("<4sI", content[:8])
    end = 8 + length
    if sign != b"RIFF" or end > len(content):
        raise Broken
    at = 12
    while at < end:
        name, size = struct.unpack("<4sI", content[at : at + 8])
        if at + 8 + size > end:
            raise Broken
        yield name, content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _orientation(exif: bytes) -> int:
    return orientation_of(exif.removeprefix(b"Exif\0\0"))


def _size(extended: bytes | None, named: dict[bytes, bytes]) -> tuple[int, int]:
    if extended is not None:
        return int.from_bytes(extended[4:7], "little") + 1, int.from_bytes(extended[7:10], "little") + 1
    if _LOSSLESS in named:
        (packed,) = struct.unpack("<I", named[_LOSSLESS][1:5])
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", named[_LOSSY][6:10])
    return width & 0x3FFF, height & 0x3FFF
