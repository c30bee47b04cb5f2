"""Vectors of others, read beside the checkout where they are; our own, in the same shape, always."""

import base64
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from govern.tlog import tiles, tree
from govern.tlog.checkpoint import open_checkpoint, parse_checkpoint
from govern.tlog.note import NoteError, parse_note, parse_verifier, verify_note
from govern.tlog.tree import ProofError
from tests.conftest import VECTORS

OURS = Path(__file__).parent / "vectors"
TESSERA, SUNLIGHT, C2SP = (VECTORS / "tlog" / name for name in ("tessera", "sunlight", "c2sp"))
PRESENT = VECTORS.is_dir()


def _cases(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for folder in (OURS, VECTORS / "rfc6962"):
        for path in sorted((folder / kind).rglob("*.json")):
            yield f"{folder.name}/{path.relative_to(folder)}", json.loads(path.read_text())


INCLUSION, CONSISTENCY = list(_cases("inclusion")), list(_cases("consistency"))


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _proof(case: dict[str, Any]) -> list[bytes]:
    return [_bytes(each) for each in case["proof"] or []]


def test_all_vectors_are_there() -> None:
    ours = [name for name, _ in INCLUSION + CONSISTENCY if name.startswith("vectors/")]
    assert len(ours) >= 40
    if PRESENT:
        assert (len(INCLUSION), len(CONSISTENCY)) >= (98, 98)
        assert len(INCLUSION) + len(CONSISTENCY) == len(ours) + 196


@pytest.mark.parametrize(("name", "case"), INCLUSION, ids=[name for name, _ in INCLUSION])
def test_inclusion(name: str, case: dict[str, Any]) -> None:
    given = (case["leafIdx"], case["treeSize"], _bytes(case["leafHash"]), _proof(case), _bytes(case["root"]))
    if case["wantErr"]:
        with pytest.raises(ProofError):
            tree.verify_inclusion(*given)
    else:
        tree.verify_inclusion(*given)


@pytest.mark.parametrize(("name", "case"), CONSISTENCY, ids=[name for name, _ in CONSISTENCY])
def test_consistency(name: str, case: dict[str, Any]) -> None:
    given = (case["size1"], case["size2"], _bytes(case["root1"]), _bytes(case["root2"]), _proof(case))
    if case["wantErr"]:
        with pytest.raises(ProofError):
            tree.verify_consistency(*given)
    else:
        tree.verify_consistency(*given)


@pytest.mark.parametrize("size", range(16 if PRESENT else 0))
def test_a_log_written_by_others(size: int) -> None:
    key = parse_verifier((TESSERA / "vkey").read_text())
    checkpoint = open_checkpoint((TESSERA / f"checkpoint.{size}").read_bytes(), [key])
    assert checkpoint.size == size
    if size == 0:
        assert checkpoint.root == tree.EMPTY_ROOT
        return
    tile = (TESSERA / f"tile/0/000.p/{size}").read_bytes()
    assert tiles.root_of_tiles(size, lambda _level, _n: tile) == checkpoint.root
    entries = tiles.unpack_bundle((TESSERA / f"tile/entries/000.p/{size}").read_bytes())
    assert [sha256(b"\0" + entry).digest() for entry in entries] == tiles.tile_hashes(tile)
    whole = tiles.nodes_in_tiles(lambda _level, _n: (TESSERA / "tile/0/000.p/15").read_bytes())
    latest = open_checkpoint((TESSERA / "checkpoint.15").read_bytes(), [key])
    proof = tree.prove_consistency(size, 15, whole)
    tree.verify_consistency(size, 15, checkpoint.root, latest.root, proof)


@pytest.mark.parametrize("mirror", ["mirror"] if PRESENT else [])
def test_a_mirror_of_three_hundred_leaves(mirror: str) -> None:
    folder = next(each for each in (SUNLIGHT / mirror).iterdir() if each.is_dir())
    key = parse_verifier(json.loads((SUNLIGHT / "mirror/mirror.v0.json").read_text())["verifier_keys"][0])
    checkpoint = open_checkpoint((folder / "checkpoint").read_bytes(), [key])

    def read(level: int, n: int) -> bytes:
        width = tiles.width_at(level, n, checkpoint.size)
        return (folder / tiles.TileRef(level, n, width).path()).read_bytes()

    assert tiles.root_of_tiles(checkpoint.size, read) == checkpoint.root


@pytest.mark.parametrize("witness", ["witness", "witness2"] if PRESENT else [])
def test_cosignatures_of_witnesses(witness: str) -> None:
    folder = next(each for each in (SUNLIGHT / witness).iterdir() if each.is_dir())
    key = parse_verifier(json.loads((SUNLIGHT / witness / "witness.v0.json").read_text())["verifier_keys"][0])
    note = parse_note((folder / "checkpoint").read_bytes())
    assert verify_note(note, [key]) == [key]
    assert parse_checkpoint(note.text).size > 0


@pytest.mark.parametrize("name", ["note"] if PRESENT else [])
def test_the_note_of_the_specification(name: str) -> None:
    key = parse_verifier((C2SP / "vkey").read_text())
    assert verify_note(parse_note((C2SP / name).read_bytes()), [key]) == [key]
    cosigned = parse_note((C2SP / "checkpoint-cosigned").read_bytes())
    with pytest.raises(NoteError, match="no known key"):
        verify_note(cosigned, [key])
