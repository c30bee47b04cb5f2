"""The Merkle tree of RFC 6962, section 2.1: roots, inclusion and consistency, made and checked.

A node is named by (level, index): it is the hash of the leaves `index * 2**level` up to, not including,
`(index + 1) * 2**level`. Only such perfect nodes are ever stored; everything else is folded from them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import TypeAlias

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
MAX_SIZE = 2**63 - 1
Node: TypeAlias = tuple[int, int]
ReadNode: TypeAlias = Callable[[int, int], bytes]
"""Returns the hash of the node (level, index)."""


class ProofError(ValueError):
    """A proof does not prove what it is said to; the message says why."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: one perfect node for each bit of its size, the biggest first."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        _check_hashes(hashes)
        if not 0 <= size <= MAX_SIZE or len(hashes) != size.bit_count():
            raise ProofError(
                f"a tree of {size} leaves has {max(size, 0).bit_count()} nodes at its edge, not {len(hashes)}"
            )
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        index, found = self.size, leaf
        while index & 1:
            found, index = node_hash(self.hashes.pop(), found), index >> 1
        self.hashes.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree."""
        return fold(self.hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over perfect nodes that shrink from left to right; of none, the root of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    found = hashes[-1]
    for left in reversed(hashes[:-1]):
        found = node_hash(left, found)
    return found


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def covering(begin: int, end: int) -> Iterator[Node]:
    """Give the perfect nodes that together are the leaves from `begin` up to, not including, `end`."""
    while begin < end:
        fits = (end - begin).bit_length() - 1
        level = min(fits, (begin & -begin).bit_length() - 1) if begin else fits
        yield level, begin >> level
        begin += 1 << level


def root_at(size: int, read: ReadNode) -> bytes:
    """Return the root of the tree's first `size` leaves."""
    return _subtree(0, size, read)


def prove_inclusion(index: int, size: int, read: ReadNode) -> list[bytes]:
    """Return the hashes from the leaf's sibling up to the root's child.

    Raises:
        ProofError: the tree of that size has no such leaf.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_subtree(middle, end, read))
            end = middle
        else:
            path.append(_subtree(begin, middle, read))
            begin = middle
    return path[::-1]


def prove_consistency(first: int, second: int, read: ReadNode) -> list[bytes]:
    """Return the proof that the tree of `second` leaves begins with the tree of `first`.

    Raises:
        ProofError: `first` is 0 or greater than `second`: there is nothing to prove.
    """
    if not 1 <= first <= second <= MAX_SIZE:
        raise ProofError(f"no proof from {first} to {second} leaves")
    path: list[bytes] = []
    begin, end, whole = 0, second, True
    while first != end:
        middle = begin + _split(end - begin)
        if first <= middle:
            path.append(_subtree(middle, end, read))
            end = middle
        else:
            path.append(_subtree(begin, middle, read))
            begin, whole = middle, False
    if not whole:
        path.append(_subtree(begin, end, read))
    return path[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that the proof leads to.

    Raises:
        ProofError: impossible index or size, or a proof of another length.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    _check_hashes((leaf, *proof))
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(proof) != inner + border:
        raise ProofError(f"{len(proof)} hashes; leaf {index} of {size} needs {inner + border}")
    found = leaf
    for level, sibling in enumerate(proof[:inner]):
        found = node_hash(sibling, found) if index >> level & 1 else node_hash(found, sibling)
    for sibling in proof[inner:]:
        found = node_hash(sibling, found)
    return found


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf stands at `index` of the tree with this root.

    Raises:
        ProofError: it does not follow.
    """
    if root_from_inclusion(index, size, leaf, proof) != root:
        raise ProofError("the proof leads to another root")


def verify_consistency(first: int, second: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `second` leaves begins with the tree of `first`.

    Raises:
        ProofError: it does not follow, or `first` is 0: every tree begins with the empty one.
    """
    if not 1 <= first <= second <= MAX_SIZE:
        raise ProofError(f"no proof from {first} to {second} leaves")
    if first == second:
        if proof or root1 != root2:
            raise ProofError("trees of one size have one root, and need no proof")
        return
    _check_hashes((root1, root2, *proof))
    if not proof:
        raise ProofError("the proof is empty")
    if _roots_from_consistency(first, second, root1, proof) != (root1, root2):
        raise ProofError("the proof leads to other roots")


def _roots_from_consistency(first: int, second: int, root1: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return both roots as the proof gives them; it begins at the last perfect node of the smaller tree."""
    shift = (first & -first).bit_length() - 1
    last, edge = (first - 1) >> shift, (second - 1) >> shift
    begun, rest = (root1, proof) if first == 1 << shift else (proof[0], proof[1:])
    inner = (last ^ edge).bit_length()
    if len(rest) != inner + (last >> inner).bit_count():
        raise ProofError(f"{len(proof)} hashes are not what a step from {first} to {second} needs")
    old = new = begun
    for level, sibling in enumerate(rest):
        if level >= inner or last >> level & 1:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    return old, new


def _split(size: int) -> int:
    """Return the greatest power of two below `size`: how many leaves hang on the left."""
    return 1 << (size - 1).bit_length() - 1


def _subtree(begin: int, end: int, read: ReadNode) -> bytes:
    return fold([read(level, index) for level, index in covering(begin, end)])


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise ProofError("a hash has 32 bytes")
