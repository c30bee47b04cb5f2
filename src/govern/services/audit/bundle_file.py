"""The archive of an evidence bundle: the same files in the same order make the same bytes."""

import zipfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import IO

import msgspec

from govern.domain.exports import MAX_BYTES, ExportTooLarge
from govern.tlog import verify

_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR = 0o100644 << 16
_UNIX = 3

RANGE_SAYS = (
    "A range of govern's audit log. Nothing between its first and its last entry was left out: range.json proves it."
)
ANSWER_SAYS = (
    "Entries of govern's audit log that answer a question. Each is proven to stand in the log. That no other entry "
    "would have answered it, no file can prove: for that, take a range."
)
_README = """{says}

Log: {origin}, {size} entries at the signed checkpoint.

Check it, with any Python from 3.9 on, offline:

    python verify.py THIS-FILE.govern-evidence.zip --key KEY [--since CHECKPOINT]

KEY is the log's public key. Take it from where you have kept it since the log began, or ask the company's
compliance officer: the key in `policy` is there to compare with, and proves nothing. The same goes for the copy of
verify.py in here: take your own, or read this one first. It prints a line per claim and ends with 0 (all is proven),
1 (something is false) or 2 (it cannot be proven).

What is in here: entries/ has the entries, byte for byte as they were hashed; proofs/ or range.json prove where they
stand; checkpoint is what the log's key signed; open/ has personal fields with the salts of their commitments, and
withheld.json says which are not here, and why; consistency.json proves that the log only grew since an earlier
checkpoint; sentences.txt says in English and French what happened, with the names of that time;
manifest.json has the question, who asked it and why, and the SHA-256 of each file. The log holds an entry
`audit.exported` with the SHA-256 of manifest.json.

Times in entries are the company's own word.
"""


class BundleFile:
    """An evidence bundle that is being written.

    Raises:
        ExportTooLarge: by `add`, over 2 GiB.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._listed: dict[str, dict[str, str | int]] = {}
        self._bytes = 0

    def add(self, name: str, data: bytes) -> None:
        """Add a file: its time, its mode and its packing are always the same."""
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            raise ExportTooLarge
        self._listed[name] = {"size": len(data), "sha256": sha256(data).hexdigest()}
        self._write(name, data)

    def add_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Add files in their order."""
        for name, data in files:
            self.add(name, data)

    def close(self, about: dict[str, object]) -> bytes:
        """Write the manifest last, since it lists all others, and return its SHA-256."""
        manifest = to_json({**about, "files": dict(sorted(self._listed.items()))})
        self._write("manifest.json", manifest)
        self._archive.close()
        return sha256(manifest).digest()

    def _write(self, name: str, data: bytes) -> None:
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _REGULAR
        self._archive.writestr(entry, data)


def to_json(value: object) -> bytes:
    """Write JSON for people: in the order given, indented."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def readme(*, ranged: bool, origin: str, size: int) -> bytes:
    """Return what a stranger reads first."""
    return _README.format(says=RANGE_SAYS if ranged else ANSWER_SAYS, origin=origin, size=size).encode()


def verifier() -> bytes:
    """Return the program that checks bundles, as it is installed here."""
    return Path(verify.__file__).read_bytes()
