"""Two implementations of one format, ours and the one in the bundle, give one answer; also where it is no."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.tlog import canonical, note, proof, tree, verify
from govern.tlog.canonical import NotCanonicalError
from govern.tlog.checkpoint import open_checkpoint
from govern.tlog.note import NoteError, SignerKey
from govern.tlog.range_proof import RangeProof, root_from_range
from govern.tlog.tree import ProofError
from tests.tlog.bundles import KEY, LEAVES, TEXTS, answer, base64_of, json_values, note_of, read
from tests.tlog.test_vectors import C2SP, CONSISTENCY, INCLUSION, PRESENT, TESSERA

VKEY = str(KEY.verifier)


@pytest.mark.parametrize(("name", "case"), INCLUSION, ids=[name for name, _ in INCLUSION])
def test_it_agrees_on_inclusion(name: str, case: dict[str, Any]) -> None:
    try:
        hashes = verify.unhash([*(case["proof"] or []), case["leafHash"] or ""])
        root = verify.root_by_path(case["leafIdx"], case["treeSize"], hashes[-1], hashes[:-1])
        right = root == verify.unbase64(case["root"] or "")
    except verify.Untrue:
        right = False
    assert right is not case["wantErr"]


@pytest.mark.parametrize(("name", "case"), CONSISTENCY, ids=[name for name, _ in CONSISTENCY])
def test_it_agrees_on_consistency(name: str, case: dict[str, Any]) -> None:
    try:
        roots = (verify.unbase64(case["root1"] or ""), verify.unbase64(case["root2"] or ""))
        hashes = verify.unhash(case["proof"] or [])
        right = verify.roots_by_step(case["size1"], case["size2"], roots[0], hashes) == roots
    except verify.Untrue:
        right = False
    assert right is not case["wantErr"]


@given(st.data())
def test_it_agrees_on_every_proof_of_a_small_tree_and_its_neighbours(data: st.DataObject) -> None:
    first = data.draw(st.integers(1, 13))
    second = data.draw(st.integers(first, 13))
    path = tree.prove_consistency(first, second, read)
    change = data.draw(st.sampled_from([None, b"x" * 32, LEAVES[0]]))
    if path and change is not None:
        path[data.draw(st.integers(0, len(path) - 1))] = change
    sizes = (first + data.draw(st.integers(-1, 1)), second + data.draw(st.integers(-1, 1)))
    roots = tree.root_of(LEAVES[:first]), tree.root_of(LEAVES[:second])
    try:
        tree.verify_consistency(*sizes, *roots, path)
        ours = True
    except ProofError:
        ours = False
    try:
        theirs = verify.roots_by_step(*sizes, roots[0], path) == roots
    except verify.Untrue:
        theirs = False
    assert ours is theirs


@given(st.data())
def test_it_agrees_on_ranges(data: st.DataObject) -> None:
    hashes = st.lists(st.sampled_from([*LEAVES[:3], read(1, 0), read(2, 0), read(2, 1)]), max_size=4)
    begin, size = data.draw(st.integers(-1, 8)), data.draw(st.integers(0, 14))
    leaves, left, right = data.draw(hashes), data.draw(hashes), data.draw(hashes)
    try:
        ours: bytes | None = root_from_range(begin, leaves, size, RangeProof(left, right))
    except ProofError:
        ours = None
    try:
        theirs: bytes | None = verify.root_by_range(begin, leaves, size, left, right)
    except verify.Untrue:
        theirs = None
    assert ours == theirs


NOTE, PROOF = note_of(7), answer(5)["proofs/5.tlog-proof"]
changed_notes = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode()),
    st.builds(
        lambda at, new, cut: NOTE[: at % len(NOTE)] + new + NOTE[at % len(NOTE) + cut :],
        st.integers(0, 1000),
        st.sampled_from([b"", b"\n", b" ", b"+", b"0", b"\r", b"\xff", "—".encode(), b"=", b"\n\n", NOTE]),
        st.integers(0, 3),
    ),
)


def read_both(data: bytes) -> tuple[object, object]:
    try:
        found = open_checkpoint(data, [KEY.verifier], origin=KEY.name)
        ours: object = (found.origin, found.size, found.root)
    except NoteError:
        ours = None
    try:
        theirs: object = verify.open_checkpoint(data, verify.read_key(VKEY))
    except verify.Untrue:
        theirs = None
    return ours, theirs


@settings(max_examples=400)
@given(changed_notes)
def test_it_agrees_on_notes(data: bytes) -> None:
    ours, theirs = read_both(data)
    assert ours == theirs


@settings(max_examples=200)
@given(
    st.one_of(st.just(KEY.name), st.text(max_size=5)),
    st.sampled_from(["0", "7", "07", "-1", "9223372036854775807", "9223372036854775808", "٣", "", " 7"]),
    st.sampled_from([base64_of(bytes(32)), base64_of(bytes(31)), "AB==", "", "é"]),
    st.sampled_from(["", "extension\n", "\n", "ext\n\nmore\n"]),
)
def test_it_agrees_on_what_a_signed_text_may_be(origin: str, size: str, root: str, more: str) -> None:
    text = f"{origin}\n{size}\n{root}\n{more}"
    try:
        data = (text + "\n" + KEY.sign(text).line()).encode()
    except UnicodeEncodeError:
        return
    ours, theirs = read_both(data)
    assert ours == theirs


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=100),
        st.builds(
            lambda at, new, cut: PROOF[: at % len(PROOF)] + new + PROOF[at % len(PROOF) + cut :],
            st.integers(0, 1000),
            st.sampled_from([b"", b"\n", b"extra AAAA\n", b"extra \n", b"0", b"\xff", b"=", b"\n\n", b"index 3\n"]),
            st.integers(0, 9),
        ),
    )
)
def test_it_agrees_on_proof_files(data: bytes) -> None:
    try:
        found = proof.parse_proof(data.decode())
        ours: object = (found.index, list(found.path), found.checkpoint.encode())
    except (ProofError, NoteError, UnicodeDecodeError):
        ours = None
    try:
        theirs: object = verify.read_proof(data)
    except verify.Untrue:
        theirs = None
    assert ours == theirs


canonical_like = st.one_of(
    json_values.map(lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)),
    st.sampled_from(
        [
            '{"a":1,"a":1}',
            '{"b":1,"a":1}',
            '{"a":-0}',
            '{"a":1.0}',
            '{"a":1e3}',
            '{"a":NaN}',
            '{"a":9007199254740992}',
            '{"a":9007199254740991}',
            '{"a":"\\u0000"}',
            '{"a":"\\ud800"}',
            '{"a":"\\u007f"}',
            '{"a":"\x7f"}',
            '{"a":"\\u001f"}',
            '{"a":"\\b\\f\\n\\r\\t\\"\\\\/"}',
            '{"a":"\\/"}',
            '{"A":1}',
            '{"a_1":[true,false,null]}',
            '{"a":"\\ud83d\\ude00"}',
            '{"a":"😀"}',
            "[" * 8 + "]" * 8,
            "[" * 9 + "]" * 9,
            "[" * 100_000,
            '{"a":"' + "x" * 65_527 + '"}',
            '{"a":"' + "x" * 65_528 + '"}',
            "\ufeff{}",
            " {}",
            TEXTS[0],
        ]
    ),
)


@settings(max_examples=500)
@given(canonical_like)
def test_it_agrees_on_canonical_text(text: str) -> None:
    try:
        ours: object = canonical.parse(text)
        right = True
    except (NotCanonicalError, UnicodeEncodeError):
        ours, right = None, False
    try:
        theirs: object = verify.canonical(text.encode())
        accepted = True
    except (verify.Untrue, UnicodeEncodeError):
        theirs, accepted = None, False
    assert (right, ours) == (accepted, theirs)


@pytest.mark.parametrize("size", range(16 if PRESENT else 0))
def test_it_believes_the_logs_of_others(size: int) -> None:
    key = verify.read_key((TESSERA / "vkey").read_text())
    data = (TESSERA / f"checkpoint.{size}").read_bytes()
    assert verify.open_checkpoint(data, key)[1] == size
    with pytest.raises(verify.Untrue):
        verify.open_checkpoint(data, verify.read_key(VKEY))


@pytest.mark.parametrize("name", ["note"] if PRESENT else [])
def test_it_believes_the_note_of_the_specification(name: str) -> None:
    key = verify.read_key((C2SP / "vkey").read_text())
    text, signatures = verify.read_note((C2SP / name).read_bytes())
    assert any(verify.signed(key[2], text.encode(), value[4:]) for _, value in signatures)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.binary(min_size=32, max_size=32), text=st.text(max_size=40), at=st.integers(0, 95), bit=st.integers(0, 7)
)
def test_its_ed25519_is_everybodys(seed: bytes, text: str, at: int, bit: int) -> None:
    key = SignerKey("k", seed)
    message = text.encode("utf-8", "replace")
    public, signature = key.verifier.public, bytearray(key.sign(message.decode()).value)
    assert verify.signed(public, message, bytes(signature))
    both = bytearray(bytes(signature) + public)
    both[at] ^= 1 << bit
    changed = note.VerifierKey("k", note.ED25519, bytes(both[64:]))
    assert verify.signed(bytes(both[64:]), message, bytes(both[:64])) is changed.signed(
        message.decode(), bytes(both[:64])
    )


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (bytes(31), bytes(64)),
        (bytes(32), bytes(63)),
        (b"\xff" * 32, bytes(64)),
        (KEY.verifier.public, KEY.sign("x\n").value[:32] + (verify.L + 1).to_bytes(32, "little")),
        (KEY.verifier.public, b"\xff" * 64),
    ],
)
def test_malformed_signatures_are_refused(public: bytes, signature: bytes) -> None:
    assert not verify.signed(public, b"x\n", signature)
