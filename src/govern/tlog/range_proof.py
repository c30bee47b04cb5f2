"""Proofs that a range of leaves stands in a tree, whole and in order: the nodes left of it and right of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from govern.tlog.tree import HASH_BYTES, MAX_SIZE, ProofError, ReadNode, covering, node_hash, root_at


@dataclass(frozen=True)
class RangeProof:
    """The perfect nodes that cover what is left of a range, and what is right of it, each from left to right."""

    left: Sequence[bytes]
    right: Sequence[bytes]


def prove_range(begin: int, end: int, size: int, read: ReadNode) -> RangeProof:
    """Return the proof for the leaves from `begin` up to, not including, `end`.

    Raises:
        ProofError: the tree of that size has no such range.
    """
    _check_range(begin, end, size)
    return RangeProof(
        left=[read(level, index) for level, index in covering(0, begin)],
        right=[read(level, index) for level, index in covering(end, size)],
    )


def root_from_range(begin: int, leaves: Sequence[bytes], size: int, proof: RangeProof) -> bytes:
    """Return the root that these leaves, from `begin` on, and the proof lead to.

    Raises:
        ProofError: an impossible range, or a proof of another length.
    """
    end = begin + len(leaves)
    _check_range(begin, end, size)
    given = [*leaves, *proof.left, *proof.right]
    if any(len(each) != HASH_BYTES for each in given):
        raise ProofError("a hash has 32 bytes")
    beside = [*covering(0, begin), *covering(end, size)]
    if len(proof.left) != sum(1 for _ in covering(0, begin)) or len(beside) != len(proof.left) + len(proof.right):
        raise ProofError("the proof is of another range")
    known = dict(zip(beside, (*proof.left, *proof.right), strict=True))

    def read(level: int, index: int) -> bytes:
        if (level, index) in known:
            return known[level, index]
        if level == 0:
            return leaves[index - begin]
        return node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))

    return root_at(size, read)


def verify_range(begin: int, leaves: Sequence[bytes], size: int, proof: RangeProof, root: bytes) -> None:
    """Check that exactly these leaves stand from `begin` on in the tree with this root.

    Raises:
        ProofError: it does not follow.
    """
    if root_from_range(begin, leaves, size, proof) != root:
        raise ProofError("the proof leads to another root")


def _check_range(begin: int, end: int, size: int) -> None:
    if not 0 <= begin <= end <= size <= MAX_SIZE:
        raise ProofError(f"there is no range {begin}:{end} in a tree of {size}")
