"""The tree part of a verification: texts to leaves, leaves to tiles, tiles to the signed root; of any source."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Protocol, TypeAlias

from govern.services.audit.claims import Findings
from govern.services.audit.tree_sources import Leaf, Signed, TreeSource
from govern.tlog.checkpoint import Checkpoint
from govern.tlog.tiles import WIDTH, TileError, nodes_in_tiles, tile_hashes, tiles_of, width_at
from govern.tlog.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    ProofError,
    ReadNode,
    covering,
    fold,
    node_hash,
    prove_consistency,
    verify_consistency,
)

IsSigned: TypeAlias = Callable[[str], bool | None]
"""Tells whether a note was signed; None: no key at hand can tell."""
_FULL = WIDTH * HASH_BYTES


class Judge(Protocol):
    """Looks at what stands in the texts, which the tree part does not read."""

    def texts(self, begin: int, texts: Sequence[bytes]) -> None:
        """Take note of texts that follow one another, the first at the place `begin`."""

    async def tile_done(self, begin: int, end: int) -> None:
        """Judge the texts from `begin` up to, not including, `end`: all of them that exist were shown."""


@dataclass(frozen=True)
class Kept:
    """A checkpoint from elsewhere that the log must go on from."""

    check: str
    """Which check speaks of it: `guard`, `saved`, `history`."""
    where: str
    checkpoint: Checkpoint


class _LostError(Exception):
    """Nothing at all is left of an entry: the tree cannot be followed beyond it."""

    def __init__(self, entry: int) -> None:
        super().__init__(entry)
        self.entry = entry


class TreeCheck:
    """Checks one source against one checkpoint, from the entry `begin` on.

    Each text is read once; what is wrong lands in `findings`, and the tree is followed on what most copies of a hash
    say, so that one changed copy is one finding.
    """

    def __init__(
        self, source: TreeSource, checkpoint: Checkpoint, findings: Findings, *, judge: Judge, signed: IsSigned
    ) -> None:
        self._source = source
        self._checkpoint = checkpoint
        self._findings = findings
        self._judge = judge
        self._signed = signed
        self._upper: dict[tuple[int, int], bytes] = {}
        self._made: dict[int, bytes] = {}
        self._good = 0

    async def run(self, *, begin: int = 0, kept: Sequence[Kept] = ()) -> int:
        """Check all, and return the first entry that was read: 0 where the tree could not be picked up at `begin`."""
        size = self._checkpoint.size
        await self._load_upper()
        edge = self._edge(begin // WIDTH)
        first = edge.size * WIDTH
        self._good = first
        await self._check_earlier(kept, first)
        due = [each for each in kept if first <= each.checkpoint.size <= size]
        root = EMPTY_ROOT
        try:
            for n in range(edge.size, (size + WIDTH - 1) // WIDTH):
                root = await self._check_tile(n, edge, due)
        except _LostError as lost:
            self._findings.wrong("root", "The tree cannot be followed: entries are gone.", lost.entry)
            return first
        if first < size and root != self._checkpoint.root:
            self._findings.wrong("root", self._lead("The entries do not lead to the root that was signed"), self._good)
        self._check_upper()
        return first

    async def _load_upper(self) -> None:
        """Read the tiles above the lowest level: one hash for 256 entries."""
        for ref in tiles_of(self._checkpoint.size):
            if ref.level:
                found = await self._source.tile(ref.level, ref.n, ref.width)
                if found is None or len(found) != ref.width * HASH_BYTES:
                    first = ref.n * WIDTH ** (ref.level + 1)
                    self._findings.wrong("tiles", f"The tile {ref.path()} is not there, or too short.", first)
                else:
                    self._upper[ref.level, ref.n] = found

    def _edge(self, tiles: int) -> Frontier:
        """Return the edge of a tree of so many whole tiles, whose leaves are their roots; empty if it is not known."""
        node = self._nodes({})
        try:
            return Frontier(tiles, [node(level, index) for level, index in covering(0, tiles * WIDTH)])
        except (KeyError, TileError):
            return Frontier()

    def _nodes(self, lowest: Mapping[tuple[int, int], bytes]) -> ReadNode:
        return nodes_in_tiles(lambda level, n: self._upper[level, n] if level else lowest[level, n])

    async def _check_tile(self, n: int, edge: Frontier, kept: Sequence[Kept]) -> bytes:
        """Check the entries of one tile, and return the root of the tree up to them."""
        width, begin = width_at(0, n, self._checkpoint.size), n * WIDTH
        leaves = await self._source.leaves(n, width)
        tile = await self._source.tile(0, n, width) or b""
        marks = self._marks(begin, width, await self._source.checkpoints(begin, begin + width), kept)
        hashes = self._check_leaves(begin, leaves, tile)
        self._follow(begin, hashes, edge, marks)
        await self._judge.tile_done(begin, begin + width)
        if width < WIDTH:
            return _root_with(edge, hashes)
        self._made[n] = root_of_tile(hashes)
        edge.append(self._made[n])
        return edge.root()

    def _check_leaves(self, begin: int, leaves: Sequence[Leaf], tile: bytes) -> list[bytes]:
        """Return the hashes of a tile's leaves. All copies at once; one by one only where they differ."""
        texts = [leaf.text for leaf in leaves if leaf.text is not None]
        made = [sha256(b"\x00" + text).digest() for text in texts]
        copies = {b"".join(made), tile, *(b"".join(each) for each in _columns(leaves))}
        if len(texts) == len(leaves) and len(copies) == 1:
            self._judge.texts(begin, texts)
            return made
        return [
            self._check_leaf(begin + at, leaf, tile[at * HASH_BYTES : (at + 1) * HASH_BYTES])
            for at, leaf in enumerate(leaves)
        ]

    def _follow(
        self,
        begin: int,
        hashes: Sequence[bytes],
        edge: Frontier,
        marks: Mapping[int, Sequence[Callable[[bytes], None]]],
    ) -> None:
        """Follow the tree leaf by leaf to each size that something is known of."""
        inside, done = Frontier(), 0
        for size in sorted(marks):
            for leaf in hashes[done : size - begin]:
                inside.append(leaf)
            done = size - begin
            for mark in marks[size]:
                mark(fold([*edge.hashes, *inside.hashes]))
            if not self._findings.failed("history", "guard", "saved"):
                self._good = size

    def _check_leaf(self, index: int, leaf: Leaf, in_tile: bytes) -> bytes:
        """Compare the copies of one leaf's hash, and return what most of them say."""
        if leaf.text is None:
            self._findings.wrong("leaves", f"The text of entry {index} is gone.", index)
            if not (leaf.placed or in_tile):
                raise _LostError(index)
            return leaf.placed or in_tile
        made = sha256(b"\x00" + leaf.text).digest()
        if made == in_tile and leaf.placed in {made, None} and leaf.written in {made, None}:
            self._judge.texts(index, [leaf.text])
            return made
        return self._differing(index, leaf, made, in_tile)

    def _differing(self, index: int, leaf: Leaf, made: bytes, in_tile: bytes) -> bytes:
        wrong = self._findings.wrong
        if not in_tile:
            wrong("tiles", f"The hash of entry {index} is missing in its tile.", index)
        elif made != in_tile and made == leaf.placed:
            wrong("tiles", f"The tile has another hash for entry {index} than its text and its leaf.", index)
        elif made != in_tile:
            wrong("texts", f"The text of entry {index} is not the one that was placed in the tree.", index)
            return in_tile
        elif leaf.placed not in {made, None}:
            wrong("leaves", f"The leaf of entry {index} has another hash than its text and its tile.", index)
        if leaf.written not in {made, None}:
            wrong("texts", f"The writer's own hash of entry {index} is not that of its text.", index)
        self._judge.texts(index, [leaf.text or b""])
        return made

    def _marks(
        self, begin: int, width: int, rows: Sequence[Signed], kept: Sequence[Kept]
    ) -> dict[int, list[Callable[[bytes], None]]]:
        """Return what to do with the root at which size."""
        found: dict[int, list[Callable[[bytes], None]]] = {}
        for row in rows:
            found.setdefault(row.size, []).append(partial(self._check_signed, row))
        for each in kept:
            if begin < each.checkpoint.size <= begin + width:
                found.setdefault(each.checkpoint.size, []).append(partial(self._check_kept, each))
        return found

    def _check_signed(self, row: Signed, root: bytes) -> None:
        """Check that a kept checkpoint was signed, and has the root of the tree; if not both, say which one was changed."""
        noted = row.note.split("\n", 3)[1:3] == [str(row.size), base64.b64encode(row.root).decode()]
        signed = noted and self._signed(row.note)
        if signed and row.root != root:
            words = self._lead(f"The checkpoint of {row.size} entries, signed then, has another root")
            self._findings.wrong("history", words, self._good)
        elif signed is False or row.root != root:
            words = f"The kept checkpoint of {row.size} entries is not one that was signed: it was edited."
            self._findings.wrong("history", words, row.size - 1)

    def _check_kept(self, each: Kept, root: bytes) -> None:
        if each.checkpoint.root != root:
            self._findings.wrong(each.check, self._lead(f"{each.where} has another root"), self._good)

    def _lead(self, words: str) -> str:
        return (
            f"{words}; the last one that agrees has {self._good} entries, so an entry from {self._good} on was changed."
        )

    async def _check_earlier(self, kept: Sequence[Kept], begin: int) -> None:
        """Check what is kept of sizes before those read again, by consistency proofs, and of sizes we do not reach."""
        for each in kept:
            first, second = each.checkpoint, self._checkpoint
            if first.size > second.size:
                words = f"{each.where} has {first.size} entries, the log only {second.size}: the last ones are gone."
                self._findings.wrong(each.check, words, second.size)
            if not 0 < first.size < begin:
                continue
            lowest = await self._lowest(first.size, second.size)
            try:
                proof = prove_consistency(first.size, second.size, self._nodes(lowest))
                verify_consistency(first.size, second.size, first.root, second.root, proof)
            except (ProofError, TileError, KeyError):
                words = f"The log does not go on from {each.where} ({first.size} entries): one of them was changed."
                self._findings.wrong(each.check, words)

    async def _lowest(self, *sizes: int) -> dict[tuple[int, int], bytes]:
        """Read the lowest tiles at the edges of trees of these sizes."""
        found = {}
        for n in {size // WIDTH for size in sizes} | {(size - 1) // WIDTH for size in sizes}:
            tile = await self._source.tile(0, n, width_at(0, n, self._checkpoint.size) or 1)
            if tile:
                found[0, n] = tile
        return found

    def _check_upper(self) -> None:
        """Compare each hash of an upper tile with the tile below it."""
        for (level, n), hashes in sorted(self._upper.items()):
            for at in range(len(hashes) // HASH_BYTES):
                child = n * WIDTH + at
                made = self._made.get(child) if level == 1 else self._whole(level - 1, child)
                if made is not None and made != hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]:
                    words = f"Hash {at} of the tile {n} of level {level} is not that of the tile below it."
                    self._findings.wrong("tiles", words, child * WIDTH**level)

    def _whole(self, level: int, n: int) -> bytes | None:
        hashes = self._upper.get((level, n), b"")
        if len(hashes) != _FULL:
            return None
        return root_of_tile(tile_hashes(hashes))


def root_of_tile(hashes: Sequence[bytes]) -> bytes:
    """Return the root over 256 hashes, row by row: faster than leaf by leaf."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def _root_with(edge: Frontier, hashes: Sequence[bytes]) -> bytes:
    """Return the root of a tree of whole tiles and some leaves more."""
    inside = Frontier()
    for leaf in hashes:
        inside.append(leaf)
    return fold([*edge.hashes, *inside.hashes])


def _columns(leaves: Sequence[Leaf]) -> Iterator[list[bytes]]:
    """Give the other copies of the hashes that the source has."""
    for name in ("placed", "written"):
        found = [getattr(leaf, name) for leaf in leaves]
        if any(each is not None for each in found):
            yield [each or b"" for each in found]
