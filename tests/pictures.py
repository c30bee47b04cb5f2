"""Small pictures of every type, made byte by byte: with and without what cameras and programs write beside them."""

import struct
import zlib

EXIF_TURNED = b"II*\0" + struct.pack("<IHHHIHH", 8, 1, 0x0112, 3, 1, 6, 0) + bytes(4)
"""Exif data of a camera that was held sideways."""
PLACE = b"GPS 48.8566N 2.3522E"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int = 8, height: int = 6, *, colour: bytes = b"\x20\x60\xc0", extra: tuple[bytes, ...] = ()) -> bytes:
    """One colour; `extra` are chunks before the picture's data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = (b"\0" + colour * width) * height
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


JPEG_TABLES = (
    segment(0xDB, b"\0" + bytes([1]) * 64)
    + segment(0xC4, b"\x00" + bytes([1]) + bytes(15) + b"\0")
    + segment(0xC4, b"\x10" + bytes([1]) + bytes(15) + b"\0")
)
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x3f\xff\x00\xff\xd0\x3f"
JFIF = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")


def jpeg(width: int = 8, height: int = 6, *, extra: tuple[bytes, ...] = (), behind: bytes = b"") -> bytes:
    """A grey picture; `extra` are segments after the first."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    return b"\xff\xd8" + JFIF + b"".join(extra) + JPEG_TABLES + frame + SCAN + b"\xff\xd9" + behind


def exif(data: bytes = EXIF_TURNED + PLACE) -> bytes:
    return segment(0xE1, b"Exif\0\0" + data)


LOOP = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
CONTROL = b"\x21\xf9\x04\0\x0a\0\0\0"
FRAME = b"\x2c\0\0\0\0\x08\0\x06\0\0\x02\x02\x44\x01\0"


def gif(width: int = 8, height: int = 6, *, extra: bytes = b"", frames: int = 2, behind: bytes = b"") -> bytes:
    head = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + bytes(6)
    return head + LOOP + extra + (CONTROL + FRAME) * frames + b"\x3b" + behind


def riff(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def lossless(width: int = 8, height: int = 6) -> bytes:
    return riff(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + b"\0\0")


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + (b"".join(chunks) or lossless())
    return b"RIFF" + struct.pack("<I", len(body)) + body


def extended(flags: int = 0, width: int = 8, height: int = 6) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff(b"VP8X", bytes((flags, 0, 0, 0)) + sides)
