"""Proofs in their file form: they need no database and nobody's word but the log key's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.tlog import tree
from govern.tlog.canonical import leaf_hash
from govern.tlog.checkpoint import Checkpoint, sign_checkpoint
from govern.tlog.note import NoteError, SignerKey
from govern.tlog.proof import HEADER, InclusionProof, parse_proof, verify_proof
from govern.tlog.tree import ProofError

KEY = SignerKey("log.example/audit", bytes(range(32)))
TEXTS = [f'{{"n":{number}}}' for number in range(11)]
LEAVES = [leaf_hash(text) for text in TEXTS]
POINT = Checkpoint(KEY.name, len(LEAVES), tree.root_of(LEAVES))


def read(level: int, index: int) -> bytes:
    return tree.root_of(LEAVES[index << level : (index + 1) << level])


def proof_of(index: int, extra: bytes | None = None) -> InclusionProof:
    path = tuple(tree.prove_inclusion(index, len(LEAVES), read))
    return InclusionProof(index, path, str(sign_checkpoint(POINT, KEY)), extra)


@pytest.mark.parametrize("index", range(11))
@pytest.mark.parametrize("extra", [None, b"", b"anything"])
def test_a_proof_is_read_back_and_proves_its_entry_alone(index: int, extra: bytes | None) -> None:
    text = proof_of(index, extra or None).text()
    proof = parse_proof(text)
    assert proof.text() == text
    assert verify_proof(proof, LEAVES[index], [KEY.verifier], origin=KEY.name) == POINT
    with pytest.raises(ProofError):
        verify_proof(proof, LEAVES[index - 1], [KEY.verifier])


def test_without_the_key_nothing_is_proven() -> None:
    with pytest.raises(NoteError, match="no known key"):
        verify_proof(proof_of(3), LEAVES[3], [SignerKey("log.example/audit", bytes(32)).verifier])


@settings(max_examples=300)
@given(st.data())
def test_no_changed_character_is_accepted(data: st.DataObject) -> None:
    text = proof_of(5).text()
    at = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.characters(codec="utf-8").filter(lambda char: char != text[at]))
    with pytest.raises((ProofError, NoteError)):
        verify_proof(parse_proof(text[:at] + new + text[at + 1 :]), LEAVES[5], [KEY.verifier])


@given(st.text(max_size=200))
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(ProofError):
        parse_proof(text)


@pytest.mark.parametrize(
    "head",
    [
        "index 0",
        f"{HEADER}",
        f"{HEADER}\nindex 00",
        f"{HEADER}\nindex -1",
        f"{HEADER}\nindex 0\nAAAA",
        f"{HEADER}\nindex 0\n not base64",
        f"{HEADER}\nextra !\nindex 0",
        f"{HEADER}\nindex 0\nextra AAAA",
        f"{HEADER}\nindex 99999999999999999999",
        f"{HEADER}\nindex 0" + "\n" + "\n".join(["A" * 43 + "="] * 64),
    ],
)
def test_a_malformed_proof_is_refused(head: str) -> None:
    with pytest.raises(ProofError):
        parse_proof(head + "\n\n" + str(sign_checkpoint(POINT, KEY)))


def test_a_proof_without_a_checkpoint_is_refused() -> None:
    with pytest.raises(ProofError):
        parse_proof(f"{HEADER}\nindex 0\n")
