"""Where a verification reads the tree from: our tables, or any copy in the layout of C2SP tlog-tiles."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from govern.database import rows
from govern.tables import AuditCheckpoint, AuditLeaf, AuditTile
from govern.tlog.tiles import WIDTH, TileError, TileRef, unpack_bundle

# One row per tile, of arrays: a row per entry costs more than its hash.
_LEAVES = """
SELECT array_agg(l.leaf_index) AS places, array_agg(l.leaf_hash) AS placed, array_agg(e.entry) AS texts,
       array_agg(e.leaf_hash) AS written
  FROM audit.leaf l LEFT JOIN audit.entry e ON e.arrival = l.arrival
 WHERE l.leaf_index >= {} AND l.leaf_index < {}
"""
_TILE = "SELECT hashes FROM audit.tile WHERE level = {} AND n = {}"
_SIGNED = "SELECT size, root, note FROM audit.checkpoint WHERE size > {} AND size <= {} ORDER BY size"

ReadPart: TypeAlias = Callable[[str], Awaitable[bytes | None]]
"""Returns a part of a copied log by its path (`checkpoint`, `tile/0/000`), None if it is not there."""


class Leaf(NamedTuple):
    """What a source says of one entry; None: it says nothing."""

    text: bytes | None = None
    placed: bytes | None = None
    """The hash that was placed in the tree."""
    written: bytes | None = None
    """The hash that the writer of the entry computed."""


class Signed(NamedTuple):
    """A checkpoint the source keeps: size and root as it says, and the note that was signed."""

    size: int
    root: bytes
    note: str


class TreeSource(Protocol):
    """A log to be checked."""

    async def leaves(self, n: int, width: int) -> Sequence[Leaf]:
        """Return `width` entries from the entry `n * 256` on."""

    async def tile(self, level: int, n: int, width: int) -> bytes | None:
        """Return the first `width` hashes of a tile, or fewer, or None."""

    async def checkpoints(self, after: int, to: int) -> Sequence[Signed]:
        """Return the kept checkpoints of sizes above `after`, up to `to`."""


class Tables:
    """The log as our database has it, in the caller's transaction."""

    async def leaves(self, n: int, width: int) -> Sequence[Leaf]:
        begin = n * WIDTH
        found = [Leaf()] * width
        columns = rows(await AuditLeaf.raw(_LEAVES, begin, begin + width))[0]
        each = zip(
            columns["places"] or (),
            columns["texts"] or (),
            columns["placed"] or (),
            columns["written"] or (),
            strict=True,
        )
        for place, text, placed, written in each:
            found[place - begin] = Leaf(None if text is None else text.encode(), placed, written)
        return found

    async def tile(self, level: int, n: int, width: int) -> bytes | None:
        found = rows(await AuditTile.raw(_TILE, level, n))
        return bytes(found[0]["hashes"][: width * 32]) if found else None

    async def checkpoints(self, after: int, to: int) -> Sequence[Signed]:
        found = rows(await AuditCheckpoint.raw(_SIGNED, after, to))
        return [Signed(row["size"], row["root"], row["note"]) for row in found]


class Copy:
    """A log that somebody copied, or serves: tiles and bundles of entries by their paths."""

    def __init__(self, read: ReadPart) -> None:
        self._read = read

    async def leaves(self, n: int, width: int) -> Sequence[Leaf]:
        data = await self._part(TileRef(None, n, width))
        try:
            texts = unpack_bundle(data)[:width] if data else []
        except TileError:
            texts = []
        return [*(Leaf(text) for text in texts), *[Leaf()] * (width - len(texts))]

    async def tile(self, level: int, n: int, width: int) -> bytes | None:
        data = await self._part(TileRef(level, n, width))
        return None if data is None else data[: width * 32]

    async def checkpoints(self, after: int, to: int) -> Sequence[Signed]:  # noqa: ARG002 - a copy keeps the newest only
        return ()

    async def _part(self, ref: TileRef) -> bytes | None:
        """Read a part; where the partial one is not there, the full one holds it."""
        data = await self._read(ref.path())
        if data is None and ref.width != WIDTH:
            data = await self._read(TileRef(ref.level, ref.n).path())
        return data


def from_folder(folder: Path) -> ReadPart:
    """Read a copy that lies in a folder, in the paths of C2SP tlog-tiles."""

    async def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    return read
