"""The tree against its recursive definition in RFC 6962, and every proof against every small lie."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.tlog import tree
from govern.tlog.tree import EMPTY_ROOT, Frontier, ProofError

SIZES = st.integers(1, 300)


def leaf(number: int) -> bytes:
    return hashlib.sha256(b"\x00" + number.to_bytes(8, "big")).digest()


def mth(leaves: list[bytes]) -> bytes:
    """The definition, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


LEAVES = [leaf(number) for number in range(300)]


def read(level: int, index: int) -> bytes:
    return mth(LEAVES[index << level : (index + 1) << level])


@given(st.integers(0, 300))
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert tree.root_of(LEAVES[:size]) == mth(LEAVES[:size])
    assert tree.root_at(size, read) == mth(LEAVES[:size])


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == mth([])


@given(st.integers(0, 290), st.integers(0, 10))
def test_a_frontier_that_was_kept_goes_on_where_it_was(size: int, more: int) -> None:
    begun = Frontier()
    for each in LEAVES[:size]:
        begun.append(each)
    kept = Frontier(begun.size, begun.hashes)
    for each in LEAVES[size : size + more]:
        kept.append(each)
    assert kept.root() == mth(LEAVES[: size + more])


@pytest.mark.parametrize(("size", "hashes"), [(1, []), (0, [LEAVES[0]]), (3, [LEAVES[0]]), (1, [b"short"]), (-1, [])])
def test_a_frontier_that_does_not_fit_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(ProofError):
        Frontier(size, hashes)


@given(begin=st.integers(0, 299), width=st.integers(1, 300))
def test_covering_nodes_are_the_range_and_nothing_else(begin: int, width: int) -> None:
    end, at = min(300, begin + width), begin
    for level, index in tree.covering(begin, end):
        assert index << level == at
        at = (index + 1) << level
    assert at == end


@settings(max_examples=200, deadline=None)
@given(size=SIZES, data=st.data())
def test_every_leaf_is_proven_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = tree.prove_inclusion(index, size, read), mth(LEAVES[:size])
    tree.verify_inclusion(index, size, LEAVES[index], proof, root)
    other = data.draw(SIZES)
    if other not in {index, size}:
        with pytest.raises(ProofError):
            tree.verify_inclusion(other - 1 if other - 1 != index else other, size, LEAVES[index], proof, root)
        with pytest.raises(ProofError):
            tree.verify_inclusion(index, other, LEAVES[index], proof, mth(LEAVES[:other]))


@settings(max_examples=200, deadline=None)
@given(size=SIZES, data=st.data())
def test_one_flipped_bit_anywhere_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], mth(LEAVES[:size]), *tree.prove_inclusion(index, size, read)]
    which, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[which] = _flipped(parts[which], bit)
    with pytest.raises(ProofError):
        tree.verify_inclusion(index, size, parts[0], parts[2:], parts[1])


@settings(max_examples=200, deadline=None)
@given(second=SIZES, data=st.data())
def test_a_tree_is_consistent_with_each_of_its_beginnings(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    roots = mth(LEAVES[:first]), mth(LEAVES[:second])
    proof = tree.prove_consistency(first, second, read)
    tree.verify_consistency(first, second, *roots, proof)
    parts = [*roots, *proof]
    which, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[which] = _flipped(parts[which], bit)
    with pytest.raises(ProofError):
        tree.verify_consistency(first, second, parts[0], parts[1], parts[2:])


@given(second=st.integers(2, 300), data=st.data())
def test_a_tree_that_changed_an_old_leaf_is_not_consistent(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second - 1))
    forged = list(LEAVES[:second])
    forged[data.draw(st.integers(0, first - 1))] = leaf(10_000)

    def read_forged(level: int, index: int) -> bytes:
        return mth(forged[index << level : (index + 1) << level])

    with pytest.raises(ProofError):
        tree.verify_consistency(
            first, second, mth(LEAVES[:first]), mth(forged), tree.prove_consistency(first, second, read_forged)
        )


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (5, 3), (0, 2**63)])
def test_a_leaf_that_is_not_in_the_tree_is_neither_proven_nor_believed(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        tree.prove_inclusion(index, size, read)
    with pytest.raises(ProofError):
        tree.verify_inclusion(index, size, LEAVES[0], [], LEAVES[0])


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 1), (1, 2**63)])
def test_steps_that_prove_nothing_are_refused(first: int, second: int) -> None:
    with pytest.raises(ProofError):
        tree.prove_consistency(first, second, read)
    with pytest.raises(ProofError):
        tree.verify_consistency(first, second, LEAVES[0], LEAVES[0], [])


def test_a_hash_of_another_length_is_refused() -> None:
    proof = tree.prove_inclusion(0, 2, read)
    with pytest.raises(ProofError, match="32 bytes"):
        tree.verify_inclusion(0, 2, LEAVES[0], [proof[0] + b"\0"], mth(LEAVES[:2]))


def test_a_tree_of_seventy_thousand_leaves_is_that_of_the_definition() -> None:
    leaves = [leaf(number) for number in range(70_000)]
    assert tree.root_of(leaves) == mth(leaves)


def _flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
