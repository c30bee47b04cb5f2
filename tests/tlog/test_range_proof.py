"""Ranges: what stands between two places of the log, with nothing left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.tlog import tree
from govern.tlog.canonical import leaf_hash
from govern.tlog.range_proof import RangeProof, prove_range, root_from_range, verify_range
from govern.tlog.tree import ProofError

LEAVES = [leaf_hash(f'{{"n":{number}}}') for number in range(70)]


def read(level: int, index: int) -> bytes:
    return tree.root_of(LEAVES[index << level : (index + 1) << level])


def test_every_range_of_every_small_tree_leads_to_its_root() -> None:
    for size in range(1, 20):
        root = tree.root_of(LEAVES[:size])
        for begin in range(size + 1):
            for end in range(begin, size + 1):
                verify_range(begin, LEAVES[begin:end], size, prove_range(begin, end, size, read), root)


@given(st.data())
def test_another_leaf_place_or_hash_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70))
    begin = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(begin + 1, size))
    leaves, proof, root = LEAVES[begin:end], prove_range(begin, end, size, read), tree.root_of(LEAVES[:size])
    at = data.draw(st.integers(0, len(leaves) - 1))
    wrong = [
        (begin, [*leaves[:at], *leaves[at + 1 :]], size, proof),
        (begin, [*leaves[:at], leaf_hash("{}"), *leaves[at + 1 :]], size, proof),
        (begin, [*leaves, leaves[at]], size, proof),
        (begin + 1, leaves, size, proof),
        (begin, leaves, size, RangeProof([*proof.left, root], proof.right)),
        (begin, leaves, size, RangeProof(proof.left, [root, *proof.right])),
        (begin, leaves, size, RangeProof(proof.right, [root, *proof.left])),
    ]
    for given_begin, given_leaves, given_size, given_proof in wrong:
        with pytest.raises(ProofError):
            verify_range(given_begin, given_leaves, given_size, given_proof, root)


@pytest.mark.parametrize(("begin", "end", "size"), [(-1, 1, 2), (2, 1, 3), (0, 4, 3), (0, 1, 2**63)])
def test_an_impossible_range_is_refused_in_words(begin: int, end: int, size: int) -> None:
    with pytest.raises(ProofError, match="no range"):
        prove_range(begin, end, size, read)


def test_a_hash_of_another_length_is_refused() -> None:
    with pytest.raises(ProofError, match="32 bytes"):
        root_from_range(1, LEAVES[1:2], 2, RangeProof([b"short"], []))
