"""GIF (GIF89a): blocks, of which the pictures, their times and how often they run stay."""

import struct

from govern.domain.images.picture import Broken, Picture
from govern.domain.media import MediaType

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")
_HEAD = 13


def read_gif(content: bytes) -> Picture:
    """Read a GIF file.

    Raises:
        Broken, IndexError, struct.error
    """
    if content[:6] not in {b"GIF87a", b"GIF89a"}:
        raise Broken
    width, height = struct.unpack("<HH", content[6:10])
    at = _HEAD + _colours(content[10])
    kept, pictures = [content[:at]], 0
    while content[at] != _END:
        end = _block_end(content, at)
        pictures += content[at] == _IMAGE
        if content[at] == _IMAGE or _belongs(content, at):
            kept.append(content[at:end])
        at = end
    if not pictures:
        raise Broken
    kept.append(bytes((_END,)))
    return Picture(media_type=MediaType.GIF, width=width, height=height, content=b"".join(kept))


def _block_end(content: bytes, at: int) -> int:
    if content[at] == _EXTENSION:
        return _parts_end(content, at + 2)
    if content[at] == _IMAGE:
        return _parts_end(content, at + 11 + _colours(content[at + 9]))
    raise Broken


def _parts_end(content: bytes, at: int) -> int:
    while content[at]:
        at += 1 + content[at]
    return at + 1


def _colours(flags: int) -> int:
    """Return the bytes of the table of colours that flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _belongs(content: bytes, at: int) -> bool:
    label, said = content[at + 1], content[at + 2 : at + 14]
    return label == _CONTROL or (label == _APPLICATION and said in _LOOPS)
