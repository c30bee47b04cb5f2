"""Tiles of C2SP tlog-tiles: the tree in rows of up to 256 hashes, the entries in bundles beside them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from govern.tlog.tree import HASH_BYTES, ReadNode, covering, fold, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_LEVEL = 63
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class TileError(ValueError):
    """A tile, bundle or path is malformed, or not there; the message says why."""


@dataclass(frozen=True)
class TileRef:
    """The `n`-th tile of a level, `width` hashes wide; level None is a bundle of entries."""

    level: int | None
    n: int
    width: int = WIDTH

    def path(self) -> str:
        """Return `tile/<L>/<N>[.p/<W>]`."""
        groups, left = [f"{self.n % 1000:03}"], self.n // 1000
        while left:
            groups.insert(0, f"x{left % 1000:03}")
            left //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{partial}"


def parse_path(path: str) -> TileRef:
    """Read a path.

    Raises:
        TileError: it is not exactly the form `TileRef.path` gives.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileError("a tile's path reads tile/<L>/<N>[.p/<W>]")
    ref = TileRef(
        level=None if match[1] == "entries" else int(match[1]),
        n=int(match[2].replace("x", "").replace("/", "")),
        width=int(match[3] or WIDTH),
    )
    if ref.path() != path or not 1 <= ref.width <= WIDTH or (ref.level or 0) > MAX_LEVEL:
        raise TileError("this is not the one path of that tile")
    return ref


def width_at(level: int, n: int, size: int) -> int:
    """Return how many hashes a tile of a tree of `size` leaves has: 0 to 256."""
    return max(0, min(WIDTH, (size >> HEIGHT * level) - n * WIDTH))


def tiles_of(size: int) -> Iterator[TileRef]:
    """Give every tile of a tree, the rightmost perhaps partial, level by level."""
    level = 0
    while size >> HEIGHT * level:
        count = size >> HEIGHT * level
        for n in range((count + WIDTH - 1) // WIDTH):
            yield TileRef(level, n, width_at(level, n, size))
        level += 1


def tile_hashes(data: bytes) -> list[bytes]:
    """Return the hashes of a tile.

    Raises:
        TileError: not 1 to 256 hashes of 32 bytes.
    """
    if not data or len(data) % HASH_BYTES or len(data) > WIDTH * HASH_BYTES:
        raise TileError("a tile has 1 to 256 hashes of 32 bytes")
    return [data[first : first + HASH_BYTES] for first in range(0, len(data), HASH_BYTES)]


def nodes_in_tiles(read: Callable[[int, int], bytes]) -> ReadNode:
    """Return how to read any perfect node, given how to read the tile (level, n), as wide as it is."""

    def node(level: int, index: int) -> bytes:
        row, above = divmod(level, HEIGHT)
        first = index << above
        n, offset = divmod(first, WIDTH)
        found = tile_hashes(read(row, n))[offset : offset + (1 << above)]
        if len(found) != 1 << above:
            raise TileError(f"tile {row}/{n} is too narrow for the node {level}/{index}")
        while len(found) > 1:
            found = [node_hash(found[at], found[at + 1]) for at in range(0, len(found), 2)]
        return found[0]

    return node


def root_of_tiles(size: int, read: Callable[[int, int], bytes]) -> bytes:
    """Return the root of a tree of `size` leaves from its tiles."""
    node = nodes_in_tiles(read)
    return fold([node(level, index) for level, index in covering(0, size)])


def pack_bundle(entries: Iterable[bytes]) -> bytes:
    """Return entries as a bundle: each after its length in two bytes, big-endian.

    Raises:
        TileError: an entry over 65,535 bytes, or over 256 entries.
    """
    packed = bytearray()
    for number, entry in enumerate(entries):
        if len(entry) > 0xFFFF or number >= WIDTH:
            raise TileError("a bundle has up to 256 entries of up to 65,535 bytes")
        packed += len(entry).to_bytes(2, "big") + entry
    return bytes(packed)


def unpack_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    Raises:
        TileError: it is cut short, empty, or has over 256 entries.
    """
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        end = at + 2 + length
        if end > len(data) or len(data) - at < 2:
            raise TileError("the bundle is cut short")
        entries.append(data[at + 2 : end])
        at = end
    if not 1 <= len(entries) <= WIDTH:
        raise TileError("a bundle has 1 to 256 entries")
    return entries
