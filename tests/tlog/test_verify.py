"""The program in the bundle: it trusts nobody, agrees with our own code, and never ends well where something is wrong."""

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.tlog import canonical, note, proof, tree, verify
from govern.tlog.note import SignerKey
from tests.tlog.bundles import (
    KEY,
    LEAVES,
    Files,
    Listing,
    answer,
    base64_of,
    json_values,
    listed,
    note_of,
    packed,
    ranged,
    to_json,
)

VKEY = str(KEY.verifier)
PROGRAM = Path(verify.__file__)
BUNDLES = {
    "answer": answer(2, 7, opened=(7,)),
    "range": ranged(3, 9, since=5, opened=(4,)),
}


def check(tmp_path: Path, bundle: bytes | Files, *options: str, key: str | None = VKEY) -> int:
    file = tmp_path / "x.govern-evidence.zip"
    file.write_bytes(bundle if isinstance(bundle, bytes) else packed(bundle))
    return verify.main([str(file), *(["--key", key] if key else []), *options])


@pytest.mark.parametrize("name", BUNDLES)
def test_a_true_bundle_is_proven_by_the_file_alone_in_any_python(tmp_path: Path, name: str) -> None:
    file = tmp_path / "x.govern-evidence.zip"
    file.write_bytes(packed(BUNDLES[name]))
    alone = tmp_path / "verify.py"
    alone.write_bytes(PROGRAM.read_bytes())
    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(alone), str(file), "--key", VKEY],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    claims = [line for line in ran.stdout.splitlines() if not line.startswith("note")]
    assert len(claims) >= 4
    assert all(line.startswith("proven ") for line in claims)


def test_it_is_python_3_9_and_needs_the_standard_library_only() -> None:
    parsed = ast.parse(PROGRAM.read_text(), feature_version=(3, 9))
    modules = {
        name
        for each in ast.walk(parsed)
        for name in (
            [alias.name for alias in each.names]
            if isinstance(each, ast.Import)
            else [each.module or ""]
            if isinstance(each, ast.ImportFrom)
            else []
        )
    }
    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names
    assert not any(isinstance(each, ast.BinOp) and _is_union(each) for each in ast.walk(parsed))


def _is_union(each: ast.BinOp) -> bool:
    """Whether it is `X | None`, which Python 3.9 cannot evaluate."""
    return isinstance(each.op, ast.BitOr) and isinstance(each.right, ast.Constant) and each.right.value is None


@pytest.mark.parametrize("name", BUNDLES)
def test_without_a_key_from_outside_nothing_is_proven(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, BUNDLES[name], key=None) == 2
    assert "cannot vouch for its own" in capsys.readouterr().out


def test_another_key_is_a_false_claim_and_no_key_at_all_is_none(tmp_path: Path) -> None:
    assert check(tmp_path, BUNDLES["answer"], key=str(SignerKey(KEY.name, bytes(32)).verifier)) == 1
    assert check(tmp_path, BUNDLES["answer"], key="log.example/audit+00000000+AAAA") == 2
    assert check(tmp_path, BUNDLES["answer"], key=VKEY.replace("+", "+0", 1)) == 2


