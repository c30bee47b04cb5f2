"""The log's key: the private half in a file of the sequencer alone, the public half in one that all may read."""

import os
import stat
from pathlib import Path

from govern.errors import N_, Conflict, Unavailable
from govern.services.audit.guard import sync_folder
from govern.tlog.note import NoteError, SignerKey, VerifierKey, parse_verifier


class LogKeyUnfit(Conflict):
    """The private key is missing, malformed, another log's, or open to others than its owner."""

    code = "log.key_unfit"
    template = N_("The log's key {path} does not do: {reason}.")


class VerifierUnfit(Unavailable):
    """Without the public key no checkpoint can be believed."""

    code = "log.verifier_unfit"
    template = N_("The log's public key {path} cannot be read: {reason}. `govern audit init` writes it.")


def read_signer(path: Path, origin: str) -> SignerKey:
    """Return the private key of the log with this origin.

    Raises:
        LogKeyUnfit: there is none, it is malformed or another log's, or others than its owner may read the file.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        key = SignerKey.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LogKeyUnfit(path=path, reason="there is no such file") from None
    except (OSError, UnicodeError, NoteError) as error:
        raise LogKeyUnfit(path=path, reason=str(error)) from error
    if mode & 0o077:
        raise LogKeyUnfit(path=path, reason=f"its mode is {mode:04o}; make it 0600, for its owner alone")
    if key.name != origin:
        raise LogKeyUnfit(path=path, reason=f"it is the key of {key.name}, not of {origin}")
    return key


def make_signer(path: Path, origin: str) -> SignerKey:
    """Return the log's key, made now if there is none; one of another log is put aside, never overwritten.

    Raises:
        LogKeyUnfit: what is there cannot be read.
    """
    try:
        held = SignerKey.parse(path.read_text(encoding="utf-8")).name
    except FileNotFoundError:
        return _write_new(path, origin)
    except (OSError, UnicodeError, NoteError) as error:
        raise LogKeyUnfit(path=path, reason=str(error)) from error
    if held != origin:
        old = SignerKey.parse(path.read_text(encoding="utf-8"))
        path.rename(path.with_name(f"{path.name}.{old.verifier.key_id.hex()}"))
        return _write_new(path, origin)
    return read_signer(path, origin)


def read_verifier(path: Path) -> VerifierKey:
    """Return the log's public key.

    Raises:
        VerifierUnfit: there is none, or it is malformed.
    """
    try:
        return parse_verifier(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VerifierUnfit(path=path, reason="there is no such file") from None
    except (OSError, UnicodeError, NoteError) as error:
        raise VerifierUnfit(path=path, reason=str(error)) from error


def write_verifier(path: Path, key: VerifierKey) -> None:
    """Write the public key where web and worker find it, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(f"{key}\n", encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)
    sync_folder(path.parent)


def _write_new(path: Path, origin: str) -> SignerKey:
    key = SignerKey.generate(origin)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(f"{key}\n")
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)
    return key
