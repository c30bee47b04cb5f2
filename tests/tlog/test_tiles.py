"""Tiles and bundles: the tree in rows of 256, and their one path each."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.tlog import tiles, tree
from govern.tlog.tiles import WIDTH, TileError, TileRef


def leaf(number: int) -> bytes:
    return hashlib.sha256(b"\x00" + number.to_bytes(8, "big")).digest()


def rows_of(size: int) -> dict[tuple[int, int], bytes]:
    """Every tile of a tree, made row by row as the specification says."""
    found: dict[tuple[int, int], bytes] = {}
    row, level = [leaf(number) for number in range(size)], 0
    while row:
        for n in range(0, len(row), WIDTH):
            found[level, n // WIDTH] = b"".join(row[n : n + WIDTH])
        row = [tree.root_of(row[n : n + WIDTH]) for n in range(0, len(row) - WIDTH + 1, WIDTH)]
        level += 1
    return found


SIZES = (1, 2, 255, 256, 257, 511, 512, 70_000)
TILES = {size: rows_of(size) for size in SIZES}


@pytest.mark.parametrize("size", SIZES)
def test_tiles_give_the_root(size: int) -> None:
    assert tiles.root_of_tiles(size, lambda level, n: TILES[size][level, n]) == tree.root_of(map(leaf, range(size)))


@pytest.mark.parametrize("size", SIZES)
def test_a_tree_has_these_tiles_and_no_other(size: int) -> None:
    assert {(ref.level, ref.n): ref.width * 32 for ref in tiles.tiles_of(size)} == {
        key: len(data) for key, data in TILES[size].items()
    }


def test_the_example_of_the_specification() -> None:
    refs = list(tiles.tiles_of(70_000))
    assert [(ref.level, ref.width) for ref in refs if ref.width < WIDTH] == [(0, 112), (1, 17), (2, 1)]
    assert len(refs) == 273 + 1 + 1 + 1 + 1
    assert TileRef(0, 1_234_067).path() == "tile/0/x001/x234/067"


@settings(max_examples=60, deadline=None)
@given(first=st.integers(1, 70_000), index=st.integers(0, 69_999))
def test_proofs_are_made_from_tiles_of_a_later_tree(first: int, index: int) -> None:
    node = tiles.nodes_in_tiles(lambda level, n: TILES[70_000][level, n])
    root = tree.root_at(first, node)
    if index < first:
        tree.verify_inclusion(index, first, leaf(index), tree.prove_inclusion(index, first, node), root)
    proof = tree.prove_consistency(first, 70_000, node)
    tree.verify_consistency(first, 70_000, root, tree.root_at(70_000, node), proof)


def test_a_tile_that_is_too_narrow_is_refused() -> None:
    with pytest.raises(TileError, match="too narrow"):
        tiles.root_of_tiles(256 - 8, lambda level, n: TILES[255][level, n][: 32 * 100])


@pytest.mark.parametrize("data", [b"", b"x" * 31, b"x" * 33, b"x" * 32 * 257])
def test_a_tile_of_another_length_is_refused(data: bytes) -> None:
    with pytest.raises(TileError):
        tiles.tile_hashes(data)


@given(level=st.none() | st.integers(0, 63), n=st.integers(0, 2**40), width=st.integers(1, WIDTH))
def test_a_path_is_read_back(level: int | None, n: int, width: int) -> None:
    ref = TileRef(level, n, width)
    assert tiles.parse_path(ref.path()) == ref


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/1",
        "tile/0/0001",
        "tile/00/001",
        "tile/64/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/entries/001.p/300",
        "tile/-1/001",
        "tile/0/001\n",
        "tile/0/x001/../001",
        "/tile/0/001",
    ],
)
def test_a_path_has_one_form(path: str) -> None:
    with pytest.raises(TileError):
        tiles.parse_path(path)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=WIDTH))
def test_a_bundle_is_read_back(entries: list[bytes]) -> None:
    packed = tiles.pack_bundle(entries)
    assert tiles.unpack_bundle(packed) == entries
    with pytest.raises(TileError):
        tiles.unpack_bundle(packed[:-1] if packed[-1:] else b"")


@pytest.mark.parametrize("entries", [[b"x" * 65_536], [b""] * 257])
def test_what_does_not_fit_is_refused(entries: list[bytes]) -> None:
    with pytest.raises(TileError):
        tiles.pack_bundle(entries)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x01", b"\x00\x00" * 257])
def test_a_malformed_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(TileError):
        tiles.unpack_bundle(data)
