"""Proofs out of the tiles in the database: what a pure proof will ask for is found out, read, and then asked for."""

from collections.abc import Callable
from typing import TypeVar

from govern.database import rows
from govern.tables import AuditTile
from govern.tlog.tiles import HEIGHT, WIDTH, TileError, nodes_in_tiles
from govern.tlog.tree import HASH_BYTES, ReadNode

T = TypeVar("T")
_MANY = 512
_TILES = """
SELECT t.level, t.n, t.hashes FROM audit.tile t
  JOIN unnest({}::smallint[], {}::bigint[]) AS wanted (level, n) ON t.level = wanted.level AND t.n = wanted.n
"""


class TreeReader:
    """Reads tiles once. They only grow, so tiles read at different moments still are of one tree."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[int, int], bytes] = {}

    async def prove(self, work: Callable[[ReadNode], T]) -> T:
        """Return what `work` makes of the tree's nodes. It runs twice, and must ask for the same nodes each time.

        Raises:
            TileError: a tile is missing or too narrow.
        """
        wanted: set[tuple[int, int]] = set()

        def note(level: int, index: int) -> bytes:
            row, above = divmod(level, HEIGHT)
            wanted.add((row, (index << above) // WIDTH))
            return bytes(HASH_BYTES)

        work(note)
        self._forget()
        await self._load(sorted(wanted - self._tiles.keys()))
        return work(nodes_in_tiles(self._read))

    def _forget(self) -> None:
        """Keep what all proofs need: the upper tiles."""
        if len(self._tiles) > _MANY:
            self._tiles = {place: hashes for place, hashes in self._tiles.items() if place[0]}

    async def _load(self, wanted: list[tuple[int, int]]) -> None:
        levels, numbers = [level for level, _ in wanted], [n for _, n in wanted]
        for row in rows(await AuditTile.raw(_TILES, levels, numbers)) if wanted else []:
            self._tiles[row["level"], row["n"]] = row["hashes"]

    def _read(self, level: int, n: int) -> bytes:
        if (level, n) not in self._tiles:
            raise TileError(f"tile {level}/{n} is not there")
        return self._tiles[level, n]
