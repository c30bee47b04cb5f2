"""Proofs of C2SP tlog-proof: that one entry stands in a log, checked without asking anybody."""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from govern.tlog.checkpoint import Checkpoint, open_checkpoint
from govern.tlog.note import MAX_NOTE, NoteError, VerifierKey, decode_base64
from govern.tlog.tree import HASH_BYTES, MAX_SIZE, ProofError, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_EXTRA = re.compile(r"extra ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True)
class InclusionProof:
    """An entry's index, its path, and the signed checkpoint the path leads to, as it was signed."""

    index: int
    path: Sequence[bytes]
    checkpoint: str
    extra: bytes | None = None
    """Not authenticated by anything."""

    def text(self) -> str:
        """Return the proof as it is kept in `.tlog-proof` files."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(each).decode() for each in self.path]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def parse_proof(text: str) -> InclusionProof:
    """Read a proof.

    Raises:
        ProofError: it has another form.
    """
    if len(text) > MAX_NOTE:
        raise ProofError("a proof has at most 1 MiB")
    head, found, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not found or lines.pop(0) != HEADER:
        raise ProofError(f"a proof begins with {HEADER} and holds a checkpoint")
    try:
        extra = _read_extra(lines)
        match = _INDEX.fullmatch(lines.pop(0) if lines else "")
        if match is None or int(match[1]) > MAX_SIZE:
            raise ProofError("the index is a decimal number without leading zeros")
        path = [decode_base64(line) for line in lines]
    except NoteError as error:
        raise ProofError(str(error)) from error
    if len(path) > MAX_PATH or any(len(each) != HASH_BYTES for each in path):
        raise ProofError("a path has up to 63 hashes of 32 bytes")
    return InclusionProof(int(match[1]), tuple(path), checkpoint, extra)


def verify_proof(
    proof: InclusionProof, leaf: bytes, keys: Iterable[VerifierKey], *, origin: str | None = None
) -> Checkpoint:
    """Check that the leaf stands in the log, and return the checkpoint that says so.

    Raises:
        ProofError: the path leads elsewhere.
        NoteError: the checkpoint is malformed, of another log, or signed by nobody we know.
    """
    checkpoint = open_checkpoint(proof.checkpoint, keys, origin=origin)
    verify_inclusion(proof.index, checkpoint.size, leaf, proof.path, checkpoint.root)
    return checkpoint


def _read_extra(lines: list[str]) -> bytes | None:
    if not lines or not lines[0].startswith("extra "):
        return None
    match = _EXTRA.fullmatch(lines.pop(0))
    if match is None:
        raise ProofError("the extra data is not base64")
    return decode_base64(match[1])
