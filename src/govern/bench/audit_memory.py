"""The log's arithmetic with nothing else in the way: leaves, tree, tiles and strict reading, against SHA-256 alone."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

import msgspec

from govern.bench.measuring import Work, interleave
from govern.tlog.canonical import leaf_hash, parse
from govern.tlog.growth import Growth
from govern.tlog.tiles import root_of_tiles
from govern.tlog.tree import fold


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Entries in a second, each way over the same texts."""

    sha: float
    """SHA-256 of the texts, and nothing else."""
    sha_of_bytes: float
    """The same of texts that are bytes already, as none that PostgreSQL returns is."""
    leaves: float
    tree: float
    """Leaf hash, tree and its tiles, root."""
    reading: float
    """Read strictly, hashed, and a tree of tiles over it: what checking costs beside the database."""


def measure_memory(texts: Sequence[str], *, rounds: int) -> Rates:
    """Hash, grow and check the same entries in turn."""
    encoded = [text.encode() for text in texts]
    works: dict[str, Work] = {
        "sha": partial(_sha, texts),
        "sha_of_bytes": partial(_sha_of_bytes, encoded),
        "leaves": partial(_leaves, texts),
        "tree": partial(grow, texts),
        "reading": partial(check, texts),
    }
    taken = interleave(works, rounds=rounds)
    return Rates(**{name: len(texts) / seconds for name, seconds in taken.items()})


def _sha(texts: Sequence[str]) -> None:
    for text in texts:
        sha256(text.encode()).digest()


def _sha_of_bytes(texts: Sequence[bytes]) -> None:
    for text in texts:
        sha256(text).digest()


def _leaves(texts: Sequence[str]) -> None:
    for text in texts:
        leaf_hash(text)


def grow(texts: Sequence[str]) -> bytes:
    """Return the root of the tree over the texts, grown leaf by leaf with its tiles, as placing does."""
    growth = Growth(0, [])
    for text in texts:
        growth.append(leaf_hash(text))
    for _ in growth.take():
        pass
    return fold(growth.frontier)


def check(texts: Sequence[str]) -> bytes:
    """Return the root as the tiles of the texts give it, each text read strictly."""
    growth, tiles = Growth(0, []), defaultdict[tuple[int, int], bytes](bytes)
    for text in texts:
        parse(text)
        growth.append(leaf_hash(text))
    for level, n, hashes in growth.take():
        tiles[level, n] += hashes
    return root_of_tiles(len(texts), lambda level, n: tiles[level, n])
