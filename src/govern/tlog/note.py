"""Signed notes of C2SP (signed-note, tlog-cosignature): text that one or more Ed25519 keys vouch for."""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_NOTE = 1 << 20
MAX_SIGNATURES = 64
_KEY_BYTES = 32
_LINE = re.compile("— ([^ ]+) ([A-Za-z0-9+/]+={0,2})")
_NAME = re.compile(r"[^\s+]{1,255}")
_PRIVATE = ("PRIVATE", "KEY")


class NoteError(ValueError):
    """The text is no note, or no key we know vouches for it; the message says why."""


@dataclass(frozen=True)
class Signature:
    """One line below the text: who says to have signed, which key, and the signature's bytes."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """Return the line, with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name: `<name>+<key id>+<base64 of type and key>`."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that signature lines carry."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def signed(self, text: str, signature: bytes) -> bool:
        """Tell whether this key made the signature over the text."""
        message, value = text.encode(), signature
        if self.kind == COSIGNATURE:
            if len(signature) != 8 + 64:
                return False
            time, value = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {time}\n".encode() + message
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class SignerKey:
    """A private key in the text form of Go's note package: `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`."""

    name: str
    seed: bytes

    @classmethod
    def generate(cls, name: str) -> "SignerKey":
        """Make a key from the system's randomness.

        Raises:
            NoteError: a name with spaces or a plus.
        """
        _check_name(name)
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "SignerKey":
        """Read a key.

        Raises:
            NoteError: it has another form, or its id is not that of its key.
        """
        parts = text.strip().split("+", 4)
        if len(parts) != 5 or tuple(parts[:2]) != _PRIVATE:
            raise NoteError("a private key reads PRIVATE+KEY+<name>+<id>+<key>")
        kind, seed = _read_key(parts[4])
        _check_name(parts[2])
        key = cls(parts[2], seed)
        if kind != ED25519 or key.verifier.key_id.hex() != parts[3]:
            raise NoteError("the private key's id is not that of its key")
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The public half, to be kept by those who check."""
        return VerifierKey(self.name, ED25519, self._private().public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """Sign a text that ends in a newline; Ed25519 gives the same signature each time."""
        return Signature(self.name, self.verifier.key_id, self._private().sign(text.encode()))

    def __str__(self) -> str:
        key = base64.b64encode(bytes([ED25519]) + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{key}"

    def __repr__(self) -> str:
        return f"SignerKey(name={self.name!r}, seed='***')"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True)
class Note:
    """A text and the signatures below it, not yet checked."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(each.line() for each in self.signatures)


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return SHA-256(name || newline || type || key)[:4]."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def parse_verifier(text: str) -> VerifierKey:
    """Read a public key.

    Raises:
        NoteError: another form, a type other than Ed25519 or its cosignature, or an id that is not that of its key.
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise NoteError("a public key reads <name>+<id>+<key>")
    _check_name(parts[0])
    kind, public = _read_key(parts[2])
    if kind not in {ED25519, COSIGNATURE}:
        raise NoteError(f"keys of type {kind:#04x} are not known here")
    key = VerifierKey(parts[0], kind, public)
    if key.key_id.hex() != parts[1]:
        raise NoteError("the public key's id is not that of its key")
    return key


def sign_note(text: str, *keys: SignerKey) -> Note:
    """Sign a text.

    Raises:
        NoteError: the text does not end in a newline, or holds a control character.
    """
    note = Note(text, tuple(key.sign(text) for key in keys))
    return parse_note(str(note))


def parse_note(data: str | bytes) -> Note:
    """Read a note; who signed it is checked by `verify_note`.

    Raises:
        NoteError: over 1 MiB or 64 signatures, control characters, no valid UTF-8, or another form.
    """
    if len(data) > MAX_NOTE:
        raise NoteError("a note has at most 1 MiB")
    try:
        text = data.decode() if isinstance(data, bytes) else data
        text.encode()
    except UnicodeError as error:
        raise NoteError("the note is not UTF-8") from error
    if any(ord(char) < 0x20 and char != "\n" for char in text):
        raise NoteError("a control character stands in the note")
    head, found, tail = text.rpartition("\n\n")
    if not found or not tail.endswith("\n"):
        raise NoteError("a note is text, an empty line, and signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"at most {MAX_SIGNATURES} signatures")
    return Note(head + "\n", tuple(_read_signature(line) for line in lines))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> Sequence[VerifierKey]:
    """Return the known keys that signed the note. Lines of unknown keys are ignored.

    Raises:
        NoteError: no known key signed it, or a line in a known key's name is not its signature.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found = []
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not key.signed(note.text, line.value):
            raise NoteError(f"the signature in the name of {key.name} is wrong")
        if key not in found:
            found.append(key)
    if not found:
        raise NoteError("no known key signed this note")
    return found


def decode_base64(text: str) -> bytes:
    """Read standard base64 in its only form: padded, nothing between, no loose bits.

    Raises:
        NoteError: any other text.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise NoteError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise NoteError("base64 with loose bits")
    return data


def _read_signature(line: str) -> Signature:
    match = _LINE.fullmatch(line)
    if match is None:
        raise NoteError("a signature reads — <name> <base64>")
    _check_name(match[1])
    data = decode_base64(match[2])
    if len(data) < 5:
        raise NoteError("a signature is longer than its key's id")
    return Signature(match[1], data[:4], data[4:])


def _read_key(text: str) -> tuple[int, bytes]:
    data = decode_base64(text)
    if len(data) != 1 + _KEY_BYTES:
        raise NoteError("a key has a type and 32 bytes")
    return data[0], data[1:]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise NoteError("a key's name has no spaces and no plus")
