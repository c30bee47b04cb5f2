"""Where a verification reads the tree from: our tables, or any copy in the layout of C2SP tlog-tiles."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from govern.database import rows
from govern.tables import AuditCheckpoint, AuditLeaf, AuditSearch, AuditTile
from govern.tlog.tiles import WIDTH, TileError, TileRef, unpack_bundle

PART = 4 * WIDTH
"""Entries that are read at once. Longer arrays cost PostgreSQL more for each member."""
# Few rows, of arrays: a row per entry costs more than its hash.
_LEAVES = """
SELECT array_agg(l.leaf_index) AS places, array_agg(convert_to(e.entry, 'UTF8')) AS texts,
       array_agg(l.leaf_hash) AS placed, array_agg(e.leaf_hash) AS written
  FROM audit.leaf l LEFT JOIN audit.entry e ON e.arrival = l.arrival
 WHERE l.leaf_index >= {} AND l.leaf_index < {} GROUP BY l.leaf_index / 256
"""
_TILE = "SELECT n, hashes FROM audit.tile WHERE level = {} AND n >= {} AND n < {}"
_SIGNED = "SELECT size, root, note FROM audit.checkpoint WHERE size > {} AND size <= {} ORDER BY size"
_FOUND = """
SELECT array_agg(leaf_index) AS places, array_agg(entry_id::text) AS ids, array_agg(at) AS ats,
       array_agg(action) AS actions, array_agg(actor_id) AS actors, array_agg(object_kind) AS kinds,
       array_agg(object_id) AS objects, array_agg(scope) AS scopes, array_agg(outcome) AS outcomes,
       array_agg(rule) AS rules, array_agg(array_to_string(refs, chr(10), '?')) AS refs,
       array_agg(array_to_string(tsvector_to_array(words), chr(10), '?')) AS words
  FROM audit.search WHERE leaf_index >= {} AND leaf_index < {} GROUP BY leaf_index / 256
"""
# Arrays of arrays would have to be of one length: refs and words are joined.

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


class _Part(NamedTuple):
    leaves: Mapping[int, Leaf]
    tiles: Mapping[int, bytes]
    signed: Sequence[Signed]
    found: Mapping[int, Sequence[str | None]]


class Tables:
    """The log as our database has it, in the caller's transaction, up to `size` entries; read in parts of many tiles."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: tuple[int, _Part] | None = None

    async def leaves(self, n: int, width: int) -> Sequence[Leaf]:
        begin, leaves = n * WIDTH, (await self._part(n * WIDTH)).leaves
        return [leaves.get(index, _NOTHING) for index in range(begin, begin + width)]

    async def tile(self, level: int, n: int, width: int) -> bytes | None:
        tiles = await _tiles(level, n, n + 1) if level else (await self._part(n * WIDTH)).tiles
        return tiles[n][: width * 32] if n in tiles else None

    async def checkpoints(self, after: int, to: int) -> Sequence[Signed]:
        return [each for each in (await self._part(after)).signed if after < each.size <= to]

    async def found(self, begin: int) -> Mapping[int, Sequence[str | None]]:
        """Return the search rows of a part of the log that has the entry `begin`, by their places."""
        return (await self._part(begin)).found

    async def _part(self, index: int) -> _Part:
        part = index // PART
        if self._held is None or self._held[0] != part:
            self._held = None  # two at once would need twice the memory
            self._held = part, await _read(part * PART, min((part + 1) * PART, self._size))
        return self._held[1]


_NOTHING = Leaf()


async def _read(begin: int, end: int) -> _Part:
    leaves: dict[int, Leaf] = {}
    for row in rows(await AuditLeaf.raw(_LEAVES, begin, end)):
        each = zip(row["texts"], row["placed"], row["written"], strict=True)
        leaves.update(zip(row["places"], map(Leaf._make, each), strict=True))
    tiles = await _tiles(0, begin // WIDTH, -(-end // WIDTH))
    signed = [Signed(**row) for row in rows(await AuditCheckpoint.raw(_SIGNED, begin, end))]
    found: dict[int, Sequence[str | None]] = {}
    for row in rows(await AuditSearch.raw(_FOUND, begin, end)):
        places, *columns = row.values()
        found.update(zip(places, zip(*columns, strict=True), strict=True))
    return _Part(leaves, tiles, signed, found)


async def _tiles(level: int, begin: int, end: int) -> dict[int, bytes]:
    return {row["n"]: bytes(row["hashes"]) for row in rows(await AuditTile.raw(_TILE, level, begin, end))}


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
