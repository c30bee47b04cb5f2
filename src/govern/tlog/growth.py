"""A tree that grows: leaves go in, and what each tile gains comes out."""

from collections.abc import Iterator, Sequence

from govern.tlog.tiles import HEIGHT
from govern.tlog.tree import Frontier, node_hash


class Growth:
    """The right edge of a tree, and the hashes its tiles have gained since they were last taken.

    Raises:
        ProofError: the edge does not fit the size.
    """

    def __init__(self, size: int, hashes: Sequence[bytes]) -> None:
        self._edge = Frontier(size, hashes)
        self._gained: dict[tuple[int, int], bytearray] = {}

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._edge.size

    @property
    def frontier(self) -> list[bytes]:
        """The hashes at the edge, the biggest subtree first."""
        return self._edge.hashes

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        edge = self._edge
        index, found, level = edge.size, leaf, 0
        self._gain(0, index, leaf)
        while index & 1:
            found, index, level = node_hash(edge.hashes.pop(), found), index >> 1, level + 1
            if level % HEIGHT == 0:
                self._gain(level // HEIGHT, index, found)
        edge.hashes.append(found)
        edge.size += 1

    def take(self) -> Iterator[tuple[int, int, bytes]]:
        """Give level, number and new hashes of each tile that grew, once."""
        gained, self._gained = self._gained, {}
        for (level, n), hashes in gained.items():
            yield level, n, bytes(hashes)

    def _gain(self, level: int, index: int, found: bytes) -> None:
        self._gained.setdefault((level, index >> HEIGHT), bytearray()).extend(found)
