"""Evidence bundles of a small log, written by hand: what `verify.py` reads, whoever wrote it."""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from govern.tlog import tree
from govern.tlog.canonical import encode, leaf_hash
from govern.tlog.checkpoint import Checkpoint, sign_checkpoint
from govern.tlog.note import SignerKey
from govern.tlog.proof import InclusionProof
from govern.tlog.range_proof import prove_range

KEY = SignerKey("log.example/audit", bytes(range(32)))
SALT = bytes(range(32))
Files = dict[str, bytes]


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def text_of(number: int) -> str:
    promise = sha256(b"govern/commit/v1\0comment\0" + SALT + encode(number * 100 + 11).encode()).digest()
    return encode(
        {
            "action": "message.approved",
            "at": "2026-05-03T10:00:00.000000Z",
            "commit": {"comment": base64_of(promise)},
            "log": KEY.name,
            "n": number,
        }
    )


TEXTS = [text_of(number) for number in range(13)]
LEAVES = [leaf_hash(text) for text in TEXTS]


def read(level: int, index: int) -> bytes:
    return tree.root_of(LEAVES[index << level : (index + 1) << level])


def note_of(size: int, key: SignerKey = KEY) -> bytes:
    return str(sign_checkpoint(Checkpoint(key.name, size, tree.root_of(LEAVES[:size])), key)).encode()


def to_json(value: object) -> bytes:
    return json.dumps(value, indent=2).encode()


def answer(*indexes: int, size: int = 13, opened: tuple[int, ...] = ()) -> Files:
    """A bundle of single entries, each with its own proof."""
    files = {f"entries/{index}.json": TEXTS[index].encode() for index in indexes}
    for index in indexes:
        path = tuple(tree.prove_inclusion(index, size, read))
        files[f"proofs/{index}.tlog-proof"] = InclusionProof(index, path, note_of(size).decode()).text().encode()
    return _around(files, size, opened)


def ranged(begin: int, end: int, *, size: int = 13, since: int | None = None, opened: tuple[int, ...] = ()) -> Files:
    """A bundle of a range."""
    files = {f"entries/{index}.json": TEXTS[index].encode() for index in range(begin, end)}
    proof = prove_range(begin, end, size, read)
    sides = {"left": [base64_of(each) for each in proof.left], "right": [base64_of(each) for each in proof.right]}
    files["range.json"] = to_json({"begin": begin, "end": end, **sides})
    if since is not None:
        path = [base64_of(each) for each in tree.prove_consistency(since, size, read)]
        files["consistency.json"] = to_json({"from": since, "proof": path})
    return _around(files, size, opened)


def _around(files: Files, size: int, opened: tuple[int, ...]) -> Files:
    for index in opened:
        fields = {"comment": {"salt": base64_of(SALT), "value": index * 100 + 11}}
        files[f"open/{index}.json"] = to_json(fields)
    words = {"README": b"Read me.", "sentences.txt": b"", "withheld.json": b"{}", "policy": b"quorum none\n"}
    return listed({**files, **words, "checkpoint": note_of(size)})


def listed(files: Mapping[str, bytes], /, **changes: Any) -> Files:
    """The files with a manifest that fits them, as somebody would write it who changes a file and is no fool."""
    rest = {name: data for name, data in files.items() if name != "manifest.json"}
    manifest = {
        "log": KEY.name,
        "size": 13,
        "entries": sum(name.startswith("entries/") for name in rest),
        "opened": sum(name.startswith("open/") for name in rest),
        "files": {name: {"size": len(data), "sha256": sha256(data).hexdigest()} for name, data in sorted(rest.items())},
    }
    return {**rest, "manifest.json": to_json({**manifest, **changes})}


def packed(files: Mapping[str, bytes], *, change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    """The archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            change(entry)
            archive.writestr(entry, data)
    return buffer.getvalue()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


class Listing(zipfile.ZipFile):
    """An archive that says what is in it, without having it."""

    def __init__(self, entries: list[zipfile.ZipInfo]) -> None:
        self._entries = entries
        self.fp = None

    def infolist(self) -> list[zipfile.ZipInfo]:
        return self._entries