@pytest.mark.parametrize("name", BUNDLES)
def test_one_bit_changed_in_any_file_is_false(tmp_path: Path, name: str) -> None:
    files = BUNDLES[name]
    for changed, data in files.items():
        if changed != "manifest.json" and data:
            for at in {0, len(data) // 2, len(data) - 1}:
                wrong = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                assert check(tmp_path, {**files, changed: wrong}) == 1, (changed, at)


@pytest.mark.parametrize("name", BUNDLES)
def test_one_bit_changed_in_what_proves_is_false_also_with_a_manifest_that_fits(tmp_path: Path, name: str) -> None:
    files = BUNDLES[name]
    words = {"manifest.json", "README", "sentences.txt", "withheld.json", "policy", "consistency.json"}
    for changed, data in files.items():
        if changed not in words:
            for at in range(0, len(data), max(1, len(data) // 23)):
                wrong = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                assert check(tmp_path, listed({**files, changed: wrong})) == 1, (changed, at)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_changed_bit_of_the_archive_never_proves_other_content(tmp_path: Path, at: int, bit: int) -> None:
    data = bytearray(packed(BUNDLES["range"]))
    data[at % len(data)] ^= 1 << bit
    if check(tmp_path, bytes(data)) == 0:
        with zipfile.ZipFile(tmp_path / "x.govern-evidence.zip") as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == BUNDLES["range"]


@pytest.mark.parametrize("left_out", sorted(set(BUNDLES["range"]) - {"policy", "README", "sentences.txt"}))
def test_a_missing_file_is_false(tmp_path: Path, left_out: str) -> None:
    files = {name: data for name, data in BUNDLES["range"].items() if name != left_out}
    assert check(tmp_path, files) == 1


def test_a_range_with_an_entry_left_out_is_false(tmp_path: Path) -> None:
    files = {name: data for name, data in BUNDLES["range"].items() if name not in {"entries/5.json", "open/4.json"}}
    assert check(tmp_path, listed(files)) == 1
    given = json.loads(files["range.json"])
    for begin, end in ((3, 8), (4, 9), (3, 10**18), (-1, 5), (True, 6), ("3", 9), (3.0, 9.0), (9, 3)):
        assert check(tmp_path, listed({**files, "range.json": to_json({**given, "begin": begin, "end": end})})) == 1


def test_entries_that_changed_places_are_false(tmp_path: Path) -> None:
    for files in BUNDLES.values():
        first, second = sorted(name for name in files if name.startswith("entries/"))[:2]
        assert check(tmp_path, listed({**files, first: files[second], second: files[first]})) == 1


def test_a_proof_for_another_checkpoint_or_entry_is_false(tmp_path: Path) -> None:
    files, smaller = BUNDLES["answer"], answer(2, 7, size=11)
    name = "proofs/2.tlog-proof"
    assert check(tmp_path, listed({**files, name: smaller[name]})) == 1
    assert check(tmp_path, listed({**files, name: files["proofs/7.tlog-proof"]})) == 1


def test_an_opening_tells_exactly_what_was_committed_to(tmp_path: Path) -> None:
    salt = bytes(range(32))
    for index, name in ((7, "answer"), (4, "range")):
        value = index * 100 + 11
        wrong: list[Any] = [
            {"comment": {"salt": base64_of(salt), "value": value + 1}},
            {"comment": {"salt": base64_of(salt), "value": str(value)}},
            {
                "comment": {"salt": base64_of(salt + str(value)[:1].encode()), "value": int(str(value)[1:])}
            },  # moved over
            {"other": {"salt": base64_of(salt), "value": value}},
            {"comment": {"salt": base64_of(salt)}},
            {},
            [],
        ]
        for opened in wrong:
            files = {**BUNDLES[name], f"open/{index}.json": to_json(opened)}
            assert check(tmp_path, listed(files)) == 1, opened


def test_an_opening_or_a_proof_without_its_entry_is_false(tmp_path: Path) -> None:
    files = BUNDLES["answer"]
    assert check(tmp_path, listed({**files, "open/3.json": files["open/7.json"]})) == 1
    assert check(tmp_path, listed({**files, "proofs/3.tlog-proof": files["proofs/7.tlog-proof"]})) == 1
    assert check(tmp_path, listed({**BUNDLES["range"], "proofs/3.tlog-proof": b""})) == 1


@pytest.mark.parametrize("changes", [{"entries": 3}, {"opened": 0}, {"size": 12}, {"log": "other"}, {"files": {}}])
def test_a_manifest_that_counts_or_names_something_else_is_false(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert check(tmp_path, listed(BUNDLES["answer"], **changes)) == 1


def test_an_earlier_checkpoint_shows_that_nothing_before_it_was_changed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for size, code in ((5, 0), (13, 0), (4, 2)):
        kept.write_bytes(note_of(size))
        assert check(tmp_path, BUNDLES["range"], "--since", str(kept)) == code
    forked = tree.root_of([*LEAVES[:4], LEAVES[0]])
    other = note.sign_note(f"{KEY.name}\n5\n{base64_of(forked)}\n", KEY)
    kept.write_text(str(other))
    assert check(tmp_path, BUNDLES["range"], "--since", str(kept)) == 1
    kept.write_bytes(note_of(5, SignerKey(KEY.name, bytes(32))))
    assert check(tmp_path, BUNDLES["range"], "--since", str(kept)) == 2
    assert check(tmp_path, BUNDLES["range"], "--since", str(tmp_path / "none")) == 2


def test_what_stands_in_the_log_in_another_format_is_proven_and_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = b'{"b": 1, "a":\n"proven  everything is well"}'
    root = tree.root_of([verify.leaf(text)])
    signed = str(note.sign_note(f"{KEY.name}\n1\n{base64_of(root)}\n", KEY)).encode()
    made = proof.InclusionProof(0, (), signed.decode()).text().encode()
    files = {"entries/0.json": text, "proofs/0.tlog-proof": made, "checkpoint": signed}
    assert check(tmp_path, listed(files, size=1)) == 0
    assert "1 entries stand there in another format" in capsys.readouterr().out


def test_what_a_bundle_says_cannot_print_lines_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = canonical.encode({"action": "x\nproven   all\x1b[2K\u202e", "at": "é", "log": KEY.name}).encode()
    root = tree.root_of([verify.leaf(text)])
    signed = str(note.sign_note(f"{KEY.name}\n1\n{base64_of(root)}\n", KEY)).encode()
    made = proof.InclusionProof(0, (), signed.decode()).text().encode()
    files = {"entries/0.json": text, "proofs/0.tlog-proof": made, "checkpoint": signed}
    assert check(tmp_path, listed(files, size=1)) == 0
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    assert not any(line.startswith("proven   all") for line in printed.splitlines())


@pytest.mark.parametrize(
    ("name", "code"),
    [("../evil", 1), ("/etc/passwd", 1), ("entries/01.json", 1), ("entries/x.json", 1), ("verify.pyc", 1)],
)
def test_a_path_that_is_not_a_bundles_is_refused(tmp_path: Path, name: str, code: int) -> None:
    assert check(tmp_path, {**BUNDLES["answer"], name: b""}) == code


def test_a_link_is_refused(tmp_path: Path) -> None:
    def link(entry: zipfile.ZipInfo) -> None:
        entry.create_system, entry.external_attr = 3, 0o120777 << 16

    assert check(tmp_path, packed(BUNDLES["answer"], change=link)) == 1


def test_what_swells_or_is_too_much_is_not_unpacked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, {**BUNDLES["answer"], "README": bytes(40 << 20)}) == 2
    assert "suspiciously tight" in capsys.readouterr().out
    many = Listing([zipfile.ZipInfo(f"entries/{number}.json") for number in range(verify.MAX_ENTRIES + 1)])
    with pytest.raises(verify.Unproven, match="larger than this program reads"):
        verify.Files(many)
    big = zipfile.ZipInfo("README")
    big.file_size = big.compress_size = verify.MAX_BYTES + 1
    with pytest.raises(verify.Unproven, match="larger than this program reads"):
        verify.Files(Listing([big]))


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "twice.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("README", b"one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("README", b"two")
    assert check(tmp_path, file.read_bytes()) == 1
    twice = BUNDLES["answer"]["manifest.json"].replace(b"{", b'{"size": 99, ', 1)
    assert check(tmp_path, {**BUNDLES["answer"], "manifest.json": twice}) == 1


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all", bytes(1000)])
def test_what_is_no_archive_is_not_checked(tmp_path: Path, data: bytes) -> None:
    assert check(tmp_path, data) == 2


def test_a_packing_we_do_not_read_is_not_checked(tmp_path: Path) -> None:
    def other(entry: zipfile.ZipInfo) -> None:
        entry.compress_type = zipfile.ZIP_LZMA

    assert check(tmp_path, packed(BUNDLES["answer"], change=other)) == 2


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.sampled_from(sorted(BUNDLES["range"])), data=st.binary(max_size=300))
def test_any_bytes_in_place_of_a_file_are_false_and_end_in_words(tmp_path: Path, name: str, data: bytes) -> None:
    if data != BUNDLES["range"][name]:
        assert check(tmp_path, {**BUNDLES["range"], name: data}) == 1


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(["range.json", "open/4.json", "manifest.json"]),
    value=json_values
    | st.fixed_dictionaries({"begin": json_values, "end": json_values, "left": json_values, "right": json_values})
    | st.fixed_dictionaries({"comment": json_values})
    | st.fixed_dictionaries({"files": json_values, "entries": json_values, "opened": json_values}),
)
def test_any_json_in_place_of_a_file_is_false_and_ends_in_words(tmp_path: Path, name: str, value: object) -> None:
    files = {**BUNDLES["range"], name: to_json(value)}
    assert check(tmp_path, files if name == "manifest.json" else listed(files)) == 1
