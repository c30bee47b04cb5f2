"""Checkpoints of C2SP tlog-checkpoint: origin, size and root of a log at one moment, as the text of a signed note."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from govern.tlog.note import Note, NoteError, SignerKey, VerifierKey, decode_base64, parse_note, sign_note, verify_note
from govern.tlog.tree import HASH_BYTES, MAX_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: its name, how many entries it has, and the root over all of them."""

    origin: str
    size: int
    root: bytes
    extension: tuple[str, ...] = ()
    """Lines of others; we write none."""

    def text(self) -> str:
        """Return the text that is signed."""
        return "\n".join((self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extension)) + "\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a note's text as a checkpoint.

    Raises:
        NoteError: a line is missing or malformed, as a size with a leading zero.
    """
    if not text.endswith("\n"):
        raise NoteError("a checkpoint ends in a newline")
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise NoteError("a checkpoint has an origin, a size and a root, and no empty line")
    if not _SIZE.fullmatch(lines[1]) or int(lines[1]) > MAX_SIZE:
        raise NoteError("a size is a decimal number without leading zeros")
    root = decode_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise NoteError("a root has 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))


def sign_checkpoint(checkpoint: Checkpoint, key: SignerKey) -> Note:
    """Sign a checkpoint with the log's key, whose name is the origin.

    Raises:
        NoteError: the key is another log's.
    """
    if key.name != checkpoint.origin:
        raise NoteError(f"the key of {key.name} does not sign for {checkpoint.origin}")
    return sign_note(checkpoint.text(), key)


def open_checkpoint(data: str | bytes, keys: Iterable[VerifierKey], *, origin: str | None = None) -> Checkpoint:
    """Read a signed checkpoint, and check that one of these keys signed it, and that it is of this log.

    Raises:
        NoteError: it is malformed, of another log, or nobody we know signed it.
    """
    note = parse_note(data)
    verify_note(note, keys)
    checkpoint = parse_checkpoint(note.text)
    if origin is not None and checkpoint.origin != origin:
        raise NoteError(f"this is a checkpoint of {checkpoint.origin}, not of {origin}")
    return checkpoint
