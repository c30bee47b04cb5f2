"""What stands in the database, read again before it is signed: texts, leaves and tiles must say the same."""

from collections.abc import Iterable, Mapping, Sequence

from govern.database import rows
from govern.services.audit.log_state import LogDamaged
from govern.tables import AuditLeaf, AuditTile
from govern.tlog.canonical import leaf_hash
from govern.tlog.tiles import HEIGHT, WIDTH, TileError, nodes_in_tiles, tile_hashes, width_at
from govern.tlog.tree import root_at, root_of

STEP = 20
"""Tiles read at once."""

_TEXTS = """
SELECT l.leaf_index, l.leaf_hash, e.entry FROM audit.leaf l LEFT JOIN audit.entry e ON e.arrival = l.arrival
 WHERE l.leaf_index >= {} AND l.leaf_index < {} ORDER BY l.leaf_index
"""
_TILES = "SELECT n, hashes FROM audit.tile WHERE level = {} AND n >= {} AND n < {}"
_EDGES = """
SELECT t.level, t.n, t.hashes FROM audit.tile t
  JOIN unnest({}::smallint[], {}::bigint[]) AS wanted (level, n) ON t.level = wanted.level AND t.n = wanted.n
"""


async def check_new(begin: int, size: int) -> None:
    """Check the leaves from `begin` up to, not including, `size`, and every tile they made grow.

    Raises:
        LogDamaged: with the first leaf or tile that is not what it must be.
    """
    for first in range(begin // WIDTH, (size + WIDTH - 1) // WIDTH, STEP):
        await _check_texts(max(begin, first * WIDTH), min(size, (first + STEP) * WIDTH))
    level = 1
    while size >> HEIGHT * level:
        for index in range(begin >> HEIGHT * level, size >> HEIGHT * level, STEP):
            await _check_row(level, index, min(index + STEP, size >> HEIGHT * level))
        level += 1


async def roots_from_tiles(sizes: Iterable[int]) -> Mapping[int, bytes]:
    """Return the root of the tree at each size, folded from the stored tiles alone.

    Raises:
        LogDamaged: a tile is missing, or too narrow.
    """
    sizes = set(sizes)
    edges = {edge for size in sizes for edge in _edges(size)}
    found = rows(await AuditTile.raw(_EDGES, [level for level, _ in edges], [n for _, n in edges]))
    tiles: dict[tuple[int, int], bytes] = {(row["level"], row["n"]): row["hashes"] for row in found}
    try:
        node = nodes_in_tiles(lambda level, n: tiles[level, n])
        return {size: root_at(size, node) for size in sizes}
    except (KeyError, TileError) as error:
        raise LogDamaged(reason=f"a tile at the edge of the tree: {error}") from error


async def _check_texts(begin: int, end: int) -> None:
    """Compare each new text with its leaf, and both with the tile."""
    level0 = await _tiles(0, begin // WIDTH, (end - 1) // WIDTH + 1)
    found = rows(await AuditLeaf.raw(_TEXTS, begin, end))
    if [row["leaf_index"] for row in found] != list(range(begin, end)):
        raise LogDamaged(reason=f"a leaf between {begin} and {end} is missing")
    for row in found:
        index = row["leaf_index"]
        if row["entry"] is None or leaf_hash(row["entry"]) != row["leaf_hash"]:
            raise LogDamaged(reason=f"the entry at {index} is not what was placed")
        if _hash_in(level0, 0, index) != row["leaf_hash"]:
            raise LogDamaged(reason=f"the tile of entry {index} holds another hash")


async def _check_row(level: int, begin: int, end: int) -> None:
    """Compare hashes of a row with the full tiles below that they stand for."""
    below = await _tiles(level - 1, begin, end)
    row = await _tiles(level, begin // WIDTH, (end - 1) // WIDTH + 1)
    for index in range(begin, end):
        hashes = below.get(index, ())
        if len(hashes) != WIDTH or root_of(hashes) != _hash_in(row, level, index):
            raise LogDamaged(reason=f"tile {level - 1}/{index} does not lead to its hash in level {level}")


async def _tiles(level: int, first: int, beyond: int) -> Mapping[int, Sequence[bytes]]:
    found = rows(await AuditTile.raw(_TILES, level, first, beyond))
    return {row["n"]: tile_hashes(row["hashes"]) for row in found}


def _hash_in(tiles: Mapping[int, Sequence[bytes]], level: int, index: int) -> bytes:
    hashes = tiles.get(index // WIDTH, ())
    if index % WIDTH >= len(hashes):
        raise LogDamaged(reason=f"tile {level}/{index // WIDTH} is too narrow")
    return hashes[index % WIDTH]


def _edges(size: int) -> Iterable[tuple[int, int]]:
    """Give the last tile of each level of a tree: together they hold its root."""
    level = 0
    while size >> HEIGHT * level:
        n = (size >> HEIGHT * level) // WIDTH
        if width_at(level, n, size):
            yield level, n
        level += 1
